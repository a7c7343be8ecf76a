//! Reading outside groups: a compacted partition as one value a key, and following topics.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use crate::log::{Error, From};
use crate::record::Entry;

use super::Cluster;
use super::client::{self, Context};
use super::transaction::TRANSACTION_TIMEOUT;

/// One question to a broker.
const CALL: Duration = Duration::from_secs(5);
/// How often a reader looks whether it is still wanted.
const GLANCE: Duration = Duration::from_millis(500);
/// Entries that wait for a follower.
const AHEAD: usize = 256;

/// What a reader's thread sends: entries, then nothing where the partition ends.
type Delivered = Result<Option<Entry>, Error>;

/// Reads topics outside any group.
pub(crate) struct Follower {
    entries: mpsc::Receiver<Delivered>,
}

/// Reads a partition to its end.
pub(crate) struct Range {
    entries: mpsc::Receiver<Delivered>,
    ended: bool,
}

/// How long a reader's thread reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// To this offset of its one partition.
    Offset(i64),
    /// For as long as it is wanted.
    Dropped,
}

impl Until {
    /// Whether reading ends before `offset`.
    fn is_before(self, offset: i64) -> bool {
        matches!(self, Self::Offset(end) if end <= offset)
    }
}

impl Follower {
    pub(crate) async fn next(&mut self) -> Result<Entry, Error> {
        match self.entries.recv().await {
            Some(Ok(Some(entry))) => Ok(entry),
            Some(Err(error)) => Err(error),
            Some(Ok(None)) | None => Err(closed()),
        }
    }
}

impl Range {
    pub(crate) async fn next(&mut self) -> Delivered {
        if self.ended {
            return Ok(None);
        }
        let next = self.entries.recv().await.unwrap_or_else(|| Err(closed()))?;
        self.ended = next.is_none();
        Ok(next)
    }
}

/// A follower of `topics`; its thread ends when it is dropped. Blocks until its start is known, so
/// that it misses nothing from then on.
pub(super) fn follow(
    cluster: &Arc<Cluster>,
    topics: &[String],
    from: From,
) -> Result<Follower, Error> {
    let consumer = reader(cluster, true)?;
    let mut places = TopicPartitionList::new();
    for topic in topics {
        let partitions = cluster.partitions(topic).ok_or_else(|| unknown(topic))?;
        let name = cluster.topic(topic);
        for partition in 0..partitions.cast_signed() {
            let offset = match from {
                From::Beginning => Offset::Beginning,
                From::End => Offset::Offset(watermarks(&consumer, &name, partition)?.1),
                From::Last(count) => {
                    let (low, high) = watermarks(&consumer, &name, partition)?;
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    Offset::Offset(high.saturating_sub(count).max(low))
                }
                From::Offset(offset) => {
                    let (low, _) = watermarks(&consumer, &name, partition)?;
                    Offset::Offset(i64::try_from(offset).unwrap_or(i64::MAX).max(low))
                }
            };
            places
                .add_partition_offset(&name, partition, offset)
                .map_err(|error| unreadable(&error))?;
        }
    }
    consumer
        .assign(&places)
        .map_err(|error| unreadable(&error))?;
    let (sender, entries) = mpsc::channel(AHEAD);
    let cluster = Arc::clone(cluster);
    thread::Builder::new()
        .name("log-follower".into())
        .spawn(move || deliver(&cluster, &consumer, &sender, Until::Dropped))
        .map_err(|error| Error::Fatal(format!("cannot start a reader: {error}")))?;
    Ok(Follower { entries })
}

/// The entries of a partition up to its present end, once every commit that was under way is decided;
/// the reader's thread ends when it is dropped. Blocks.
pub(super) fn range(
    cluster: &Arc<Cluster>,
    topic: &str,
    partition: u32,
    from: From,
) -> Result<Range, Error> {
    cluster.partitions(topic).ok_or_else(|| unknown(topic))?;
    let (name, partition) = (cluster.topic(topic), partition.cast_signed());
    let consumer = reader(cluster, true)?;
    let (low, end) = {
        let all = reader(cluster, false)?;
        watermarks(&all, &name, partition)?
    };
    decided(&consumer, &name, partition, end)?;
    let begin = match from {
        From::Beginning => low,
        From::End => end,
        From::Last(count) => end.saturating_sub(i64::try_from(count).unwrap_or(i64::MAX)),
        From::Offset(offset) => i64::try_from(offset).unwrap_or(i64::MAX),
    };
    let begin = begin.max(low);
    let (sender, entries) = mpsc::channel(AHEAD);
    if begin < end {
        let mut places = TopicPartitionList::new();
        places
            .add_partition_offset(&name, partition, Offset::Offset(begin))
            .and_then(|()| consumer.assign(&places))
            .map_err(|error| unreadable(&error))?;
        let cluster = Arc::clone(cluster);
        thread::Builder::new()
            .name("log-reader".into())
            .spawn(move || deliver(&cluster, &consumer, &sender, Until::Offset(end)))
            .map_err(|error| Error::Fatal(format!("cannot start a reader: {error}")))?;
    } else {
        // An empty range has room for its end.
        sender.try_send(Ok(None)).ok();
    }
    Ok(Range {
        entries,
        ended: false,
    })
}

/// Waits until no transaction is open below `end`; a broker aborts the ones left behind.
fn decided(
    committed: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    end: i64,
) -> Result<(), Error> {
    let deadline = Instant::now() + 2 * TRANSACTION_TIMEOUT;
    while watermarks(committed, topic, partition)?.1 < end {
        if Instant::now() > deadline {
            return Err(Error::Fatal(format!(
                "a transaction on {topic}/{partition} stays open: look for a hanging one with kafka-transactions.sh"
            )));
        }
        // The broker is asked again after a moment in which the client serves its events.
        let _served = committed.poll(Duration::from_millis(20));
    }
    Ok(())
}

fn deliver(
    cluster: &Cluster,
    consumer: &BaseConsumer<Context>,
    entries: &mpsc::Sender<Delivered>,
    until: Until,
) {
    while !entries.is_closed() {
        let next = match consumer.poll(GLANCE) {
            None => continue,
            Some(Err(KafkaError::PartitionEOF(_))) if until == Until::Dropped => continue,
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
            Some(Ok(message)) if until.is_before(message.offset()) => Ok(None),
            Some(Ok(message)) => {
                cluster.outage.ended();
                Ok(Some(entry(cluster, &message)))
            }
            Some(Err(error)) => match hopeless(&error) {
                Ok(()) => continue,
                Err(error) => Err(error),
            },
        };
        let last = !matches!(next, Ok(Some(_)));
        if entries.blocking_send(next).is_err() || last {
            return;
        }
    }
}

/// A message as an entry, its topic named without the prefix.
pub(super) fn entry(cluster: &Cluster, message: &BorrowedMessage<'_>) -> Entry {
    let mut headers = Vec::new();
    if let Some(given) = message.headers() {
        for header in given.iter() {
            let value = header.value.unwrap_or_default().to_vec();
            headers.push((header.key.to_owned(), value));
        }
    }
    let topic = message.topic();
    let prefix = cluster.settings.prefix.as_str();
    Entry {
        topic: topic.strip_prefix(prefix).unwrap_or(topic).to_owned(),
        partition: message.partition().cast_unsigned(),
        offset: message.offset().cast_unsigned(),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
        timestamp: message
            .timestamp()
            .to_millis()
            .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH),
    }
}

/// The error of a read that no retry mends.
pub(super) fn hopeless(error: &KafkaError) -> Result<(), Error> {
    let code = error.rdkafka_error_code();
    let reason = match (error, code) {
        (_, Some(RDKafkaErrorCode::TopicAuthorizationFailed)) => {
            "Kafka does not let this user read a topic of the log: grant READ and DESCRIBE on the topics with the prefix"
        }
        (_, Some(RDKafkaErrorCode::GroupAuthorizationFailed)) => {
            "Kafka does not let this user join the consumer group: grant READ on the groups with the prefix"
        }
        (KafkaError::MessageConsumptionFatal(_), _) => "the Kafka client failed for good",
        _ => {
            tracing::debug!("reading from Kafka: {error}");
            return Ok(());
        }
    };
    Err(Error::Fatal(format!("{reason} ({error})")))
}

fn reader(cluster: &Cluster, committed: bool) -> Result<BaseConsumer<Context>, Error> {
    let mut config = client::consumer(&cluster.base, &cluster.settings);
    config
        .set("enable.partition.eof", "true")
        // librdkafka assigns partitions only with a group's name; the group is never joined.
        .set("group.id", format!("{}reader", cluster.settings.prefix));
    if !committed {
        config.set("isolation.level", "read_uncommitted");
    }
    config
        .create_with_context(Context::new(&cluster.outage))
        .map_err(|error| Error::Fatal(client::unusable(&error).0))
}

/// The first offset and the one after the last, as far as the reader's isolation sees. Waits for as
/// long as no broker answers.
fn watermarks(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
) -> Result<(i64, i64), Error> {
    loop {
        match consumer.fetch_watermarks(topic, partition, CALL) {
            Ok(watermarks) => return Ok(watermarks),
            Err(error) => {
                hopeless(&error)?;
                let _served = consumer.poll(Duration::from_millis(100));
            }
        }
    }
}

fn closed() -> Error {
    Error::Fatal("the log is closed".into())
}

fn unknown(topic: &str) -> Error {
    Error::Fatal(format!(
        "topic {topic} is not one that the log was opened with"
    ))
}

fn unreadable(error: &KafkaError) -> Error {
    Error::Fatal(format!("Kafka cannot be read: {error}"))
}
