//! Reading outside groups: a compacted partition as one value a key, and following topics.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers as _, Message};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc;

use crate::envelope;
use crate::log::{Error, From};
use crate::record::{Entry, Headers};

use super::Cluster;
use super::client::{self, Context};
use super::verdict::Trouble;

/// One question to a broker.
const CALL: Duration = Duration::from_secs(5);
/// Between two attempts at something that somebody has to mend.
const MENDING: Duration = Duration::from_secs(5);
/// No transaction should stay open for so long; how long one may is up to its producer.
const HANGING: Duration = Duration::from_secs(60);
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
    pub(crate) bounds: (u64, u64),
}

/// Where a range reads on.
struct Place {
    topic: String,
    partition: i32,
    offset: i64,
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
    let patience = Patience::none();
    let extent = |name: &str, partition| watermarks(cluster, &consumer, name, partition, &patience);
    let mut places = TopicPartitionList::new();
    for topic in topics {
        let partitions = cluster.partitions(topic).ok_or_else(|| unknown(topic))?;
        let name = cluster.topic(topic);
        for partition in 0..partitions.cast_signed() {
            let offset = match from {
                From::Beginning => Offset::Beginning,
                From::End => Offset::Offset(extent(&name, partition)?.1),
                From::Last(count) => {
                    let (low, high) = extent(&name, partition)?;
                    let count = i64::try_from(count).unwrap_or(i64::MAX);
                    Offset::Offset(high.saturating_sub(count).max(low))
                }
                From::Offset(offset) => {
                    let (low, _) = extent(&name, partition)?;
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
        .spawn(move || {
            deliver(
                &cluster,
                &consumer,
                &sender,
                Until::Dropped,
                &patience,
                None,
            );
        })
        .map_err(|error| Error::Fatal(format!("cannot start a reader: {error}")))?;
    Ok(Follower { entries })
}

/// What a reader does about errors: how long it is wanted, and whether it waits until somebody mends
/// what is in its way.
pub(super) struct Patience {
    /// Cleared when nobody waits for the reader any more.
    pub(super) wanted: AtomicBool,
    /// The name under which it is said to be waiting; an error ends it where there is none.
    pub(super) waits_as: Option<String>,
}

impl Patience {
    /// One that ends at the first trouble.
    fn none() -> Self {
        Self {
            wanted: AtomicBool::new(true),
            waits_as: None,
        }
    }

    /// Returns when the question may be asked again.
    fn bear(&self, cluster: &Cluster, error: &KafkaError) -> Result<(), Error> {
        if !self.wanted.load(Ordering::Relaxed) {
            return Err(Error::Lost);
        }
        self.mend(cluster, error)
    }

    /// Returns when whatever `error` is about may have been mended.
    fn mend(&self, cluster: &Cluster, error: &KafkaError) -> Result<(), Error> {
        match (trouble(error), &self.waits_as) {
            (None, _) => Ok(()),
            (Some(trouble), None) => Err(Error::Fatal(trouble.to_string())),
            (Some(trouble), Some(name)) => {
                cluster.health.pauses(name, &trouble);
                thread::park_timeout(MENDING);
                Ok(())
            }
        }
    }

    fn over(&self, cluster: &Cluster) {
        if let Some(name) = &self.waits_as {
            cluster.health.works(name);
        }
    }
}

/// The entries of a partition up to its present end, once every commit that was under way is decided;
/// the reader's thread ends when it is dropped. Blocks.
pub(super) fn range(
    cluster: &Arc<Cluster>,
    topic: &str,
    partition: u32,
    from: From,
    patience: &Arc<Patience>,
) -> Result<Range, Error> {
    cluster.partitions(topic).ok_or_else(|| unknown(topic))?;
    let (name, partition) = (cluster.topic(topic), partition.cast_signed());
    let consumer = reader(cluster, true)?;
    let (low, end) = {
        let all = reader(cluster, false)?;
        watermarks(cluster, &all, &name, partition, patience)?
    };
    decided(cluster, &consumer, &name, partition, end, patience)?;
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
        let place = Place {
            topic: name,
            partition,
            offset: begin,
        };
        let (cluster, patience) = (Arc::clone(cluster), Arc::clone(patience));
        thread::Builder::new()
            .name("log-reader".into())
            .spawn(move || {
                let until = Until::Offset(end);
                deliver(&cluster, &consumer, &sender, until, &patience, Some(place));
                patience.over(&cluster);
            })
            .map_err(|error| Error::Fatal(format!("cannot start a reader: {error}")))?;
    } else {
        patience.over(cluster);
        // An empty range has room for its end.
        sender.try_send(Ok(None)).ok();
    }
    Ok(Range {
        entries,
        ended: false,
        bounds: (begin.cast_unsigned(), end.cast_unsigned()),
    })
}

/// Waits until no transaction is open below `end`; a broker aborts the ones left behind.
fn decided(
    cluster: &Cluster,
    committed: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    end: i64,
    patience: &Patience,
) -> Result<(), Error> {
    let late = Instant::now() + HANGING;
    while watermarks(cluster, committed, topic, partition, patience)?.1 < end {
        if Instant::now() > late {
            let hangs = Trouble::Stuck(format!(
                "a transaction on {topic}/{partition} stays open: look for a hanging one with kafka-transactions.sh"
            ));
            match &patience.waits_as {
                Some(name) => cluster.health.pauses(name, &hangs),
                None => return Err(Error::Fatal(hangs.to_string())),
            }
        }
        // The broker is asked again after a moment in which the client serves its events.
        let _served = committed.poll(Duration::from_millis(20));
        patience.bear(cluster, &KafkaError::NoMessageReceived)?;
    }
    Ok(())
}

fn deliver(
    cluster: &Cluster,
    consumer: &BaseConsumer<Context>,
    entries: &mpsc::Sender<Delivered>,
    until: Until,
    patience: &Patience,
    mut place: Option<Place>,
) {
    while !entries.is_closed() {
        let next = match consumer.poll(GLANCE) {
            None => continue,
            Some(Err(KafkaError::PartitionEOF(_))) if until == Until::Dropped => continue,
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(None),
            Some(Ok(message)) if until.is_before(message.offset()) => Ok(None),
            Some(Ok(message)) => {
                cluster.health.answers();
                if let Some(place) = &mut place {
                    place.offset = message.offset() + 1;
                }
                Ok(Some(entry(cluster, &message)))
            }
            // librdkafka goes on behind a batch that was garbled on its way.
            Some(Err(KafkaError::MessageConsumption(RDKafkaErrorCode::BadMessage))) => {
                match read_again(consumer, place.as_ref()) {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                }
            }
            Some(Err(error)) => match patience.mend(cluster, &error) {
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

/// Has the consumer read on where it was before something garbled; its reader begins anew where that is
/// not known.
fn read_again(consumer: &BaseConsumer<Context>, place: Option<&Place>) -> Result<(), Error> {
    let garbled = || Error::Fatal("a batch of records was garbled on its way: read again".into());
    let place = place.ok_or_else(garbled)?;
    let offset = Offset::Offset(place.offset);
    consumer
        .seek(&place.topic, place.partition, offset, CALL)
        .map_err(|error| unreadable(&error))
}

/// A message as an entry, its topic named without the prefix.
pub(super) fn entry(cluster: &Cluster, message: &BorrowedMessage<'_>) -> Entry {
    let mut headers = Headers::new();
    if let Some(given) = message.headers() {
        headers.reserve_exact(given.count());
        for header in given.iter() {
            let value = header.value.unwrap_or_default().to_vec();
            headers.push((envelope::header_name(header.key), value.into()));
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

/// What an operator has to mend before reading can go on, where that is what `error` says.
pub(super) fn trouble(error: &KafkaError) -> Option<Trouble> {
    tracing::debug!("reading from Kafka: {error}");
    match error.rdkafka_error_code().and_then(Trouble::of) {
        // A broker that has just started may not know its topics yet.
        Some(Trouble::Topic) => None,
        Some(trouble) => Some(trouble),
        None if matches!(error, KafkaError::MessageConsumptionFatal(_)) => {
            Some(Trouble::Stuck(format!("the Kafka client failed: {error}")))
        }
        None => None,
    }
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
        .create_with_context(Context::new(&cluster.health))
        .map_err(|error| Error::Fatal(client::unusable(&error).0))
}

/// The first offset and the one after the last, as far as the reader's isolation sees. Waits for as
/// long as no broker answers.
fn watermarks(
    cluster: &Cluster,
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partition: i32,
    patience: &Patience,
) -> Result<(i64, i64), Error> {
    loop {
        match consumer.fetch_watermarks(topic, partition, CALL) {
            Ok(watermarks) => return Ok(watermarks),
            Err(error) => {
                patience.bear(cluster, &error)?;
                let _served = consumer.poll(Duration::from_millis(100));
            }
        }
    }
}

fn unknown(topic: &str) -> Error {
    Error::Fatal(format!(
        "topic {topic} is not one that the log was opened with"
    ))
}

fn closed() -> Error {
    Error::Fatal("the log is closed".into())
}

fn unreadable(error: &KafkaError) -> Error {
    Error::Fatal(format!("Kafka cannot be read: {error}"))
}
