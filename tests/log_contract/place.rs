//! Where a case has its log, and what it does with one.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;
use sink::{
    Batch, Cleanup, Entry, Event, Follower, From, KafkaSettings, Lease, LocalSettings, Log, Member,
    Record, Security, Settings, TopicSpec,
};
use tempfile::TempDir;

use crate::kafka;

/// Held while a case needs the broker; written by the case that kills it.
static BROKER: RwLock<()> = RwLock::new(());

/// A case's hold on the broker, beside other cases or alone.
enum Broker {
    Shared {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Alone {
        _guard: RwLockWriteGuard<'static, ()>,
    },
}

/// A log of the case's own.
pub(crate) struct Place {
    pub(crate) settings: Settings,
    /// Removed with the case.
    _directory: Option<TempDir>,
    _broker: Option<Broker>,
}

impl Place {
    pub(crate) fn local() -> Self {
        let directory = TempDir::new().expect("there is room for a log");
        Self {
            settings: Settings::Local(LocalSettings {
                directory: directory.path().join("log"),
                prefix: "claimwire.".into(),
            }),
            _directory: Some(directory),
            _broker: None,
        }
    }

    /// On a broker that other cases use at the same time.
    pub(crate) fn kafka() -> Self {
        let guard = BROKER.read().unwrap_or_else(PoisonError::into_inner);
        Self::on(Broker::Shared { _guard: guard })
    }

    /// On a broker that no other case uses at the same time.
    pub(crate) fn kafka_alone() -> Self {
        let guard = BROKER.write().unwrap_or_else(PoisonError::into_inner);
        Self::on(Broker::Alone { _guard: guard })
    }

    fn on(broker: Broker) -> Self {
        let case = format!("case{:016x}.", rand::random::<u64>());
        Self {
            settings: Settings::Kafka(KafkaSettings {
                brokers: kafka::brokers().expect("the cases are left out where it is missing"),
                prefix: case,
                instance: "one".into(),
                security: Security::default(),
                replication: 1,
                commit_interval: Duration::from_millis(20),
                properties: BTreeMap::new(),
            }),
            _directory: None,
            _broker: Some(broker),
        }
    }

    pub(crate) async fn open(&self) -> Log {
        Log::open(&self.settings, &topics())
            .await
            .expect("the log opens")
    }

    /// The same log as another process would open it; a local one has a single process.
    pub(crate) fn instance(&self, name: &str) -> Settings {
        let mut settings = self.settings.clone();
        if let Settings::Kafka(kafka) = &mut settings {
            kafka.instance = name.to_owned();
        }
        settings
    }

    pub(crate) fn on_kafka(&self) -> &KafkaSettings {
        match &self.settings {
            Settings::Kafka(settings) => settings,
            Settings::Local(_) => panic!("the case is for Kafka"),
        }
    }

    pub(crate) fn on_disk(&self) -> &LocalSettings {
        match &self.settings {
            Settings::Local(settings) => settings,
            Settings::Kafka(_) => panic!("the case is for the local log"),
        }
    }
}

pub(crate) fn topics() -> Vec<TopicSpec> {
    let kept = Cleanup::Delete {
        age: Duration::from_secs(7 * 24 * 60 * 60),
        bytes: None,
    };
    [
        ("in", 2, kept),
        ("out", 1, kept),
        ("other", 3, kept),
        ("state", 2, Cleanup::Compact),
    ]
    .map(|(name, partitions, cleanup)| TopicSpec {
        name: name.to_owned(),
        partitions,
        cleanup,
    })
    .to_vec()
}

pub(crate) fn record(topic: &str, key: &str, value: &str) -> Record {
    Record {
        topic: topic.to_owned(),
        key: key.as_bytes().to_vec(),
        partition_key: None,
        value: Some(value.as_bytes().to_vec()),
        headers: Vec::new(),
        timestamp: Timestamp::now(),
    }
}

pub(crate) fn tombstone(topic: &str, key: &str) -> Record {
    Record {
        value: None,
        ..record(topic, key, "")
    }
}

pub(crate) fn value(entry: &Entry) -> &str {
    let value = entry.value.as_deref().expect("it has a value");
    std::str::from_utf8(value).expect("the cases write text")
}

/// Records `n` to `n + count` for a topic, each with a key of its own.
pub(crate) fn numbered(topic: &str, numbers: std::ops::Range<u32>) -> Vec<Record> {
    numbers
        .map(|number| record(topic, &format!("key{number}"), &number.to_string()))
        .collect()
}

/// Follows a member until it holds `count` partitions; records that come along are dropped.
pub(crate) async fn assigned(member: &mut Member, count: usize) -> Vec<Lease> {
    let mut held: BTreeMap<u32, Lease> = BTreeMap::new();
    while held.len() != count {
        match member.next().await.expect("the log goes on") {
            Event::Assigned(leases) => {
                held.extend(leases.into_iter().map(|lease| (lease.partition, lease)));
            }
            Event::Revoked(partitions) => held.retain(|held, _| !partitions.contains(held)),
            Event::Records(_) => {}
        }
    }
    held.into_values().collect()
}

/// Follows a member until partitions are taken from it; returns them.
pub(crate) async fn revoked(member: &mut Member) -> Vec<u32> {
    loop {
        if let Event::Revoked(partitions) = member.next().await.expect("the log goes on") {
            return partitions;
        }
    }
}

/// Follows a member until it was told of `count` records; returns its leases and them.
pub(crate) async fn received(member: &mut Member, count: usize) -> (Vec<Lease>, Vec<Entry>) {
    let mut held: BTreeMap<u32, Lease> = BTreeMap::new();
    let mut entries = Vec::new();
    while entries.len() < count {
        match member.next().await.expect("the log goes on") {
            Event::Assigned(leases) => {
                held.extend(leases.into_iter().map(|lease| (lease.partition, lease)));
            }
            Event::Revoked(partitions) => {
                held.retain(|held, _| !partitions.contains(held));
                entries.retain(|entry: &Entry| !partitions.contains(&entry.partition));
            }
            Event::Records(records) => entries.extend(records),
        }
    }
    (held.into_values().collect(), entries)
}

/// For each lease, the offset after the last of `entries`.
pub(crate) fn after(leases: &[Lease], entries: &[Entry]) -> Vec<(Lease, u64)> {
    leases
        .iter()
        .filter_map(|lease| {
            let entries = entries
                .iter()
                .filter(|entry| entry.partition == lease.partition);
            entries
                .map(|entry| entry.offset + 1)
                .max()
                .map(|next| (*lease, next))
        })
        .collect()
}

pub(crate) fn batch(records: Vec<Record>, positions: Vec<(Lease, u64)>) -> Batch {
    Batch { records, positions }
}

pub(crate) async fn follow(log: &Log, topics: &[&str]) -> Follower {
    let follower = log.follow(topics, From::Beginning).await;
    follower.expect("the topics can be followed")
}

pub(crate) async fn take(follower: &mut Follower, count: usize) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(count);
    while entries.len() < count {
        entries.push(follower.next().await.expect("the log goes on"));
    }
    entries
}
