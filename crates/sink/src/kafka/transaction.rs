//! One transaction after the other on a producer of its own, and what to do when one fails.
//!
//! A transaction ends in one of four ways: it is done; it was aborted and can be done again; its
//! outcome is unknown, and only a new producer, which fences whatever is still on its way, makes it
//! known; or nothing can go on. All calls block and belong on a thread of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::murmur2;
use crate::record::Record;

use super::Cluster;
use super::client::{self, Context};

/// How long a broker keeps a transaction open for a producer that it does not hear of. It holds up
/// whoever takes that one's partitions over, which comes after the group's session timeout (45 s).
pub(super) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);
/// Past this a record that was not delivered fails its transaction; librdkafka wants it below the
/// transaction's own timeout.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// One blocking call; those that may be retried are called again.
const CALL: Duration = Duration::from_secs(5);

/// A producer that is ready for a transaction.
pub(super) struct Producer {
    client: BaseProducer<Context>,
    id: String,
}

/// The input positions that a transaction carries.
pub(super) struct Offsets {
    pub(super) positions: TopicPartitionList,
    pub(super) group: ConsumerGroupMetadata,
}

/// Why a transaction was not done.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing of it was written.
    Aborted(String),
    /// It may have been written; the producer must not be used again. `false` when the commit was
    /// not asked for yet, so that a new producer's start aborts it for certain.
    Unknown { reason: String, committing: bool },
    /// The log cannot go on.
    Fatal(String),
    /// The caller asked to stop.
    Stopped,
}

/// What a failed call means for the transaction.
enum Verdict {
    Retry,
    Abort,
    Renew,
    Fatal(String),
}

impl Producer {
    /// A producer for the transactional id `id`: whatever an earlier one of that id left open is
    /// aborted, and that one is fenced. Waits for as long as no broker answers.
    pub(super) fn start(cluster: &Cluster, id: &str, stop: &AtomicBool) -> Result<Self, Failed> {
        let config = config(cluster, id);
        let context = Context::new(&cluster.outage);
        let client: BaseProducer<Context> = config
            .create_with_context(context)
            .map_err(|error| Failed::Fatal(client::unusable(&error).0))?;
        let producer = Self {
            client,
            id: id.to_owned(),
        };
        loop {
            if stop.load(Ordering::Relaxed) {
                return Err(Failed::Stopped);
            }
            let started = producer.client.init_transactions(CALL);
            // Serves the log and error events that explain a failure.
            producer.client.poll(Duration::ZERO);
            let Err(error) = started else {
                return Ok(producer);
            };
            match producer.judge(&error) {
                Verdict::Fatal(reason) => return Err(Failed::Fatal(reason)),
                Verdict::Retry => {}
                Verdict::Abort | Verdict::Renew => {
                    return Err(Failed::Unknown {
                        reason: error.to_string(),
                        committing: false,
                    });
                }
            }
        }
    }

    /// Writes `records` and `offsets` at once or not at all.
    pub(super) fn commit<'a>(
        &self,
        cluster: &Cluster,
        records: impl Iterator<Item = &'a Record>,
        offsets: Option<&Offsets>,
        stop: &AtomicBool,
    ) -> Result<(), Failed> {
        self.client.context().take_undelivered();
        self.step(stop, false, || self.client.begin_transaction())?;
        for record in records {
            self.send(cluster, record)?;
        }
        self.deliver(stop)?;
        if let Some(offsets) = offsets {
            self.step(stop, false, || {
                self.client
                    .send_offsets_to_transaction(&offsets.positions, &offsets.group, CALL)
            })?;
        }
        self.step(stop, true, || self.client.commit_transaction(CALL))?;
        cluster.outage.ended();
        Ok(())
    }

    fn send(&self, cluster: &Cluster, record: &Record) -> Result<(), Failed> {
        let Some(partitions) = cluster.partitions(&record.topic) else {
            let reason = format!(
                "topic {} is not one that the log was opened with",
                record.topic
            );
            // A producer that cannot abort is dropped all the same.
            self.abort().ok();
            return Err(Failed::Fatal(reason));
        };
        let key = record.partition_key.as_ref().unwrap_or(&record.key);
        let partition = murmur2::partition(key, partitions);
        let topic = cluster.topic(&record.topic);
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in &record.headers {
            headers = headers.insert(Header {
                key: name,
                value: Some(value),
            });
        }
        let mut message = BaseRecord::<[u8], [u8]>::to(&topic)
            .key(&record.key)
            .partition(partition.cast_signed())
            .timestamp(record.timestamp.as_millisecond())
            .headers(headers);
        if let Some(value) = &record.value {
            message = message.payload(value);
        }
        loop {
            match self.client.send(message) {
                Ok(()) => return Ok(()),
                // The queue empties as deliveries are reported.
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                    self.client.poll(Duration::from_millis(10));
                    message = back;
                }
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::MessageSizeTooLarge), _)) => {
                    self.abort().ok();
                    return Err(Failed::Fatal(format!(
                        "a record of {} bytes is too large for topic {topic}: raise message.max.bytes in kafka.properties and on the topic",
                        record.value.as_ref().map_or(0, Vec::len)
                    )));
                }
                Err((error, _)) => return Err(self.failed(&error, false)),
            }
        }
    }

    /// Waits for the delivery reports; only they say what a broker has.
    fn deliver(&self, stop: &AtomicBool) -> Result<(), Failed> {
        loop {
            match self.client.flush(CALL) {
                Ok(()) => break,
                Err(_) if stop.load(Ordering::Relaxed) => return Err(Failed::Stopped),
                // Every record is delivered or fails within the delivery timeout.
                Err(_) => {}
            }
        }
        match self.client.context().take_undelivered() {
            None => Ok(()),
            Some(code) => Err(self.failed(&KafkaError::MessageProduction(code), false)),
        }
    }

    /// Makes one call of the transaction, again for as long as the broker asks for patience.
    fn step(
        &self,
        stop: &AtomicBool,
        committing: bool,
        call: impl Fn() -> Result<(), KafkaError>,
    ) -> Result<(), Failed> {
        let began = Instant::now();
        loop {
            let Err(error) = call() else { return Ok(()) };
            if let Verdict::Retry = self.judge(&error) {
                if stop.load(Ordering::Relaxed) {
                    return Err(Failed::Stopped);
                }
                if began.elapsed() < DELIVERY_TIMEOUT {
                    self.client.poll(Duration::from_millis(20));
                    continue;
                }
            }
            return Err(self.failed(&error, committing));
        }
    }

    fn failed(&self, error: &KafkaError, committing: bool) -> Failed {
        let reason = error.to_string();
        let verdict = match self.judge(error) {
            Verdict::Abort => match self.abort() {
                Ok(()) => return Failed::Aborted(reason),
                Err(error) => self.judge(&error),
            },
            verdict => verdict,
        };
        match verdict {
            Verdict::Fatal(reason) => Failed::Fatal(reason),
            Verdict::Abort | Verdict::Renew | Verdict::Retry => {
                Failed::Unknown { reason, committing }
            }
        }
    }

    /// Done once the transaction is known to be aborted.
    fn abort(&self) -> Result<(), KafkaError> {
        let began = Instant::now();
        loop {
            match self.client.abort_transaction(CALL) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(error))
                    if error.is_retriable() && began.elapsed() < DELIVERY_TIMEOUT =>
                {
                    self.client.poll(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn judge(&self, error: &KafkaError) -> Verdict {
        // A fatal error of the client stands behind whatever its calls say afterwards.
        let fatal = self.client.client().fatal_error();
        let code = match &fatal {
            Some((code, _)) => Some(*code),
            None => error.rdkafka_error_code(),
        };
        if let Some(reason) = code.and_then(|code| self.hopeless(code)) {
            return Verdict::Fatal(reason);
        }
        if fatal.is_some() {
            return Verdict::Renew;
        }
        match error {
            KafkaError::Transaction(error) if error.is_retriable() => Verdict::Retry,
            KafkaError::Transaction(error) if error.txn_requires_abort() => Verdict::Abort,
            // What failed on its way was reported with the transaction still open; a flush inside a
            // commit that ran out of time may be called again.
            KafkaError::Flush(_) => Verdict::Retry,
            KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut) => Verdict::Renew,
            KafkaError::MessageProduction(_) => Verdict::Abort,
            _ => Verdict::Renew,
        }
    }

    /// The sentence for what no retry mends.
    fn hopeless(&self, code: RDKafkaErrorCode) -> Option<String> {
        let id = &self.id;
        Some(match code {
            RDKafkaErrorCode::Fenced
            | RDKafkaErrorCode::ProducerFenced
            | RDKafkaErrorCode::InvalidProducerEpoch
            | RDKafkaErrorCode::FencedInstanceId => format!(
                "another process took over the transactional id {id}: give each process a kafka.instance of its own"
            ),
            RDKafkaErrorCode::TransactionalIdAuthorizationFailed => format!(
                "Kafka does not let this user write with the transactional id {id}: grant WRITE and DESCRIBE on it"
            ),
            RDKafkaErrorCode::TopicAuthorizationFailed => {
                "Kafka does not let this user use a topic of the log: grant READ, WRITE and DESCRIBE on the topics with the prefix".to_owned()
            }
            RDKafkaErrorCode::GroupAuthorizationFailed => {
                "Kafka does not let this user use the consumer group: grant READ on the groups with the prefix".to_owned()
            }
            RDKafkaErrorCode::ClusterAuthorizationFailed => {
                "Kafka does not let this user write: grant IDEMPOTENT_WRITE on the cluster".to_owned()
            }
            RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownPartition => {
                "a topic of the log is gone from Kafka: start again to create it".to_owned()
            }
            _ => return None,
        })
    }
}

fn config(cluster: &Cluster, id: &str) -> ClientConfig {
    let mut config = cluster.base.clone();
    config
        .set("transactional.id", id)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "zstd")
        .set("linger.ms", "2")
        .set(
            "transaction.timeout.ms",
            TRANSACTION_TIMEOUT.as_millis().to_string(),
        )
        .set(
            "message.timeout.ms",
            DELIVERY_TIMEOUT.as_millis().to_string(),
        );
    client::overlay(&mut config, &cluster.settings);
    config
}
