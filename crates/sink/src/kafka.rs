//! The log on an Apache Kafka cluster.
//!
//! A member has one thread that owns both its consumer and its transactional producer. Rebalances
//! happen inside that thread's polls, so no commit is under way during one. Followers, restores and
//! appends outside groups have clients of their own.

mod assignment;
mod bell;
mod client;
mod member;
mod reader;
mod session;
mod topics;
mod transaction;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::log::{Error, From, OpenError, Start};
use crate::record::Record;
use crate::settings::{KafkaSettings, TopicSpec};

pub(crate) use member::{Appender, Member};
pub(crate) use reader::{Follower, Range};

use client::{Context, Outage};
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
    outage: Arc<Outage>,
    /// By name without the prefix.
    partitions: BTreeMap<String, u32>,
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
        let outage = Arc::<Outage>::default();
        let existing = {
            let (config, settings) = (config.clone(), settings.clone());
            let context = Context::new(&outage);
            blocking(move || topics::existing(&config, &settings, context)).await
        }
        .map_err(|error| OpenError(error.to_string()))??;
        let context = Context::new(&outage);
        let partitions = topics::ensure(&config, settings, context, &existing, topics).await?;
        let probe = config
            .create_with_context(Context::new(&outage))
            .map_err(|error| client::unusable(&error))?;
        outage.ended();
        Ok(Self {
            cluster: Arc::new(Cluster {
                settings: settings.clone(),
                base,
                outage,
                partitions,
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
        let (cluster, topic) = (Arc::clone(&self.cluster), topic.to_owned());
        blocking(move || reader::range(&cluster, &topic, partition, from)).await?
    }

    pub(crate) async fn follow(&self, topics: &[&str], from: From) -> Result<Follower, Error> {
        let cluster = Arc::clone(&self.cluster);
        let topics: Vec<String> = topics.iter().map(|&topic| topic.to_owned()).collect();
        blocking(move || reader::follow(&cluster, &topics, from)).await?
    }

    pub(crate) async fn ready(&self) -> bool {
        let probe = Arc::clone(&self.probe);
        let outage = Arc::clone(&self.cluster.outage);
        let answered = blocking(move || {
            let answer = probe.fetch_metadata(None, Duration::from_secs(2));
            while probe.poll(Duration::ZERO).is_some() {}
            answer.is_ok_and(|metadata| !metadata.brokers().is_empty())
        })
        .await
        .unwrap_or(false);
        if answered {
            outage.ended();
        }
        answered
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

impl Cluster {
    /// A topic's name on the brokers.
    fn topic(&self, name: &str) -> String {
        format!("{}{name}", self.settings.prefix)
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
            let outcome = match slot.take() {
                Some(producer) => Ok(producer),
                None => Producer::start(cluster, &id, &self.stop),
            }
            .and_then(|producer| {
                let done = producer.commit(cluster, records.iter(), None, &self.stop);
                // An aborted transaction leaves its producer usable.
                if matches!(done, Ok(()) | Err(Failed::Aborted(_))) {
                    *slot = Some(producer);
                }
                done
            });
            match outcome {
                Ok(()) => return Ok(()),
                Err(Failed::Aborted(reason)) => why = reason,
                // A new producer aborts what was not asked to be committed.
                Err(Failed::Unknown {
                    reason,
                    committing: false,
                }) => why = reason,
                Err(Failed::Unknown { .. }) => return Err(Error::Lost),
                Err(Failed::Fatal(reason)) => return Err(Error::Fatal(reason)),
                Err(Failed::Stopped) => return Err(Error::Fatal("the log is closed".into())),
            }
            tracing::debug!("an append is tried again: {why}");
        }
        Err(Error::Fatal(format!("Kafka takes no records: {why}")))
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
