//! The examination of a log directory: can it be used, and is everything in it that it says it holds?
//!
//! It takes the directory's lock, so that a running daemon is left alone, and changes nothing but what every
//! start changes: the tail of a journal that a power cut tore off is cut.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::finding::Finding;
use crate::settings::{Cleanup, LocalSettings, TopicSpec};

use super::store::{
    self, DATABASE, Extent, RESERVE, Store, Topic, index_key, number, record_key, text,
};

const RESTORE: &str =
    "restore the directory from a backup, or move it away to start with an empty log";

/// Everything that is to be said of the directory.
pub(super) fn examine(settings: &LocalSettings, topics: &[TopicSpec]) -> Vec<Finding> {
    let directory = &settings.directory;
    let about = format!("log {}", directory.display());
    if !directory.exists() || store::is_new(directory) {
        let found = "there is none yet";
        let advice = "nothing, where nothing has run yet; `claimwire run` makes it";
        return vec![Finding::warn(about, found, advice)];
    }
    let room = room(directory);
    if room.standing == crate::Standing::Fail {
        // Opening writes, and a store takes a full disk for damage.
        return vec![room];
    }
    let written = journals(directory);
    let store = match Store::open(settings, topics) {
        Ok(store) => store,
        Err(refusal) => {
            let said = refusal.to_string();
            let finding = match said.split_once(": stop it") {
                Some((held, _)) => Finding::warn(
                    about,
                    held,
                    "stop the daemon to have what it holds read; its /readyz and /metrics say how it is",
                ),
                None => Finding::fail(about, said, RESTORE),
            };
            return vec![room, finding];
        }
    };
    let mut findings = vec![room, Finding::ok(about, "opens"), torn(&written)];
    findings.extend(store.topics().map(|topic| match read(&store, topic) {
        Ok(found) => Finding::ok(format!("topic {}", topic.name), found),
        Err(wrong) => Finding::fail(format!("topic {}", topic.name), wrong, RESTORE),
    }));
    findings
}

fn room(directory: &Path) -> Finding {
    let about = "disk";
    if let Some(short) = store::short_of_room(directory) {
        return Finding::fail(about, short, "make room: nothing is written before");
    }
    let free = store::free(directory);
    match free {
        Some(free) if free < 4 * RESERVE => Finding::warn(
            about,
            format!("{} MiB free", free >> 20),
            format!(
                "make room, or lower log.retention: below {} MiB nothing is written",
                RESERVE >> 20
            ),
        ),
        Some(free) => Finding::ok(about, format!("{} MiB free", free >> 20)),
        None => Finding::warn(
            about,
            "does not say how much is free",
            "see that it does not fill up",
        ),
    }
}

/// The journals, and how far each is written: they are made longer than they are, with zeros.
fn journals(directory: &Path) -> BTreeMap<PathBuf, u64> {
    let files = fs::read_dir(directory.join(DATABASE)).into_iter().flatten();
    let paths = files.filter_map(Result::ok).map(|file| file.path());
    let journals = paths.filter(|path| path.extension().is_some_and(|it| it == "jnl"));
    journals
        .filter_map(|path| Some((path.clone(), written(&path)?)))
        .collect()
}

/// Behind the last byte of a file that is not zero.
fn written(path: &Path) -> Option<u64> {
    let mut file = fs::File::open(path).ok()?;
    let mut chunk = vec![0; 1 << 20];
    let (mut read, mut last) = (0, 0);
    loop {
        let count = file.read(&mut chunk).ok()?;
        if count == 0 {
            return Some(last);
        }
        if let Some(at) = chunk[..count].iter().rposition(|byte| *byte != 0) {
            last = read + at as u64 + 1;
        }
        read += count as u64;
    }
}

/// What opening has cut off of the journals.
fn torn(written: &BTreeMap<PathBuf, u64>) -> Finding {
    let cut = written.iter().filter_map(|(path, before)| {
        let now = fs::metadata(path).ok()?.len();
        Some(before.saturating_sub(now))
    });
    match cut.sum::<u64>() {
        0 => Finding::ok("journal", "ends with a whole commit"),
        cut => Finding::warn(
            "journal",
            format!(
                "{cut} bytes of a commit that was cut short, by a kill or a power cut, were dropped"
            ),
            "nothing: it was never acknowledged, and its polls are made again",
        ),
    }
}

/// What a topic holds; an error says what of it is wrong.
fn read(store: &Store, topic: &Topic) -> Result<String, String> {
    let mut records = 0;
    for partition in 0..topic.partitions {
        let extent = store.extent(topic.id, partition)?;
        records += match topic.cleanup {
            Cleanup::Compact => compacted(store, topic, partition, extent)?,
            Cleanup::Delete { .. } => dense(store, topic, partition, extent)?,
        };
    }
    let partitions = topic.partitions;
    Ok(format!(
        "{records} records in {partitions} partitions, every one readable and in its place"
    ))
}

/// How many records a partition of which only the oldest go holds: one at each offset.
fn dense(store: &Store, topic: &Topic, partition: u32, extent: Extent) -> Result<u64, String> {
    let mut expected = extent.first;
    each(store, topic, partition, |offset, _| {
        if offset != expected {
            return Err(format!(
                "partition {partition} goes on at offset {offset} where {expected} should stand"
            ));
        }
        expected += 1;
        Ok(())
    })?;
    if expected != extent.next {
        return Err(format!(
            "partition {partition} ends at offset {expected} where {} should come next",
            extent.next
        ));
    }
    Ok(extent.next - extent.first)
}

/// How many keys a compacted partition holds: each once, where the index says, and none else.
fn compacted(store: &Store, topic: &Topic, partition: u32, extent: Extent) -> Result<u64, String> {
    let mut records = 0;
    each(store, topic, partition, |offset, key| {
        let at = index_key(topic.id, partition, key);
        let known = store.index.get(at).map_err(text)?;
        let known = known.map(|entry| number(&entry));
        if known != Some(offset) || offset >= extent.next {
            return Err(format!(
                "the record at {partition}/{offset} is one that the index does not know"
            ));
        }
        records += 1;
        Ok(())
    })?;
    let indexed = store.index.prefix(index_key(topic.id, partition, b""));
    let indexed = indexed.count() as u64;
    if indexed != records {
        return Err(format!(
            "partition {partition} holds {records} keys, and its index {indexed}"
        ));
    }
    Ok(records)
}

/// Reads every record of a partition, and shows each by its offset and key.
fn each(
    store: &Store,
    topic: &Topic,
    partition: u32,
    mut look: impl FnMut(u64, &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let all = record_key(topic.id, partition, 0)..=record_key(topic.id, partition, u64::MAX);
    for guard in store.records.range(all) {
        let (key, bytes) = guard.into_inner().map_err(text)?;
        let entry = store::decoded(topic, partition, &key, &bytes)?;
        look(entry.offset, &entry.key)?;
    }
    Ok(())
}
