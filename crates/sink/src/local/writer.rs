//! The one thread that writes: it collects the batches that wait, makes them durable together, and
//! only then shows them to readers. It also owns the groups and retention. It ends when the log is
//! closed, when nobody can send to it any more, or when the store fails.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::log::Error;
use crate::murmur2;
use crate::record::{Batch, Lease};
use crate::settings::Cleanup;

use super::codec;
use super::group::{Assignment, GroupKey, Groups, MemberId};
use super::retention;
use super::store::{
    self, Extent, Store, Topic, extent_key, index_key, number, position_key, record_key, text,
};
use super::{Ends, Failure, Full};

/// Batches that share one sync of the disk.
const SHARED: usize = 256;
/// How often old records are looked for.
const RETENTION_EVERY: Duration = Duration::from_secs(60);
/// How often a full disk is looked at.
const ROOM_EVERY: Duration = Duration::from_millis(500);

/// What the writer is asked for.
pub(super) enum Command {
    Commit(Commit),
    Join {
        group: GroupKey,
        reply: oneshot::Sender<(MemberId, watch::Receiver<Assignment>)>,
    },
    Leave {
        group: GroupKey,
        member: MemberId,
    },
    Close,
}

/// A batch, and on whose behalf.
pub(super) struct Commit {
    pub(super) actor: Option<Actor>,
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<(), Error>>,
}

/// The member that a batch acts for.
pub(super) struct Actor {
    pub(super) group: GroupKey,
    pub(super) member: MemberId,
}

/// The state behind the thread.
pub(super) struct Writer {
    store: Arc<Store>,
    ends: watch::Sender<Ends>,
    groups: Groups,
    extents: HashMap<(u32, u32), Extent>,
    /// By name, as batches need them.
    topics: HashMap<String, Topic>,
    failure: Failure,
    full: Full,
}

/// The store failed; [`Writer::failure`] says how.
struct Failed;

/// The writes of one shared commit, with later ones in place of earlier ones.
#[derive(Default)]
struct Writes {
    records: BTreeMap<[u8; 16], Vec<u8>>,
    superseded: Vec<[u8; 16]>,
    index: BTreeMap<Vec<u8>, (u64, i64)>,
    positions: BTreeMap<Vec<u8>, u64>,
    extents: BTreeMap<(u32, u32), Extent>,
}

impl Writer {
    /// A writer over `store`, and where readers learn how far they may read.
    pub(super) fn new(
        store: Arc<Store>,
        failure: Failure,
        full: Full,
    ) -> Result<(Self, watch::Receiver<Ends>), String> {
        let mut extents = HashMap::new();
        for topic in store.topics() {
            for partition in 0..topic.partitions {
                extents.insert((topic.id, partition), store.extent(topic.id, partition)?);
            }
        }
        let (ends, readable) = watch::channel(
            extents
                .iter()
                .map(|(place, extent)| (*place, extent.next))
                .collect(),
        );
        let topics = store
            .topics()
            .map(|topic| (topic.name.clone(), topic.clone()));
        let writer = Self {
            topics: topics.collect(),
            store,
            ends,
            groups: Groups::default(),
            extents,
            failure,
            full,
        };
        Ok((writer, readable))
    }

    /// Runs until the log ends; the failure then says why, where the store failed.
    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<Command>) {
        if let Err(Failed) = self.serve(&mut commands).await {
            tracing::debug!("the writer of the local log stopped");
            return;
        }
        if let Err(error) = self.store.flush() {
            tracing::debug!("what is in memory stays in the journals: {error}");
        }
    }

    async fn serve(&mut self, commands: &mut mpsc::Receiver<Command>) -> Result<(), Failed> {
        let mut retention_due = Instant::now();
        let mut waiting = Vec::new();
        let mut commits = Vec::new();
        loop {
            if Instant::now() >= retention_due {
                self.retain().map_err(|error| self.failed(&error))?;
                retention_due = Instant::now() + RETENTION_EVERY;
            }
            let wake = if commits.is_empty() {
                retention_due
            } else {
                retention_due.min(Instant::now() + ROOM_EVERY)
            };
            // No more are taken while some wait for room on the disk: those who commit wait as well.
            let most = SHARED.saturating_sub(commits.len()).max(1);
            let received = commands.recv_many(&mut waiting, most);
            match timeout_at(wake, received).await {
                Err(_) if commits.is_empty() => continue,
                Ok(0) => return Ok(()),
                Err(_) | Ok(_) => {}
            }
            self.groups.sweep();
            let mut closing = false;
            for command in waiting.drain(..) {
                if let Command::Commit(commit) = command {
                    commits.push(commit);
                    continue;
                }
                // Whoever is handed a partition next must find the commits that came before; one that
                // waits for room is refused then.
                if self.has_room() {
                    self.commit(std::mem::take(&mut commits))?;
                }
                match command {
                    Command::Commit(_) => {}
                    Command::Join { group, reply } => self.join(&group, reply),
                    Command::Leave { group, member } => self.groups.leave(&group, member),
                    Command::Close => closing = true,
                }
            }
            if self.has_room() {
                self.commit(std::mem::take(&mut commits))?;
            }
            if closing {
                return Ok(());
            }
        }
    }

    /// Whether the disk has room for a commit and what follows from it. One line says that it has
    /// not, and one that it has again.
    fn has_room(&self) -> bool {
        let short = store::short_of_room(&self.store.directory);
        let mut full = self.full.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*full, &short) {
            (None, Some(short)) => {
                tracing::error!("{short}; nothing is written until there is room");
            }
            (Some(_), None) => tracing::info!("the log's disk has room again"),
            _ => {}
        }
        if full.is_some() != short.is_some() {
            let paused = f64::from(u8::from(short.is_some()));
            metrics::gauge!("claimwire_log_paused", "reason" => "disk").set(paused);
        }
        let room = short.is_none();
        *full = short;
        room
    }

    fn join(
        &mut self,
        group: &GroupKey,
        reply: oneshot::Sender<(MemberId, watch::Receiver<Assignment>)>,
    ) {
        let topic = self.topics.values().find(|topic| topic.id == group.topic);
        let partitions = topic.map_or(0, |topic| topic.partitions);
        // One that stopped waiting is found dropped at the next sweep.
        reply.send(self.groups.join(group, partitions)).ok();
    }

    fn commit(&mut self, commits: Vec<Commit>) -> Result<(), Failed> {
        if commits.is_empty() {
            return Ok(());
        }
        let started = std::time::Instant::now();
        let mut writes = Writes::default();
        let mut answers = Vec::with_capacity(commits.len());
        let mut records = 0;
        for commit in commits {
            let outcome = self.check(&commit);
            if outcome.is_ok() {
                records += commit.batch.records.len();
                self.collect(&commit, &mut writes)
                    .map_err(|error| self.failed(&error))?;
            }
            answers.push((commit.reply, outcome));
        }
        self.write(&writes).map_err(|error| self.failed(&error))?;
        self.extents.extend(&writes.extents);
        self.show(&writes);
        metrics::counter!("claimwire_log_commits_total", "backend" => "local").increment(1);
        metrics::counter!("claimwire_log_records_total", "backend" => "local")
            .increment(records as u64);
        metrics::histogram!("claimwire_log_commit_seconds", "backend" => "local")
            .record(started.elapsed().as_secs_f64());
        for (reply, outcome) in answers {
            // One that stopped waiting reads its outcome from the log.
            reply.send(outcome).ok();
        }
        Ok(())
    }

    /// Whether the batch may be written: its partitions are held, and its topics are known.
    fn check(&self, commit: &Commit) -> Result<(), Error> {
        if let Some(actor) = &commit.actor {
            let held = |(lease, _): &(Lease, u64)| {
                self.groups
                    .holds(&actor.group, actor.member, lease.partition, lease.epoch)
            };
            if !commit.batch.positions.iter().all(held) {
                return Err(Error::Lost);
            }
        }
        let known = |topic: &str| self.topics.contains_key(topic);
        match commit
            .batch
            .records
            .iter()
            .find(|record| !known(&record.topic))
        {
            Some(record) => Err(Error::Fatal(format!(
                "topic {} is not one that the log was opened with",
                record.topic
            ))),
            None => Ok(()),
        }
    }

    fn collect(&self, commit: &Commit, writes: &mut Writes) -> Result<(), String> {
        for record in &commit.batch.records {
            let topic = &self.topics[&record.topic];
            let key = record.partition_key.as_ref().unwrap_or(&record.key);
            let partition = murmur2::partition(key, topic.partitions);
            let place = (topic.id, partition);
            let before = self.extents[&place];
            let extent = writes.extents.entry(place).or_insert(before);
            let offset = extent.next;
            let bytes = codec::encode(record);
            extent.next += 1;
            extent.bytes += bytes.len() as u64;
            if topic.cleanup == Cleanup::Compact {
                // A tombstone stays for a while, so that followers see it; retention takes it then.
                let removed = match record.value {
                    Some(_) => 0,
                    None => Timestamp::now().as_millisecond(),
                };
                let freed = self.supersede(place, &record.key, offset, removed, writes)?;
                if let Some(extent) = writes.extents.get_mut(&place) {
                    extent.bytes = extent.bytes.saturating_sub(freed);
                }
            }
            writes
                .records
                .insert(record_key(topic.id, partition, offset), bytes);
        }
        if let Some(actor) = &commit.actor {
            for (lease, position) in &commit.batch.positions {
                let key = position_key(&actor.group.group, actor.group.topic, lease.partition);
                writes.positions.insert(key, *position);
            }
        }
        Ok(())
    }

    /// Takes the record that `key` had before out of the store; returns its bytes.
    fn supersede(
        &self,
        (topic, partition): (u32, u32),
        key: &[u8],
        offset: u64,
        removed: i64,
        writes: &mut Writes,
    ) -> Result<u64, String> {
        let at = index_key(topic, partition, key);
        let before = match writes.index.insert(at.clone(), (offset, removed)) {
            Some((before, _)) => Some(before),
            None => self
                .store
                .index
                .get(&at)
                .map_err(text)?
                .map(|entry| number(&entry)),
        };
        let Some(before) = before else { return Ok(0) };
        let before = record_key(topic, partition, before);
        if let Some(bytes) = writes.records.remove(&before) {
            return Ok(bytes.len() as u64);
        }
        writes.superseded.push(before);
        let size = self.store.records.size_of(before).map_err(text)?;
        Ok(size.map_or(0, u64::from))
    }

    fn write(&self, writes: &Writes) -> Result<(), String> {
        let store = &self.store;
        let mut batch = store.batch();
        for (key, bytes) in &writes.records {
            batch.insert(&store.records, *key, bytes.as_slice());
        }
        for key in &writes.superseded {
            batch.remove(&store.records, *key);
        }
        for (key, (offset, removed)) in &writes.index {
            let entry = [offset.to_be_bytes(), removed.to_be_bytes()].concat();
            batch.insert(&store.index, key.as_slice(), entry);
        }
        for (key, position) in &writes.positions {
            batch.insert(&store.meta, key.as_slice(), position.to_be_bytes());
        }
        for ((topic, partition), extent) in &writes.extents {
            batch.insert(
                &store.meta,
                extent_key(*topic, *partition),
                extent.to_bytes(),
            );
        }
        store.commit(batch)
    }

    /// Lets readers read what is durable now, in all topics at once.
    fn show(&self, writes: &Writes) {
        if writes.extents.is_empty() {
            return;
        }
        self.ends.send_modify(|ends| {
            for (place, extent) in &writes.extents {
                ends.insert(*place, extent.next);
            }
        });
    }

    /// Leaves word of what went wrong, before those that wait find their replies dropped.
    fn failed(&self, error: &str) -> Failed {
        let reason = format!(
            "the log in {} failed: {error}: check the disk and its free space, then start again",
            self.store.directory.display()
        );
        self.failure.set(reason).ok();
        Failed
    }

    fn retain(&mut self) -> Result<(), String> {
        let now = Timestamp::now();
        for topic in self.topics.values() {
            for partition in 0..topic.partitions {
                if let Some(extent) = self.extents.get_mut(&(topic.id, partition)) {
                    retention::apply(&self.store, topic, partition, extent, now)?;
                }
            }
        }
        Ok(())
    }
}
