//! The caller of a member as its thread sees it: what it asks for, and what it is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, oneshot};

use crate::log::{Error, Event};

use super::member::{Command, Commit, Line};

/// Events that wait here, while the caller is busy, before no more is polled.
const BACKLOG: usize = 4;
/// Batches in one transaction.
const SHARED: usize = 256;

/// Both directions of the conversation.
pub(super) struct Desk {
    pub(super) line: Arc<Line>,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    outbox: VecDeque<Event>,
    /// Events that were sent so far.
    told: u64,
    /// Batches to commit, in order.
    pub(super) waiting: VecDeque<Commit>,
    leaving: Option<oneshot::Sender<()>>,
}

impl Desk {
    pub(super) fn new(
        line: &Arc<Line>,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            line: Arc::clone(line),
            commands,
            events,
            outbox: VecDeque::new(),
            told: 0,
            waiting: VecDeque::new(),
            leaving: None,
        }
    }

    /// Takes what the caller has asked for meanwhile.
    pub(super) fn receive(&mut self) {
        while self.waiting.len() < SHARED {
            match self.commands.try_recv() {
                Ok(Command::Commit(commit)) => self.waiting.push_back(commit),
                Ok(Command::Leave(reply)) => self.leaving = Some(reply),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Puts events in line for the caller.
    pub(super) fn queue(&mut self, events: impl IntoIterator<Item = Event>) {
        self.outbox.extend(events);
    }

    /// Forgets records that the caller was not told of: they will be read again.
    pub(super) fn forget_records(&mut self) {
        self.outbox
            .retain(|event| !matches!(event, Event::Records(_)));
    }

    /// Tells the caller what there is room for.
    pub(super) fn tell(&mut self) {
        while let Some(event) = self.outbox.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => self.told += 1,
                Err(TrySendError::Full(event)) => {
                    self.outbox.push_front(event);
                    break;
                }
                // The caller reads no more; it is leaving.
                Err(TrySendError::Closed(_)) => self.outbox.clear(),
            }
        }
    }

    /// Whether the caller has so much to read that nothing more should be polled.
    pub(super) fn is_behind(&self) -> bool {
        self.outbox.len() > BACKLOG
    }

    /// Whether everything that was in line has been told.
    pub(super) fn is_told(&self) -> bool {
        self.outbox.is_empty()
    }

    /// Whether the caller has dealt with everything that it was told: it asked for the next.
    pub(super) fn is_heeded(&self) -> bool {
        let closed = self.events.is_closed();
        closed || self.is_told() && self.line.heeded.load(Ordering::Acquire) == self.told
    }

    /// Has batches that were not written wait again, before those that came later.
    pub(super) fn put_back(&mut self, commits: Vec<Commit>) {
        for commit in commits.into_iter().rev() {
            self.waiting.push_front(commit);
        }
    }

    /// Answers every batch that waits: it is to be made again from what the log says.
    pub(super) fn turn_away(&mut self) {
        answer(self.waiting.drain(..), &|| Err(Error::Lost));
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.leaving.is_some()
    }

    /// Whether there is nobody left to work for.
    pub(super) fn is_deserted(&self) -> bool {
        let left = self.is_leaving() && self.waiting.is_empty();
        left || self.line.stop.load(Ordering::Relaxed)
    }

    /// Says that the group was left.
    pub(super) fn close(self) {
        if let Some(leaving) = self.leaving {
            leaving.send(()).ok();
        }
    }

    /// Waits until the caller, the consumer or the time has something to do.
    pub(super) fn wait(&self, longest: Duration) {
        self.line.bell.wait(longest);
    }
}

/// Tells those who wait for `commits` what became of them.
pub(super) fn answer(
    commits: impl IntoIterator<Item = Commit>,
    outcome: &dyn Fn() -> Result<(), Error>,
) {
    for commit in commits {
        // One that stopped waiting reads its outcome from the log.
        commit.reply.send(outcome()).ok();
    }
}
