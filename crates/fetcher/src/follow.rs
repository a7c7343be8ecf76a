//! Following one feed: its polls as they fall due, and what its hub says in between.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use wire::websub::Subscription;
use wire::{FeedSpec, FeedState};

use crate::budget::Share;
use crate::fetch::{Answered, Fetcher, for_spec};
use crate::hosts::Turn;
use crate::poll::{Offer, Poll};
use crate::report;
use crate::rest::Resting;
use crate::schedule;
use crate::settle::Settler;
use crate::websub::lease;
use crate::websub::lines::{Line, Note, Push};

/// Why a feed's follower goes to work.
enum Wake {
    /// The feed is due.
    Poll(Turn),
    /// Its hub is to be asked for a lease.
    Hub(Turn),
    /// Its hub has said something.
    Note(Note),
}

/// What came of it.
struct Found {
    poll: Poll,
    /// What was read counts as memory in use until it is committed.
    _memory: Option<Share>,
    /// Whoever pushed it, to be told when it is.
    pushed: Option<oneshot::Sender<()>>,
}

impl Fetcher {
    /// Follows one feed: sleeps until it is due or its hub pushes, polls or takes what was pushed, offers what
    /// must be written, waits until that is committed, and only then goes on from the new state. Ends when
    /// `stop` is cancelled (a poll that is under way is finished and offered), when the publisher has ended
    /// the feed, when an offer is dropped uncommitted, or when nobody receives offers any more.
    pub fn follow(
        self,
        spec: impl Into<Arc<FeedSpec>>,
        state: FeedState,
        offers: mpsc::Sender<Offer>,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send {
        let spec = spec.into();
        let state = self.resumed(&spec, state);
        let items = state.seen.iter().filter(|seen| seen.present).count();
        let mut resting = Resting::new(state);
        async move {
            let mut line = self.shared.lines.line(&spec.id);
            line.keep(resting.state.websub.as_ref());
            // Only while the line is held: a hub that calls a feed which is shown and has no line is told that
            // its subscription has gone.
            let _shown = self.shared.board.show(&spec, &resting.state, items);
            while !resting.state.gone {
                line.keep(resting.state.websub.as_ref());
                let wake = self.wake(&spec, &resting.state, &mut line);
                let Some(wake) = stop.run_until_cancelled(wake).await else {
                    break;
                };
                // What work needs is on the heap, and only while there is some: a feed mostly waits.
                let work = Box::pin(self.work(wake, &spec, &mut resting, &offers, &stop));
                if work.await.is_break() {
                    break;
                }
            }
        }
    }

    /// Does what the feed's follower woke for; breaks where following ends.
    async fn work(
        &self,
        wake: Wake,
        spec: &FeedSpec,
        resting: &mut Resting,
        offers: &mpsc::Sender<Offer>,
        stop: &CancellationToken,
    ) -> ControlFlow<()> {
        let begun = Timestamp::now();
        let found = match wake {
            Wake::Poll(turn) => {
                let answered = self.ask(turn, spec, &resting.state).await;
                self.polled(spec, resting, answered)
            }
            Wake::Note(note) => self.noted(spec, resting.whole(), note),
            Wake::Hub(turn) => {
                let asking = self.ask_for_lease(turn, spec, &mut resting.state);
                return or_break(stop.run_until_cancelled(asking).await);
            }
        };
        if !found.poll.must_be_written() {
            resting.learn(found.poll.state);
            return ControlFlow::Continue(());
        }
        let before = resting.state.websub.take();
        *resting = Resting::new(found.poll.state.clone());
        let (committed, written) = oneshot::channel();
        let offer = Offer {
            feed: spec.id.clone(),
            begun,
            poll: found.poll,
            committed,
        };
        if offers.send(offer).await.is_err() || written.await.is_err() {
            return ControlFlow::Break(());
        }
        if let Some(hub) = found.pushed {
            // A hub that has given up sends it again, and finds nothing new in it.
            let _ = hub.send(());
        }
        match ended(before, &resting.state) {
            Some(ended) => {
                let leaving = self.unsubscribe(&spec.id, &ended);
                or_break(stop.run_until_cancelled(leaving).await)
            }
            None => ControlFlow::Continue(()),
        }
    }

    /// The state from which following goes on.
    fn resumed(&self, spec: &FeedSpec, state: FeedState) -> FeedState {
        let (settings, now) = (&self.shared.settings, Timestamp::now());
        let mut state = for_spec(spec, state);
        state.next_poll = schedule::at_start(settings, spec, &state, now);
        let spread = schedule::start_spread(settings, spec);
        state.websub = lease::at_start(settings.websub.as_ref(), state.websub.take(), now, spread);
        state
    }

    /// Waits until there is something to do. Cancelling the wait gives up no more than a place in a queue.
    async fn wake(&self, spec: &FeedSpec, state: &FeedState, line: &mut Line) -> Wake {
        // As with work: a feed sleeps for much longer than it waits for its turn.
        let due = async {
            tokio::time::sleep(until(state.next_poll)).await;
            Box::pin(self.turn(spec, state)).await
        };
        let Some(subscription) = &state.websub else {
            return Wake::Poll(due.await);
        };
        let asks = async {
            tokio::time::sleep(until(subscription.next)).await;
            Box::pin(self.hub_turn(subscription)).await
        };
        tokio::select! {
            note = line.note() => Wake::Note(note),
            turn = due => Wake::Poll(turn),
            turn = asks => Wake::Hub(turn),
        }
    }

    /// An answer, settled; only a document is compared with the items that were seen.
    fn polled(&self, spec: &FeedSpec, resting: &Resting, answered: Answered) -> Found {
        let compared = answered.has_document();
        let state = if compared {
            resting.whole()
        } else {
            resting.state.clone()
        };
        let (mut poll, memory) = self.settled(spec, state, answered);
        if poll.must_be_written() && !compared {
            poll.state.seen = resting.seen();
        }
        Found {
            poll,
            _memory: memory,
            pushed: None,
        }
    }

    /// What the hub says, settled as a poll is.
    fn noted(&self, spec: &FeedSpec, state: FeedState, note: Note) -> Found {
        let now = Timestamp::now();
        let settler = Settler {
            settings: &self.shared.settings,
            spec,
            now,
            doubted: false,
        };
        let (poll, memory, pushed) = match note {
            Note::Granted { lease } => (settler.granted(state, lease), None, None),
            Note::Denied { reason } => (settler.denied(state, &reason), None, None),
            Note::Pushed(Push {
                bytes,
                content_type,
                memory,
                committed,
            }) => {
                let poll = settler.pushed(state, &bytes, content_type.as_deref());
                report::pushed(spec, &poll);
                (poll, Some(memory), Some(committed))
            }
        };
        self.shared.board.told(spec, &poll, now);
        Found {
            poll,
            _memory: memory,
            pushed,
        }
    }

    /// Asks the hub for a lease, which it grants or denies by asking back.
    async fn ask_for_lease(&self, turn: Turn, spec: &FeedSpec, state: &mut FeedState) {
        let Some(subscription) = &mut state.websub else {
            return;
        };
        let asked = self
            .ask_hub(turn, &spec.id, subscription, "subscribe")
            .await;
        report::asked_hub(spec, subscription, &asked);
        let retry_after = asked.as_ref().err().and_then(|error| error.retry_after());
        let now = Timestamp::now();
        lease::asked(subscription, retry_after, now);
        self.shared.board.knows(spec, state, now);
    }
}

/// Goes on unless what was `done` was cancelled.
fn or_break(done: Option<()>) -> ControlFlow<()> {
    done.map_or(ControlFlow::Break(()), ControlFlow::Continue)
}

/// The subscription that the feed no longer has.
fn ended(before: Option<Subscription>, state: &FeedState) -> Option<Subscription> {
    let now = state.websub.as_ref().map(|it| &it.secret);
    before.filter(|before| now != Some(&before.secret))
}

fn until(due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default()
}
