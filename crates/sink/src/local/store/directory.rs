//! The directory around the database: its lock, its version file, its disk, and why it cannot be used.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::Path;

use crate::log::OpenError;

use super::{DATABASE, text};

/// The layout that this program reads and writes.
pub(super) const VERSION: u32 = 1;
pub(super) const VERSION_FILE: &str = "version";
/// Present while a store is being made: until it is gone, nothing was accepted.
pub(super) const UNFINISHED_FILE: &str = "unfinished";
/// Bytes of the disk that are left alone: room to flush and merge what was written, so that the
/// database never meets a full disk in the middle of it.
pub(in crate::local) const RESERVE: u64 = 48 << 20;

pub(super) fn lock(directory: &Path) -> Result<File, OpenError> {
    let path = directory.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| unusable(directory, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError(format!(
            "another process uses the log directory {}: stop it, or give this one a directory of its own",
            directory.display()
        ))),
        Err(TryLockError::Error(error)) => Err(unusable(directory, &error)),
    }
}

/// Whether nothing was ever accepted in `directory`, or begun.
pub(in crate::local) fn is_new(directory: &Path) -> bool {
    directory.is_dir() && matches!(read_version(directory), Ok(None))
}

/// The name of the store that should be here; `None` when nothing was ever accepted here.
pub(super) fn read_version(directory: &Path) -> Result<Option<String>, OpenError> {
    if directory.join(UNFINISHED_FILE).exists() {
        return Ok(None);
    }
    let version = match fs::read_to_string(directory.join(VERSION_FILE)) {
        Ok(version) => version,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return if directory.join(DATABASE).exists() {
                Err(damaged(directory, "its version file is missing"))
            } else {
                Ok(None)
            };
        }
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            return Err(damaged(directory, "its version file is garbled"));
        }
        Err(error) => return Err(unusable(directory, &error)),
    };
    let mut lines = version.lines();
    let number = lines.next().and_then(|line| line.strip_prefix("version "));
    match number.and_then(|number| number.parse::<u32>().ok()) {
        Some(VERSION) => {}
        Some(other) => {
            return Err(OpenError(format!(
                "the log directory {} has version {other}, this program knows version {VERSION}: use the program that wrote it, or a new directory",
                directory.display()
            )));
        }
        None => return Err(damaged(directory, "its version file is garbled")),
    }
    match lines.next().and_then(|line| line.strip_prefix("store ")) {
        Some(name) => Ok(Some(name.to_owned())),
        None => Err(damaged(directory, "its version file is garbled")),
    }
}

pub(super) fn write_durably(directory: &Path, name: &str, contents: &str) -> Result<(), String> {
    let unnamed = directory.join(format!("{name}.new"));
    let mut file = File::create(&unnamed).map_err(text)?;
    file.write_all(contents.as_bytes()).map_err(text)?;
    file.sync_all().map_err(text)?;
    fs::rename(&unnamed, directory.join(name)).map_err(text)?;
    sync_directory(directory)
}

pub(super) fn sync_directory(directory: &Path) -> Result<(), String> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(text)
}

pub(super) fn unusable(directory: &Path, error: &dyn std::fmt::Display) -> OpenError {
    OpenError(format!(
        "cannot use the log directory {}: {error}: check that it is a directory that this user may write to and that its disk has room",
        directory.display()
    ))
}

/// What the disk of `directory` is short of, as the beginning of a sentence; `None` while there is room.
pub(in crate::local) fn short_of_room(directory: &Path) -> Option<String> {
    // A disk that cannot be asked is not known to be full.
    let free = free(directory)?;
    (free < RESERVE).then(|| {
        format!(
            "the disk of the log directory {} has {} MiB free, and {} are needed",
            directory.display(),
            free >> 20,
            RESERVE >> 20
        )
    })
}

/// Bytes that the disk of `directory` has left for us.
pub(in crate::local) fn free(directory: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(directory).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The refusal of a store that cannot be trusted.
pub(in crate::local) fn damaged(directory: &Path, what: &str) -> OpenError {
    OpenError(format!(
        "the log in {} is damaged ({what}): restore the directory from a backup, or move it away to start with an empty log",
        directory.display()
    ))
}
