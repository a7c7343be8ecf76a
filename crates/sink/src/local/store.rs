//! What is on disk: a lock, a version file, and one embedded database with three keyspaces.
//!
//! - `meta`: the store's name, topics, partitions and group positions
//! - `records`: by topic, partition and offset
//! - `index`: for compacted topics, where the latest record of each key stands
//!
//! The version file names the store, and the database holds the same name: a directory whose data
//! went missing is told from a new one, and never started empty. The [`mark`] tells one that is older than it was.

mod directory;
mod mark;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};

use crate::log::OpenError;
use crate::record::Entry;
use crate::settings::{Cleanup, LocalSettings, TopicSpec};

use super::codec::{self, Place};
use directory::{
    UNFINISHED_FILE, VERSION, VERSION_FILE, lock, read_version, sync_directory, unusable,
    write_durably,
};
use mark::Mark;

pub(super) use directory::{RESERVE, damaged, free, is_new, short_of_room};

pub(super) const DATABASE: &str = "store";
const STORE_NAME: &str = "store";
const COMMITS: &str = "commits";
/// Bytes of blocks kept in memory: readers are mostly at the end, which is there anyway.
const CACHE: u64 = 8 << 20;
/// Bytes of a keyspace in memory before they go to a table of their own.
const UNFLUSHED: u64 = 4 << 20;
/// Bytes of journals before the oldest is worked off; the least that the database allows.
const JOURNALS: u64 = 64 << 20;
/// How long closing waits for what is in memory to be in tables, and how often it looks.
const FLUSHING: Duration = Duration::from_secs(3);
const GLANCE: Duration = Duration::from_millis(5);

/// An open store.
pub(super) struct Store {
    pub(super) directory: PathBuf,
    pub(super) database: Database,
    pub(super) meta: Keyspace,
    pub(super) records: Keyspace,
    pub(super) index: Keyspace,
    topics: BTreeMap<String, Topic>,
    mark: Mark,
    /// Held for as long as the store is open.
    _lock: File,
}

/// A topic as it stands in the store.
#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) id: u32,
    pub(super) partitions: u32,
    pub(super) cleanup: Cleanup,
}

/// How far a partition reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Extent {
    /// The oldest offset that may still be there.
    pub(super) first: u64,
    /// The offset that the next record gets.
    pub(super) next: u64,
    /// Bytes of the records kept.
    pub(super) bytes: u64,
}

impl Store {
    /// Opens the store, makes it when the directory is new, and adds the topics that are missing.
    pub(super) fn open(settings: &LocalSettings, topics: &[TopicSpec]) -> Result<Self, OpenError> {
        let directory = &settings.directory;
        fs::create_dir_all(directory).map_err(|error| unusable(directory, &error))?;
        let lock = lock(directory)?;
        // The database takes a disk without room for damage.
        if let Some(short) = short_of_room(directory) {
            return Err(OpenError(format!("{short}: make room and start again")));
        }
        let (database, meta) = match read_version(directory)? {
            Some(name) => recover(directory, &name)?,
            None => create(directory)?,
        };
        let keyspace = |name| {
            database
                .keyspace(name, keyspace_options)
                .map_err(|error| damaged(directory, &error.to_string()))
        };
        let counted = meta.get(COMMITS);
        let counted = counted.map_err(|error| damaged(directory, &error.to_string()))?;
        let mut store = Self {
            directory: directory.clone(),
            mark: Mark::open(directory, counted.map_or(0, |bytes| number(&bytes)))?,
            records: keyspace("records")?,
            index: keyspace("index")?,
            database: database.clone(),
            meta,
            topics: BTreeMap::new(),
            _lock: lock,
        };
        for spec in topics {
            store
                .add_topic(&settings.prefix, spec)
                .map_err(|error| damaged(directory, &error))?;
        }
        store.verify().map_err(|what| damaged(directory, &what))?;
        Ok(store)
    }

    /// A batch that is durable once it is committed.
    pub(super) fn batch(&self) -> OwnedWriteBatch {
        self.database
            .batch()
            .durability(Some(PersistMode::SyncData))
    }

    /// Commits `batch`, and counts it. One thread does.
    pub(super) fn commit(&self, mut batch: OwnedWriteBatch) -> Result<(), String> {
        let number = self.mark.next();
        batch.insert(&self.meta, COMMITS, number.to_be_bytes());
        batch.commit().map_err(text)?;
        self.mark.set(number)
    }

    /// Moves what is in memory to tables if it is much, and waits a little until it is there: whoever opens the store
    /// next then need not read it off the journals and hold it. The database's own wait does not end on a full disk.
    pub(super) fn flush(&self) -> Result<(), String> {
        if self.database.write_buffer_size() < UNFLUSHED {
            return Ok(());
        }
        let keyspaces = [&self.meta, &self.records, &self.index];
        for keyspace in keyspaces {
            keyspace.rotate_memtable().map_err(text)?;
        }
        let until = Instant::now() + FLUSHING;
        while keyspaces.iter().any(|it| it.sealed_memtable_count() > 0) && Instant::now() < until {
            thread::park_timeout(GLANCE);
        }
        Ok(())
    }

    pub(super) fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.get(name)
    }

    pub(super) fn topics(&self) -> impl Iterator<Item = &Topic> {
        self.topics.values()
    }

    /// How far a partition reaches, as of the last commit.
    pub(super) fn extent(&self, topic: u32, partition: u32) -> Result<Extent, String> {
        let bytes = self.meta.get(extent_key(topic, partition)).map_err(text)?;
        let bytes = bytes.ok_or("a partition's extent is missing")?;
        let numbers: Vec<u64> = bytes.chunks_exact(8).map(number).collect();
        match numbers[..] {
            [first, next, bytes] => Ok(Extent { first, next, bytes }),
            _ => Err("a partition's extent is garbled".into()),
        }
    }

    /// The position that a group committed.
    pub(super) fn position(
        &self,
        group: &str,
        topic: u32,
        partition: u32,
    ) -> Result<Option<u64>, String> {
        let position = self.meta.get(position_key(group, topic, partition));
        Ok(position.map_err(text)?.map(|bytes| number(&bytes)))
    }

    /// Entries of a partition from `from` up to `end`, at most about `limit` bytes and always at
    /// least one where there is one, with the offset to read next.
    pub(super) fn read(
        &self,
        topic: &Topic,
        partition: u32,
        from: u64,
        end: u64,
        limit: usize,
    ) -> Result<(Vec<Entry>, u64), String> {
        let mut entries = Vec::new();
        let mut read = 0;
        let range = record_key(topic.id, partition, from)..record_key(topic.id, partition, end);
        for guard in self.records.range(range) {
            let (key, bytes) = guard.into_inner().map_err(text)?;
            let entry = decoded(topic, partition, &key, &bytes)?;
            let next = entry.offset + 1;
            entries.push(entry);
            read += bytes.len();
            if read >= limit {
                return Ok((entries, next));
            }
        }
        Ok((entries, end.max(from)))
    }

    fn add_topic(&mut self, prefix: &str, spec: &TopicSpec) -> Result<(), String> {
        let key = [b"t", prefix.as_bytes(), spec.name.as_bytes()].concat();
        let (id, partitions) = match self.meta.get(&key).map_err(text)? {
            Some(bytes) if bytes.len() == 8 => (word(&bytes[..4]), word(&bytes[4..])),
            Some(_) => return Err(format!("the entry of topic {} is garbled", spec.name)),
            None => (self.create_topic(&key, spec)?, spec.partitions),
        };
        if partitions != spec.partitions {
            tracing::warn!(
                log.topic = spec.name,
                "topic {} has {partitions} partitions where {} are configured; it is left alone",
                spec.name,
                spec.partitions
            );
        }
        let topic = Topic {
            name: spec.name.clone(),
            id,
            partitions,
            cleanup: spec.cleanup,
        };
        self.topics.insert(spec.name.clone(), topic);
        Ok(())
    }

    fn create_topic(&self, key: &[u8], spec: &TopicSpec) -> Result<u32, String> {
        let id = u32::try_from(self.meta.prefix(b"t").count()).map_err(text)?;
        let mut batch = self.batch();
        let entry = [id.to_be_bytes(), spec.partitions.to_be_bytes()].concat();
        batch.insert(&self.meta, key, entry);
        for partition in 0..spec.partitions {
            let extent = Extent::default().to_bytes();
            batch.insert(&self.meta, extent_key(id, partition), extent);
        }
        self.commit(batch)?;
        Ok(id)
    }

    /// The newest record of each partition must be where its extent says; retention never takes it
    /// without moving the extent.
    fn verify(&self) -> Result<(), String> {
        for topic in self.topics.values() {
            for partition in 0..topic.partitions {
                let extent = self.extent(topic.id, partition)?;
                if topic.cleanup == Cleanup::Compact || extent.first == extent.next {
                    continue;
                }
                let newest = record_key(topic.id, partition, extent.next - 1);
                if !self.records.contains_key(newest).map_err(text)? {
                    return Err(format!(
                        "the newest record of {}/{partition} is missing",
                        topic.name
                    ));
                }
            }
        }
        Ok(())
    }
}

impl Extent {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.first, self.next, self.bytes]
            .map(u64::to_be_bytes)
            .concat()
    }
}

/// Where a record stands.
pub(super) fn record_key(topic: u32, partition: u32, offset: u64) -> [u8; 16] {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&topic.to_be_bytes());
    key[4..8].copy_from_slice(&partition.to_be_bytes());
    key[8..].copy_from_slice(&offset.to_be_bytes());
    key
}

/// Where a compacted topic's index knows a key.
pub(super) fn index_key(topic: u32, partition: u32, key: &[u8]) -> Vec<u8> {
    [&topic.to_be_bytes()[..], &partition.to_be_bytes(), key].concat()
}

/// Where a partition's extent stands.
pub(super) fn extent_key(topic: u32, partition: u32) -> Vec<u8> {
    [&b"p"[..], &topic.to_be_bytes(), &partition.to_be_bytes()].concat()
}

/// Where a group's position stands.
pub(super) fn position_key(group: &str, topic: u32, partition: u32) -> Vec<u8> {
    let place = [topic.to_be_bytes(), partition.to_be_bytes()].concat();
    [b"g", group.as_bytes(), b"\0", &place].concat()
}

/// A stored number of eight bytes; anything shorter reads as 0 and is caught by [`Store::open`].
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// An error as the text of a sentence.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(super) fn text(error: impl ToString) -> String {
    error.to_string()
}

fn word(bytes: &[u8]) -> u32 {
    bytes
        .first_chunk()
        .map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

/// The record under `key`.
pub(super) fn decoded(
    topic: &Topic,
    partition: u32,
    key: &[u8],
    bytes: &[u8],
) -> Result<Entry, String> {
    let offset = number(&key[8..]);
    let place = Place {
        topic: &topic.name,
        partition,
        offset,
    };
    codec::decode(place, bytes).ok_or_else(|| {
        format!(
            "record {}/{partition}/{offset} cannot be decoded",
            topic.name
        )
    })
}

fn recover(directory: &Path, name: &str) -> Result<(Database, Keyspace), OpenError> {
    let path = directory.join(DATABASE);
    // The database would make itself anew where its own version marker is missing.
    if !path.join("version").exists() {
        return Err(damaged(directory, "its data is missing"));
    }
    let (database, meta) =
        open_database(&path).map_err(|error| damaged(directory, &error.to_string()))?;
    match meta.get(STORE_NAME) {
        Ok(Some(stored)) if *stored == *name.as_bytes() => Ok((database, meta)),
        Ok(_) => Err(damaged(directory, "its data is not what it was made with")),
        Err(error) => Err(damaged(directory, &error.to_string())),
    }
}

fn create(directory: &Path) -> Result<(Database, Keyspace), OpenError> {
    let path = directory.join(DATABASE);
    let name = format!("{:032x}", rand::random::<u128>());
    let make = || -> Result<_, String> {
        write_durably(directory, UNFINISHED_FILE, "")?;
        // What an attempt before this one left behind.
        if path.exists() {
            fs::remove_dir_all(&path).map_err(text)?;
        }
        let (database, meta) = open_database(&path).map_err(text)?;
        meta.insert(STORE_NAME, name.as_bytes()).map_err(text)?;
        database.persist(PersistMode::SyncAll).map_err(text)?;
        let version = format!("version {VERSION}\nstore {name}\n");
        write_durably(directory, VERSION_FILE, &version)?;
        fs::remove_file(directory.join(UNFINISHED_FILE)).map_err(text)?;
        sync_directory(directory)?;
        Ok((database, meta))
    };
    make().map_err(|error| unusable(directory, &error))
}

fn open_database(path: &Path) -> fjall::Result<(Database, Keyspace)> {
    let database = Database::builder(path)
        .worker_threads(1)
        .cache_size(CACHE)
        .max_journaling_size(JOURNALS)
        .open()?;
    let meta = database.keyspace("meta", keyspace_options)?;
    Ok((database, meta))
}

fn keyspace_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default().max_memtable_size(UNFLUSHED)
}

#[cfg(test)]
mod tests;
