//! For how long a member can be sure of what it holds.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

/// Whether a member can be sure that nobody else was given what it holds; cheap to clone. A commit needs no
/// such certainty, the log refuses one that comes too late; what goes out past the log, as a request to a
/// publisher does, cannot be refused and is only to be begun while this is certain.
///
/// It is a lease in the sense of Gray and Cheriton (1989): it ends by the member's own clocks, before the
/// group's patience does, so that a process which was stopped knows it when it goes on, before it has asked anybody.
#[derive(Clone, Debug)]
pub struct Tenure(Option<watch::Receiver<Until>>);

/// When certainty ends, by two clocks: the monotonic one may rest while the machine sleeps, and the other
/// may be set back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    monotonic: Instant,
    wall: Timestamp,
}

impl Tenure {
    /// One that never ends: there is nobody else.
    pub(crate) fn always() -> Self {
        Self(None)
    }

    pub(crate) fn of(until: watch::Receiver<Until>) -> Self {
        Self(Some(until))
    }

    /// Waits until it is certain that the member holds what it holds; returns at once when it is. Never
    /// returns once the member is gone.
    pub async fn certain(self) {
        let Some(mut until) = self.0 else {
            return;
        };
        if until.wait_for(Until::is_ahead).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Until {
    /// `span` after the moment `proven`.
    pub(crate) fn after(proven: Instant, span: Duration) -> Self {
        let monotonic = proven + span;
        let left = monotonic.saturating_duration_since(Instant::now());
        Self {
            monotonic,
            wall: Timestamp::now() + left,
        }
    }

    /// Takes `other` where it is later; false where it is not.
    pub(crate) fn extend(&mut self, other: Self) -> bool {
        let later = other.monotonic > self.monotonic || self.wall == Timestamp::UNIX_EPOCH;
        if later {
            *self = other;
        }
        later
    }

    fn is_ahead(&self) -> bool {
        Instant::now() < self.monotonic && Timestamp::now() < self.wall
    }
}

impl Default for Until {
    /// Nothing is certain yet.
    fn default() -> Self {
        Self {
            monotonic: Instant::now(),
            wall: Timestamp::UNIX_EPOCH,
        }
    }
}
