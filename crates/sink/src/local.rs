//! The log in one directory, for one process: an embedded store with the semantics of Kafka's
//! transactions. One thread writes; readers read what it has made durable.

mod codec;
mod examine;
mod follower;
mod group;
mod member;
mod range;
mod retention;
mod store;
mod writer;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::{mpsc, oneshot, watch};

use crate::finding::Finding;
use crate::log::{Error, From, OpenError, Start};
use crate::record::{Batch, Record};
use crate::settings::{LocalSettings, TopicSpec};

pub(crate) use follower::Follower;
pub(crate) use member::{Appender, Member};
pub(crate) use range::Range;

use follower::Place;
use group::GroupKey;
use store::{Store, Topic};
use writer::{Command, Writer};

/// How far each partition may be read, by topic and partition.
type Ends = BTreeMap<(u32, u32), u64>;
/// Why the writer ended, where it failed.
type Failure = Arc<OnceLock<String>>;
/// What the disk is short of, while the writer waits for room.
type Full = Arc<Mutex<Option<String>>>;

/// Commands that wait for the writer; past it, committing waits.
const WAITING: usize = 256;
/// Bytes that are read at once.
const CHUNK: usize = 1 << 20;

/// An open local log.
#[derive(Clone)]
pub(crate) struct Log {
    shared: Arc<Shared>,
    ends: watch::Receiver<Ends>,
    writer: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// What members and followers need of the log.
struct Shared {
    store: Arc<Store>,
    commands: mpsc::Sender<Command>,
    failure: Failure,
    full: Full,
}

impl Log {
    pub(crate) async fn open(
        settings: &LocalSettings,
        topics: &[TopicSpec],
    ) -> Result<Self, OpenError> {
        let (settings, topics) = (settings.clone(), topics.to_vec());
        let directory = settings.directory.clone();
        tokio::task::spawn_blocking(move || Self::start(&settings, &topics))
            .await
            .unwrap_or_else(|panic| Err(store::damaged(&directory, &panic.to_string())))
    }

    /// What is to be said of the directory, which nobody may have open.
    pub(crate) async fn examine(settings: &LocalSettings, topics: &[TopicSpec]) -> Vec<Finding> {
        let (settings, topics) = (settings.clone(), topics.to_vec());
        let directory = settings.directory.display().to_string();
        let examined = tokio::task::spawn_blocking(move || examine::examine(&settings, &topics));
        examined.await.unwrap_or_else(|panic| {
            let advice = "restore the directory from a backup";
            vec![Finding::fail(
                format!("log {directory}"),
                panic.to_string(),
                advice,
            )]
        })
    }

    pub(crate) fn partitions(&self, topic: &str) -> u32 {
        let topic = self.shared.store.topic(topic);
        topic.map_or(0, |topic| topic.partitions)
    }

    pub(crate) async fn append(&self, records: Vec<Record>) -> Result<(), Error> {
        let batch = Batch {
            records,
            positions: Vec::new(),
        };
        self.shared.commit(None, batch).await
    }

    pub(crate) async fn join(
        &self,
        group: &str,
        topic: &str,
        start: Start,
    ) -> Result<Member, Error> {
        let topic = self.topic(topic)?;
        let key = GroupKey {
            group: group.to_owned(),
            topic: topic.id,
        };
        let (reply, joined) = oneshot::channel();
        let join = Command::Join {
            group: key.clone(),
            reply,
        };
        if self.shared.commands.send(join).await.is_err() {
            return Err(self.shared.ended());
        }
        let (id, assignment) = joined.await.map_err(|_| self.shared.ended())?;
        Ok(Member {
            shared: Arc::clone(&self.shared),
            topic,
            start,
            key,
            id,
            assignment,
            ends: self.ends.clone(),
            held: BTreeMap::new(),
            positions: BTreeMap::new(),
            turn: u32::MAX,
        })
    }

    pub(crate) fn range(&self, topic: &str, partition: u32, from: From) -> Result<Range, Error> {
        let topic = self.topic(topic)?;
        let end = self.end(topic.id, partition);
        let position = begin(from, end);
        Ok(Range {
            store: Arc::clone(&self.shared.store),
            topic,
            partition,
            position,
            end,
            read: VecDeque::new(),
            bounds: (position, end),
        })
    }

    pub(crate) fn follow(&self, topics: &[&str], from: From) -> Result<Follower, Error> {
        let mut places = Vec::new();
        for topic in topics {
            let topic = self.topic(topic)?;
            for partition in 0..topic.partitions {
                let end = self.end(topic.id, partition);
                places.push(Place {
                    topic: topic.clone(),
                    partition,
                    position: begin(from, end),
                });
            }
        }
        Ok(Follower {
            shared: Arc::clone(&self.shared),
            ends: self.ends.clone(),
            places,
            read: VecDeque::new(),
            turn: 0,
        })
    }

    pub(crate) fn ready(&self) -> Result<(), String> {
        if self.shared.commands.is_closed() {
            return Err(self.shared.ended().to_string());
        }
        let full = &self.shared.full;
        let full = full.lock().unwrap_or_else(PoisonError::into_inner);
        full.clone().map_or(Ok(()), Err)
    }

    pub(crate) async fn close(self) {
        self.shared.commands.send(Command::Close).await.ok();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(writer) = writer {
            // A panic of the writer was logged by the panic hook; there is nothing left to close.
            tokio::task::spawn_blocking(move || writer.join())
                .await
                .ok();
        }
    }

    fn start(settings: &LocalSettings, topics: &[TopicSpec]) -> Result<Self, OpenError> {
        let store = Arc::new(Store::open(settings, topics)?);
        let broken = |error: String| store::damaged(&settings.directory, &error);
        let (failure, full) = (Failure::default(), Full::default());
        let writer = Writer::new(Arc::clone(&store), Arc::clone(&failure), Arc::clone(&full));
        let (writer, ends) = writer.map_err(broken)?;
        let (commands, received) = mpsc::channel(WAITING);
        // The thread's own runtime does nothing but wait for commands and for retention.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| OpenError(format!("cannot start the log's thread: {error}")))?;
        let run = writer.run(received);
        let thread = thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || runtime.block_on(run))
            .map_err(|error| OpenError(format!("cannot start the log's thread: {error}")))?;
        Ok(Self {
            shared: Arc::new(Shared {
                store,
                commands,
                failure,
                full,
            }),
            ends,
            writer: Arc::new(Mutex::new(Some(thread))),
        })
    }

    fn topic(&self, name: &str) -> Result<Topic, Error> {
        let topic = self.shared.store.topic(name).cloned();
        topic.ok_or_else(|| {
            Error::Fatal(format!(
                "topic {name} is not one that the log was opened with"
            ))
        })
    }

    fn end(&self, topic: u32, partition: u32) -> u64 {
        let ends = self.ends.borrow();
        ends.get(&(topic, partition)).copied().unwrap_or(0)
    }
}

impl Shared {
    /// Why the log takes no more.
    fn ended(&self) -> Error {
        let reason = self.failure.get();
        Error::Fatal(reason.map_or_else(|| "the log is closed".to_owned(), String::clone))
    }
}

/// The first offset to look at in a partition that ends at `end`; there may be nothing there any more.
fn begin(from: From, end: u64) -> u64 {
    match from {
        From::Beginning => 0,
        From::End => end,
        From::Last(count) => end.saturating_sub(count),
        From::Offset(offset) => offset,
    }
}

/// Reads the store off the async threads.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(read).await {
        Ok(result) => {
            result.map_err(|error| Error::Fatal(format!("the log cannot be read: {error}")))
        }
        Err(error) => Err(Error::Fatal(format!("the log cannot be read: {error}"))),
    }
}
