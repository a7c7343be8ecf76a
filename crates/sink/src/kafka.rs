//! The log on an Apache Kafka cluster.
//!
//! A member has one thread that owns both its consumer and its transactional producer. Rebalances
//! happen inside that thread's polls, so no commit is under way during one. Followers, restores and
//! appends outside groups have clients of their own.

mod assignment;
mod bell;
mod client;
mod desk;
mod examine;
mod health;
mod life;
mod member;
mod proof;
mod reader;
mod session;
mod topics;
mod transaction;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::log::{Error, From, OpenError, Start};
use crate::record::Record;
use crate::settings::{Cleanup, KafkaSettings, TopicSpec};

pub(crate) use examine::examine;
pub(crate) use member::{Appender, Member};
pub(crate) use reader::{Follower, Range};

use client::Context;
use health::Health;
use reader::Patience;
use transaction::{Failed, Producer};

/// Appends that are tried anew after an abort, before the log is given up.
const ATTEMPTS: usize = 10;

/// An open log on Kafka.
#[derive(Clone)]
pub(crate) struct Log {
    cluster: Arc<Cluster>,
    appending: Arc<Appending>,
    /// Asks whether a broker answers.
    probe: Arc<BaseConsumer<Context>>,
}

/// What every client of the log needs.
struct Cluster {
    settings: KafkaSettings,
    /// Without the user's own properties, which go over the rest.
    base: ClientConfig,
    health: Arc<Health>,
    /// By name without the prefix.
    partitions: BTreeMap<String, u32>,
    /// Topics that hold the latest of each key, by name without the prefix.
    state: BTreeSet<String>,
}

/// The producer of appends that belong to no group; made at the first.
#[derive(Default)]
struct Appending {
    producer: Mutex<Option<Producer>>,
    stop: AtomicBool,
}

impl Log {
    pub(crate) async fn open(
        settings: &KafkaSettings,
        topics: &[TopicSpec],
    ) -> Result<Self, OpenError> {
        let base = client::common(settings)?;
        let mut config = base.clone();
        client::overlay(&mut config, settings);
        let health = Arc::<Health>::default();
        let existing = {
            let (config, settings) = (config.clone(), settings.clone());
            let context = Context::new(&health);
            blocking(move || topics::existing(&config, &settings, context)).await
        }
        .map_err(|error| OpenError(error.to_string()))??;
        let context = Context::new(&health);
        let partitions = topics::ensure(&config, settings, context, &existing, topics).await?;
        let probe = config
            .create_with_context(Context::new(&health))
            .map_err(|error| client::unusable(&error))?;
        health.answers();
        Ok(Self {
            cluster: Arc::new(Cluster {
                settings: settings.clone(),
                base,
                health,
                partitions,
                state: topics
                    .iter()
                    .filter(|topic| topic.cleanup == Cleanup::Compact)
                    .map(|topic| topic.name.clone())
                    .collect(),
            }),
            appending: Arc::default(),
            probe: Arc::new(probe),
        })
    }

    pub(crate) fn partitions(&self, topic: &str) -> u32 {
        self.cluster.partitions(topic).unwrap_or(0)
    }

    pub(crate) async fn append(&self, records: Vec<Record>) -> Result<(), Error> {
        let (cluster, appending) = (Arc::clone(&self.cluster), Arc::clone(&self.appending));
        blocking(move || appending.append(&cluster, &records)).await?
    }

    pub(crate) async fn join(
        &self,
        group: &str,
        topic: &str,
        start: Start,
    ) -> Result<Member, Error> {
        member::join(&self.cluster, group, topic, start)
    }

    pub(crate) async fn range(
        &self,
        topic: &str,
        partition: u32,
        from: From,
    ) -> Result<Range, Error> {
        self.read(topic, partition, from, None).await
    }

    /// The whole partition, for whoever took it over.
    pub(crate) async fn restore(&self, topic: &str, partition: u32) -> Result<Range, Error> {
        let name = format!("the restore of {topic}/{partition}");
        self.read(topic, partition, From::Beginning, Some(name))
            .await
    }

    async fn read(
        &self,
        topic: &str,
        partition: u32,
        from: From,
        waits_as: Option<String>,
    ) -> Result<Range, Error> {
        let (cluster, topic) = (Arc::clone(&self.cluster), topic.to_owned());
        let patience = Arc::new(Patience {
            wanted: AtomicBool::new(true),
            waits_as,
        });
        // Dropped with this future, so that the thread gives up with it.
        let _wanted = Wanted(Arc::clone(&patience));
        blocking(move || reader::range(&cluster, &topic, partition, from, &patience)).await?
    }

    pub(crate) async fn follow(&self, topics: &[&str], from: From) -> Result<Follower, Error> {
        let cluster = Arc::clone(&self.cluster);
        let topics: Vec<String> = topics.iter().map(|&topic| topic.to_owned()).collect();
        blocking(move || reader::follow(&cluster, &topics, from)).await?
    }

    pub(crate) async fn ready(&self) -> Result<(), String> {
        let probe = Arc::clone(&self.probe);
        let answered = blocking(move || {
            let answer = probe.fetch_metadata(None, Duration::from_secs(2));
            while probe.poll(Duration::ZERO).is_some() {}
            answer.is_ok_and(|metadata| !metadata.brokers().is_empty())
        })
        .await
        .unwrap_or(false);
        if !answered {
            return Err("no Kafka broker answers".to_owned());
        }
        let health = &self.cluster.health;
        health.answers();
        health.obstacle().map_or(Ok(()), Err)
    }

    pub(crate) async fn close(self) {
        self.appending.stop.store(true, Ordering::Relaxed);
        let appending = self.appending;
        // Dropping a producer talks to the broker.
        blocking(move || {
            let mut producer = appending
                .producer
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *producer = None;
        })
        .await
        .ok();
    }
}

/// Somebody who waits for what is being read.
struct Wanted(Arc<Patience>);

impl Drop for Wanted {
    fn drop(&mut self) {
        self.0.wanted.store(false, Ordering::Relaxed);
    }
}

impl Cluster {
    /// A topic's name on the brokers.
    fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
    }

    /// Whether `topic` holds the latest of each key.
    fn is_state(&self, topic: &str) -> bool {
        self.state.contains(topic)
    }

    fn partitions(&self, topic: &str) -> Option<u32> {
        self.partitions.get(topic).copied()
    }
}

impl Appending {
    fn append(&self, cluster: &Cluster, records: &[Record]) -> Result<(), Error> {
        let id = format!(
            "{}{}-append",
            cluster.settings.prefix, cluster.settings.instance
        );
        let mut slot = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut why = String::new();
        for _ in 0..ATTEMPTS {
            let outcome = self.attempt(cluster, &id, slot.take(), records);
            let failed = match outcome {
                Ok(producer) => {
                    *slot = Some(producer);
                    return Ok(());
                }
                Err((failed, producer)) => {
                    *slot = producer;
                    failed
                }
            };
            match failed {
                Failed::Aborted { reason, .. } => why = reason,
                // A new producer aborts what was not asked to be committed.
                Failed::Unknown {
                    reason,
                    committing: false,
                    ..
                } => why = reason,
                Failed::Unknown { .. } => return Err(Error::Lost),
                Failed::Refused { reason, .. } | Failed::Unusable(reason) => {
                    return Err(Error::Fatal(reason));
                }
                Failed::Paused(trouble) => return Err(Error::Fatal(trouble.to_string())),
                Failed::Stopped => return Err(Error::Fatal("the log is closed".into())),
            }
            tracing::debug!("an append is tried again: {why}");
        }
        Err(Error::Fatal(format!("Kafka takes no records: {why}")))
    }

    /// One attempt; the producer comes back where it can be used again.
    fn attempt(
        &self,
        cluster: &Cluster,
        id: &str,
        producer: Option<Producer>,
        records: &[Record],
    ) -> Result<Producer, (Failed, Option<Producer>)> {
        let producer = match producer {
            Some(producer) => producer,
            None => {
                let producer = Producer::new(cluster, id).map_err(|failed| (failed, None))?;
                while !producer.init().map_err(|failed| (failed, None))? {
                    if self.stop.load(Ordering::Relaxed) {
                        return Err((Failed::Stopped, None));
                    }
                }
                producer
            }
        };
        match producer.commit(cluster, records.iter(), None, false, &self.stop) {
            Ok(()) => Ok(producer),
            // An aborted transaction leaves its producer usable.
            Err(failed @ (Failed::Aborted { .. } | Failed::Refused { .. })) => {
                Err((failed, Some(producer)))
            }
            Err(failed) => Err((failed, None)),
        }
    }
}

/// Runs a blocking call of librdkafka off the async threads.
async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(call)
        .await
        .map_err(|error| Error::Fatal(format!("a call to Kafka was lost: {error}")))
}
