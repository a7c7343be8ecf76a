//! The contract that both backends keep.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::record::{Batch, Entry, Lease, Record};
use crate::settings::{Settings, TopicSpec};
use crate::tenure::Tenure;
use crate::{kafka, local, murmur2};

/// An open log; cheap to clone.
#[derive(Clone)]
pub struct Log(LogOn);

#[derive(Clone)]
enum LogOn {
    Local(local::Log),
    Kafka(kafka::Log),
}

/// Where a member begins to read a partition that it was handed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// After the group's committed position; at the beginning when there is none.
    Committed,
    /// At the beginning, every time: for compacted topics, which are state.
    Beginning,
}

/// Where a follower begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// At the oldest record kept.
    Beginning,
    /// After the newest record.
    End,
    /// At most this many records of each partition before the end.
    Last(u64),
    /// At this offset, or the oldest kept after it.
    Offset(u64),
}

/// What a member is told, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// These partitions are the member's from now on.
    Assigned(Vec<Lease>),
    /// These partitions are no longer the member's: their uncommitted work is to be dropped before the
    /// next event is asked for, since whoever is assigned them next, possibly this member, does it
    /// again.
    Revoked(Vec<u32>),
    /// Records of assigned partitions, in offset order within each.
    Records(Vec<Entry>),
}

/// Why a log cannot be opened: one readable line that names the thing and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OpenError(pub String);

/// Why a commit or a read did not happen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A partition that the batch acts for is no longer the member's; nothing was written, or it is
    /// not known whether it was. [`Event::Revoked`] says which partitions to drop.
    #[error("the partition is no longer held")]
    Lost,
    /// The log cannot go on: corrupt, fenced, not authorised, disk full.
    #[error("{0}")]
    Fatal(String),
}

/// A member of a group that shares one topic's partitions.
pub struct Member(MemberOn);

enum MemberOn {
    Local(local::Member),
    Kafka(kafka::Member),
}

/// Commits batches for a member; cheap to clone, and usable from any task.
#[derive(Clone)]
pub struct Appender(AppenderOn);

#[derive(Clone)]
enum AppenderOn {
    Local(local::Appender),
    Kafka(kafka::Appender),
}

/// Reads one partition to where it ended.
pub struct Range(RangeOn);

enum RangeOn {
    Local(local::Range),
    Kafka(kafka::Range),
}

/// Reads topics outside any group.
pub struct Follower(FollowerOn);

enum FollowerOn {
    Local(local::Follower),
    Kafka(kafka::Follower),
}

impl Log {
    /// Opens the log, creates the topics that are missing and verifies those that exist. An existing
    /// Kafka topic that differs is named in a warning and left alone.
    ///
    /// # Errors
    /// When the log cannot be reached, opened, locked or trusted.
    pub async fn open(settings: &Settings, topics: &[TopicSpec]) -> Result<Self, OpenError> {
        let log = Self(match settings {
            Settings::Local(settings) => LogOn::Local(local::Log::open(settings, topics).await?),
            Settings::Kafka(settings) => LogOn::Kafka(kafka::Log::open(settings, topics).await?),
        });
        // Whoever holds a partition of the one restores the same partition of the other.
        let [feeds, state] = ["feeds", "feed-state"].map(|topic| log.partitions(topic));
        if feeds != state && feeds != 0 && state != 0 {
            log.close().await;
            return Err(OpenError(format!(
                "topic feeds has {feeds} partitions and feed-state {state}: they must have equally many, so delete the one that is wrong and start again"
            )));
        }
        Ok(log)
    }

    /// What is right and what is wrong with the log that `settings` name, which need not open. Nothing is written
    /// to a topic.
    pub async fn examine(settings: &Settings, topics: &[TopicSpec]) -> Vec<Finding> {
        match settings {
            Settings::Local(settings) => local::Log::examine(settings, topics).await,
            Settings::Kafka(settings) => kafka::examine(settings, topics).await,
        }
    }

    /// The partition that `key` belongs to in `topic`: murmur2, as Kafka's Java client does it.
    #[must_use]
    pub fn partition(&self, topic: &str, key: &[u8]) -> u32 {
        murmur2::partition(key, self.partitions(topic))
    }

    /// How many partitions `topic` has; 0 for one that the log was not opened with.
    #[must_use]
    pub fn partitions(&self, topic: &str) -> u32 {
        match &self.0 {
            LogOn::Local(log) => log.partitions(topic),
            LogOn::Kafka(log) => log.partitions(topic),
        }
    }

    /// Appends records that no input position belongs to, at once or not at all.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn append(&self, records: Vec<Record>) -> Result<(), Error> {
        match &self.0 {
            LogOn::Local(log) => log.append(records).await,
            LogOn::Kafka(log) => log.append(records).await,
        }
    }

    /// Joins `group`, whose members share the partitions of `topic`.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn join(&self, group: &str, topic: &str, start: Start) -> Result<Member, Error> {
        Ok(Member(match &self.0 {
            LogOn::Local(log) => MemberOn::Local(log.join(group, topic, start).await?),
            LogOn::Kafka(log) => MemberOn::Kafka(log.join(group, topic, start).await?),
        }))
    }

    /// The latest record of each key in a partition of a compacted topic, tombstones left out.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn latest(&self, topic: &str, partition: u32) -> Result<Vec<Entry>, Error> {
        let range = self.range(topic, partition, From::Beginning).await?;
        range.latest().await
    }

    /// The records of a partition up to its end as of now, and with every commit that an earlier holder
    /// of a partition can still bring about.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn range(&self, topic: &str, partition: u32, from: From) -> Result<Range, Error> {
        Ok(Range(match &self.0 {
            LogOn::Local(log) => RangeOn::Local(log.range(topic, partition, from)?),
            LogOn::Kafka(log) => RangeOn::Kafka(log.range(topic, partition, from).await?),
        }))
    }

    /// [`Self::latest`] for whoever took the partition over: waits until it can be read, whatever an
    /// operator has to mend first.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn restore(&self, topic: &str, partition: u32) -> Result<Vec<Entry>, Error> {
        let range = match &self.0 {
            LogOn::Local(log) => RangeOn::Local(log.range(topic, partition, From::Beginning)?),
            LogOn::Kafka(log) => RangeOn::Kafka(log.restore(topic, partition).await?),
        };
        Range(range).latest().await
    }

    /// Follows topics outside any group.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn follow(&self, topics: &[&str], from: From) -> Result<Follower, Error> {
        Ok(Follower(match &self.0 {
            LogOn::Local(log) => FollowerOn::Local(log.follow(topics, from)?),
            LogOn::Kafka(log) => FollowerOn::Kafka(log.follow(topics, from).await?),
        }))
    }

    /// Whether the log answers and takes what is to be written: what readiness reports.
    ///
    /// # Errors
    /// What is in the way, as a sentence.
    pub async fn ready(&self) -> Result<(), String> {
        match &self.0 {
            LogOn::Local(log) => log.ready(),
            LogOn::Kafka(log) => log.ready().await,
        }
    }

    /// Closes the log after the last member left.
    pub async fn close(self) {
        match self.0 {
            LogOn::Local(log) => log.close().await,
            LogOn::Kafka(log) => log.close().await,
        }
    }
}

impl Member {
    /// The next event; waits for one. Cancel safe. Asking for it says that the one before was dealt
    /// with: a partition that was [`Event::Revoked`] goes to another member only then.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn next(&mut self) -> Result<Event, Error> {
        match &mut self.0 {
            MemberOn::Local(member) => member.next().await,
            MemberOn::Kafka(member) => member.next().await,
        }
    }

    /// What this member commits with.
    #[must_use]
    pub fn appender(&self) -> Appender {
        Appender(match &self.0 {
            MemberOn::Local(member) => AppenderOn::Local(member.appender()),
            MemberOn::Kafka(member) => AppenderOn::Kafka(member.appender()),
        })
    }

    /// Whether the member can be sure that nobody else holds what it does.
    #[must_use]
    pub fn tenure(&self) -> Tenure {
        match &self.0 {
            MemberOn::Local(_) => Tenure::always(),
            MemberOn::Kafka(member) => member.tenure(),
        }
    }

    /// Leaves the group after commits under way are done.
    pub async fn leave(self) {
        match self.0 {
            MemberOn::Local(member) => member.leave().await,
            MemberOn::Kafka(member) => member.leave().await,
        }
    }
}

impl Appender {
    /// Commits a batch: returns once it is durable and visible. Batches that wait at the same time
    /// may share one transaction.
    ///
    /// # Errors
    /// [`Error::Lost`] when a lease it acts under has ended, [`Error::Fatal`] when the log
    /// cannot go on.
    pub async fn commit(&self, batch: Batch) -> Result<(), Error> {
        match &self.0 {
            AppenderOn::Local(appender) => appender.commit(batch).await,
            AppenderOn::Kafka(appender) => appender.commit(batch).await,
        }
    }
}

impl Range {
    /// The latest entry of each key, tombstones left out.
    async fn latest(mut self) -> Result<Vec<Entry>, Error> {
        let mut latest = HashMap::new();
        while let Some(entry) = self.next().await? {
            latest.insert(entry.key.clone(), entry);
        }
        let present = latest.into_values().filter(|entry| entry.value.is_some());
        let mut latest: Vec<Entry> = present.collect();
        latest.sort_unstable_by_key(|entry| entry.offset);
        Ok(latest)
    }

    /// The first offset and the one after the last, as far as they were known when reading began.
    #[must_use]
    pub fn bounds(&self) -> (u64, u64) {
        match &self.0 {
            RangeOn::Local(range) => range.bounds,
            RangeOn::Kafka(range) => range.bounds,
        }
    }

    /// The next record in offset order; none at the end.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn next(&mut self) -> Result<Option<Entry>, Error> {
        match &mut self.0 {
            RangeOn::Local(range) => range.next().await,
            RangeOn::Kafka(range) => range.next().await,
        }
    }
}

impl Follower {
    /// The next committed record; waits for one. Cancel safe. Offset order within a partition.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub async fn next(&mut self) -> Result<Entry, Error> {
        match &mut self.0 {
            FollowerOn::Local(follower) => follower.next().await,
            FollowerOn::Kafka(follower) => follower.next().await,
        }
    }
}
