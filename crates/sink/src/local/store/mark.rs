//! How many commits a store has made, counted in the store and in a file beside it.
//!
//! A journal that was garbled as a whole looks to the database like one that was torn off at its
//! beginning, and it opens as the older state that its tables hold. Then the store knows of fewer commits
//! than the file.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::log::OpenError;

use super::directory::{damaged, unusable, write_durably};
use super::text;

const FILE: &str = "commits";

/// The file, and what was counted so far.
pub(super) struct Mark {
    file: File,
    counted: AtomicU64,
}

impl Mark {
    /// The mark of a store that knows of `counted` commits; an error where there were more.
    pub(super) fn open(directory: &Path, counted: u64) -> Result<Self, OpenError> {
        let path = directory.join(FILE);
        let marked = match fs::read(&path) {
            Ok(marked) => String::from_utf8_lossy(&marked)
                .trim()
                .parse()
                .map_err(|_| damaged(directory, "its count of commits is garbled"))?,
            // The store is new, or of before there were marks.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write_durably(directory, FILE, &line(counted))
                    .map_err(|error| unusable(directory, &error))?;
                counted
            }
            Err(error) => return Err(unusable(directory, &error)),
        };
        if marked > counted {
            let lost = marked - counted;
            return Err(damaged(
                directory,
                &format!("its last {lost} commits are missing"),
            ));
        }
        let file = File::options().write(true).open(&path);
        Ok(Self {
            file: file.map_err(|error| unusable(directory, &error))?,
            counted: AtomicU64::new(counted),
        })
    }

    /// The number of the commit that is about to be made.
    pub(super) fn next(&self) -> u64 {
        self.counted.load(Ordering::Relaxed) + 1
    }

    /// Notes that commit `number` is durable. The note itself need not be: after a power cut it is one of
    /// before, and asks for less.
    pub(super) fn set(&self, number: u64) -> Result<(), String> {
        self.counted.store(number, Ordering::Relaxed);
        let line = line(number);
        self.file.write_all_at(line.as_bytes(), 0).map_err(text)
    }
}

/// Always as long, so that it is written in place.
fn line(count: u64) -> String {
    format!("{count:020}\n")
}
