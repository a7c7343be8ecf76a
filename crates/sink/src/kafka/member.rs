//! A member of a group on Kafka, as its caller sees it: the thread behind it is a
//! [`session`](super::session).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;

use tokio::sync::{mpsc, oneshot, watch};

use crate::log::{Error, Event, Start};
use crate::record::Batch;
use crate::tenure::{Tenure, Until};

use super::Cluster;
use super::bell::Bell;
use super::desk::Desk;
use super::session::{self, Membership, Stop};

/// Events that wait for the caller; past it, they wait at the desk.
const AHEAD: usize = 4;
/// Batches that wait for the thread; past it, committing waits.
const WAITING: usize = 256;

/// Shares a topic's partitions with the other members of its group.
pub(crate) struct Member {
    events: mpsc::Receiver<Event>,
    commands: mpsc::Sender<Command>,
    line: Arc<Line>,
    /// Whether the last event is still being dealt with.
    busy: bool,
}

/// Commits for a [`Member`].
#[derive(Clone)]
pub(crate) struct Appender {
    commands: mpsc::Sender<Command>,
    line: Arc<Line>,
}

/// What the two sides share beside the channels.
#[derive(Default)]
pub(super) struct Line {
    /// Wakes the thread.
    pub(super) bell: Bell,
    /// Events that the caller has dealt with.
    pub(super) heeded: AtomicU64,
    /// Counts how often partitions were handed out.
    pub(super) epoch: AtomicU64,
    /// When the member can no longer be sure of what it holds.
    pub(super) certain: watch::Sender<Until>,
    /// Set when the member was dropped.
    pub(super) stop: Stop,
    /// Why the thread ended, where it failed.
    pub(super) failure: OnceLock<String>,
}

/// What the thread is asked for.
pub(super) enum Command {
    Commit(Commit),
    Leave(oneshot::Sender<()>),
}

/// A batch that waits.
pub(super) struct Commit {
    pub(super) batch: Batch,
    pub(super) reply: oneshot::Sender<Result<(), Error>>,
}

pub(super) fn join(
    cluster: &Arc<Cluster>,
    group: &str,
    topic: &str,
    start: Start,
) -> Result<Member, Error> {
    if cluster.partitions(topic).is_none() {
        return Err(Error::Fatal(format!(
            "topic {topic} is not one that the log was opened with"
        )));
    }
    let line = Arc::<Line>::default();
    let (commands, received) = mpsc::channel(WAITING);
    let (told, events) = mpsc::channel(AHEAD);
    let settings = &cluster.settings;
    let membership = Membership {
        cluster: Arc::clone(cluster),
        group: format!("{}{group}", settings.prefix),
        topic: cluster.topic(topic),
        start,
        transactional_id: format!("{}{}-{group}", settings.prefix, settings.instance),
        dispute: Mutex::default(),
    };
    let desk = Desk::new(&line, received, told);
    thread::Builder::new()
        .name(format!("log-{group}"))
        .spawn(move || session::run(&membership, desk))
        .map_err(|error| Error::Fatal(format!("cannot start the member's thread: {error}")))?;
    Ok(Member {
        events,
        commands,
        line,
        busy: false,
    })
}

impl Member {
    pub(crate) async fn next(&mut self) -> Result<Event, Error> {
        if std::mem::take(&mut self.busy) {
            self.line.heeded.fetch_add(1, Ordering::Release);
            self.line.bell.ring();
        }
        let event = self.events.recv().await;
        self.busy = event.is_some();
        // There is room for another.
        self.line.bell.ring();
        event.ok_or_else(|| self.line.ended())
    }

    pub(crate) fn appender(&self) -> Appender {
        Appender {
            commands: self.commands.clone(),
            line: Arc::clone(&self.line),
        }
    }

    pub(crate) fn tenure(&self) -> Tenure {
        Tenure::of(self.line.certain.subscribe())
    }

    pub(crate) async fn leave(mut self) {
        let (reply, left) = oneshot::channel();
        // What is not read any more must not hold the thread up.
        self.events.close();
        if self.commands.send(Command::Leave(reply)).await.is_ok() {
            self.line.bell.ring();
            // A thread that failed has left as well.
            left.await.ok();
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.line.stop.store(true, Ordering::Relaxed);
        self.line.bell.ring();
    }
}

impl Appender {
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), Error> {
        let (reply, outcome) = oneshot::channel();
        let commit = Command::Commit(Commit { batch, reply });
        if self.commands.send(commit).await.is_err() {
            return Err(self.line.refused());
        }
        self.line.bell.ring();
        outcome.await.unwrap_or_else(|_| Err(self.line.refused()))
    }
}

impl Line {
    /// Why a batch is not committed any more: a member that left holds nothing.
    fn refused(&self) -> Error {
        match self.failure.get() {
            Some(reason) => Error::Fatal(reason.clone()),
            None => Error::Lost,
        }
    }

    /// Why the member has no more events.
    fn ended(&self) -> Error {
        let reason = self.failure.get();
        Error::Fatal(reason.map_or_else(|| "the member left the log".to_owned(), String::clone))
    }
}
