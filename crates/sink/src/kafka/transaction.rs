//! One transaction after the other on a producer of its own, and what to do when one fails.
//!
//! A transaction is done, or it was not written for certain and can be written again, or its outcome
//! is unknown, and only a new producer, which fences whatever is still on its way, makes it known.
//! All calls block and belong on a thread of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use crate::murmur2;
use crate::record::Record;

use super::Cluster;
use super::client::{self, Context};
use super::verdict::{self, Trouble, Verdict};

/// The least time that a broker is asked to keep a transaction open for a producer that it does not hear of.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(6);
/// One blocking call; those that may be retried are called again.
const CALL: Duration = Duration::from_secs(5);
/// The same for a producer that is not ready: its consumer has to be heard meanwhile. librdkafka itself tries again
/// within this time.
const INIT: Duration = Duration::from_secs(2);
/// Between two looks at what is not delivered yet.
const GLANCE: Duration = Duration::from_millis(1);

/// A producer that is ready for a transaction once [`Producer::init`] said so.
pub(super) struct Producer {
    client: BaseProducer<Context>,
    /// Past this a record that was not delivered fails its transaction.
    delivery: Duration,
}

/// The input positions that a transaction carries.
pub(super) struct Offsets {
    pub(super) positions: TopicPartitionList,
    pub(super) group: ConsumerGroupMetadata,
}

/// Why a transaction was not done, or is not known to be.
#[derive(Debug)]
pub(super) enum Failed {
    /// Nothing of it was written, and the producer is ready for another.
    Aborted {
        reason: String,
        /// The group does not know the member that the offsets are from, or has gone on without it.
        stranger: bool,
    },
    /// Nothing of it was written, and never will be: Kafka does not take one of its records. Which
    /// one is known where each was waited for.
    Refused {
        record: Option<usize>,
        reason: String,
    },
    /// The producer must not be used again. What a new one finds was written of the transaction is
    /// nothing, unless it was `committing`.
    Unknown {
        reason: String,
        committing: bool,
        /// Another producer of this name took over, or the transaction took too long.
        fenced: bool,
    },
    /// Somebody has to mend this first. The producer must not be used again.
    Paused(Trouble),
    /// No client can be made from the settings.
    Unusable(String),
    /// The caller asked to stop.
    Stopped,
}

impl Producer {
    /// A producer for the transactional id `id`, not ready yet.
    pub(super) fn new(cluster: &Cluster, id: &str) -> Result<Self, Failed> {
        let client = config(cluster, id)
            .create_with_context(Context::new(&cluster.health))
            .map_err(|error| Failed::Unusable(client::unusable(&error).0))?;
        let (_, delivery) = patience(cluster);
        Ok(Self { client, delivery })
    }

    /// Makes it ready: whatever an earlier producer of its name left open is aborted, and that one is
    /// fenced. False when the broker needs more time, and this is to be called again.
    pub(super) fn init(&self) -> Result<bool, Failed> {
        let done = self.client.init_transactions(INIT);
        // Serves the log and error events that explain a failure.
        self.client.poll(Duration::ZERO);
        let Err(error) = done else { return Ok(true) };
        match self.judge(&error) {
            Verdict::Retry => match self.client.context().refusal() {
                Some(_) => Err(Failed::Paused(Trouble::Credentials)),
                None => Ok(false),
            },
            verdict => Err(self.given_up(verdict, &error, false)),
        }
    }

    /// Writes `records` and `offsets` at once or not at all. With `one_by_one` each record is waited
    /// for, so that one that Kafka does not take is known.
    pub(super) fn commit<'a>(
        &self,
        cluster: &Cluster,
        records: impl Iterator<Item = &'a Record>,
        offsets: Option<&Offsets>,
        one_by_one: bool,
        stop: &AtomicBool,
    ) -> Result<(), Failed> {
        self.client.context().take_undelivered();
        self.step(stop, false, || self.client.begin_transaction())?;
        for (number, record) in records.enumerate() {
            self.send(cluster, number, record)?;
            if one_by_one {
                self.deliver(Some(number), stop)?;
            }
        }
        self.deliver(None, stop)?;
        if let Some(offsets) = offsets {
            self.step(stop, false, || {
                self.client
                    .send_offsets_to_transaction(&offsets.positions, &offsets.group, CALL)
            })?;
        }
        self.step(stop, true, || self.client.commit_transaction(CALL))?;
        cluster.health.answers();
        Ok(())
    }

    fn send(&self, cluster: &Cluster, number: usize, record: &Record) -> Result<(), Failed> {
        let Some(partitions) = cluster.partitions(&record.topic) else {
            let why = format!(
                "topic {} is not one that the log was opened with",
                record.topic
            );
            return Err(self.refused(Some(number), why));
        };
        let key = record.partition_key.as_ref().unwrap_or(&record.key);
        let partition = murmur2::partition(key, partitions);
        let topic = cluster.topic(&record.topic);
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (name, value) in &record.headers {
            headers = headers.insert(Header {
                key: name,
                value: Some(value.as_ref()),
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
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                    self.client.poll(Duration::from_millis(10));
                    message = back;
                }
                Err((error, _)) => return Err(self.failed(&error, Some(number), false)),
            }
        }
    }

    /// Waits for the delivery reports; only they say what a broker has.
    fn deliver(&self, record: Option<usize>, stop: &AtomicBool) -> Result<(), Failed> {
        let began = Instant::now();
        // Every record is delivered or fails within the delivery timeout. rdkafka's own flush looks every 100 ms, and
        // its poll spins through the last millisecond of its time.
        while let left @ 1.. = self.client.in_flight_count() {
            if began.elapsed() > CALL && stop.load(Ordering::Relaxed) {
                return Err(Failed::Stopped);
            }
            self.client.poll(Duration::ZERO);
            if self.client.in_flight_count() == left {
                thread::park_timeout(GLANCE);
            }
        }
        match self.client.context().take_undelivered() {
            None => Ok(()),
            Some(code) => Err(self.failed(&self.cause(code), record, false)),
        }
    }

    /// Why a record was not delivered. One that went down with its transaction does not say; the
    /// transaction does, to whoever asks for another one (and to nobody else).
    fn cause(&self, code: Code) -> KafkaError {
        let report = KafkaError::MessageProduction(code);
        if self.judge(&report) == Verdict::Refuse {
            return report;
        }
        match self.client.begin_transaction() {
            Err(KafkaError::Transaction(error)) if error.txn_requires_abort() => {
                KafkaError::Transaction(error)
            }
            _ => report,
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
                if began.elapsed() < self.delivery {
                    self.client.poll(Duration::from_millis(20));
                    continue;
                }
            }
            return Err(self.failed(&error, None, committing));
        }
    }

    /// What became of the transaction after `error`, having done about it what can be done.
    fn failed(&self, error: &KafkaError, record: Option<usize>, committing: bool) -> Failed {
        match self.judge(error) {
            Verdict::Refuse => self.refused(record, error.to_string()),
            // A commit that was asked for may be under way at the broker, whatever an abort says after it.
            Verdict::Abort if !committing => match self.abort() {
                Ok(()) => Failed::Aborted {
                    reason: error.to_string(),
                    stranger: error
                        .rdkafka_error_code()
                        .is_some_and(verdict::is_a_strangers),
                },
                Err(worse) => self.given_up(self.judge(&worse), &worse, committing),
            },
            verdict => self.given_up(verdict, error, committing),
        }
    }

    fn refused(&self, record: Option<usize>, reason: String) -> Failed {
        match self.abort() {
            Ok(()) => Failed::Refused { record, reason },
            Err(worse) => self.given_up(self.judge(&worse), &worse, false),
        }
    }

    /// The end of this producer.
    fn given_up(&self, verdict: Verdict, error: &KafkaError, committing: bool) -> Failed {
        match verdict {
            Verdict::Pause(trouble) => Failed::Paused(trouble),
            _ => Failed::Unknown {
                reason: error.to_string(),
                committing,
                fenced: self
                    .fatal()
                    .or_else(|| error.rdkafka_error_code())
                    .is_some_and(verdict::is_fencing),
            },
        }
    }

    /// Done once the transaction is known to be aborted.
    fn abort(&self) -> Result<(), KafkaError> {
        let began = Instant::now();
        loop {
            match self.client.abort_transaction(CALL) {
                Ok(()) => {
                    self.client.context().take_undelivered();
                    return Ok(());
                }
                Err(KafkaError::Transaction(error))
                    if error.is_retriable() && began.elapsed() < self.delivery =>
                {
                    self.client.poll(Duration::from_millis(20));
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn judge(&self, error: &KafkaError) -> Verdict {
        verdict::on(error, self.fatal())
    }

    fn fatal(&self) -> Option<Code> {
        self.client.client().fatal_error().map(|(code, _)| code)
    }
}

/// How long a transaction may stay open, and how long the delivery of one of its records may take, which librdkafka
/// wants to be less. An open transaction holds up whoever takes its producer's partitions over, and that happens
/// after the session timeout: 30 s and 20 s where that is 45 s.
fn patience(cluster: &Cluster) -> (Duration, Duration) {
    let open = TRANSACTION_TIMEOUT.max(client::session_timeout(&cluster.settings) * 2 / 3);
    (open, open * 2 / 3)
}

fn config(cluster: &Cluster, id: &str) -> ClientConfig {
    let (open, delivery) = patience(cluster);
    let mut config = cluster.base.clone();
    config
        .set("transactional.id", id)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("compression.type", "zstd")
        .set("compression.level", "1")
        .set("linger.ms", "2")
        // A request must be given up before its transaction is: librdkafka 2.12 aborts the process (an assertion in
        // rd_kafka_txn_handle_AddPartitionsToTxn) where one ends after the transaction that it was made for.
        .set(
            "socket.timeout.ms",
            client::ANSWER.min(delivery / 2).as_millis().to_string(),
        )
        .set("transaction.timeout.ms", open.as_millis().to_string())
        .set("message.timeout.ms", delivery.as_millis().to_string());
    client::overlay(&mut config, &cluster.settings);
    config
}

#[cfg(test)]
mod tests;
