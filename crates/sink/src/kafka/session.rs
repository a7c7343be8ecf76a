//! The thread behind a member: one life of its clients after the other, until the member leaves or is
//! dropped. Whatever Kafka answers ends a life at most; the thread stays, says what is wrong, and
//! begins the next one after a pause.

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::log::Start;

use super::Cluster;
use super::desk::Desk;
use super::life::{End, Life};

/// Set when nobody waits for the thread's work any more.
pub(super) type Stop = AtomicBool;

/// The pauses between lives that do not get to work: from the first to the longest, doubling.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(60)];
/// Being overtaken twice within this time is no accident.
const DISPUTE: Duration = Duration::from_secs(120);
/// The longest the thread waits before it looks around.
const GLANCE: Duration = Duration::from_millis(200);

/// What a member is.
pub(super) struct Membership {
    pub(super) cluster: Arc<Cluster>,
    /// With the prefix.
    pub(super) group: String,
    /// The topic's name on the brokers.
    pub(super) topic: String,
    pub(super) start: Start,
    pub(super) transactional_id: String,
    pub(super) dispute: Mutex<Dispute>,
}

/// Whether another process works under this one's name.
#[derive(Default)]
pub(super) struct Dispute {
    /// When another producer of this name last took over.
    overtaken: Option<Instant>,
    /// Whether one did so shortly before that as well.
    again: bool,
}

impl Membership {
    /// Notes that another producer of this name took over. Once is a zombie's fate.
    pub(super) fn overtaken(&self) {
        let mut dispute = self.dispute();
        let before = dispute.overtaken.replace(Instant::now());
        dispute.again = before.is_some_and(|before| before.elapsed() < DISPUTE);
    }

    /// Whether that happens again and again.
    pub(super) fn is_disputed(&self) -> bool {
        let dispute = self.dispute();
        let recently = dispute
            .overtaken
            .is_some_and(|last| last.elapsed() < DISPUTE);
        dispute.again && recently
    }

    fn dispute(&self) -> MutexGuard<'_, Dispute> {
        self.dispute.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the caller until it leaves, or until no client can be made from the settings at all.
pub(super) fn run(membership: &Membership, mut desk: Desk) {
    let mut pause = PAUSES[0];
    while !desk.is_deserted() {
        let (end, worked) = live(membership, &mut desk);
        match end {
            End::Left => break,
            End::Unusable(reason) => {
                // Before the channels close: whoever waits on them looks for it.
                desk.line.failure.set(reason).ok();
                break;
            }
            End::Trouble(trouble) => {
                let health = &membership.cluster.health;
                health.pauses(&membership.transactional_id, &trouble);
                if worked {
                    pause = PAUSES[0];
                }
                rest(&mut desk, pause);
                pause = PAUSES[1].min(pause * 2);
            }
        }
    }
    desk.close();
}

/// One life; returns its end, and whether it ever committed anything.
fn live(membership: &Membership, desk: &mut Desk) -> (End, bool) {
    let mut life = match Life::begin(membership, desk) {
        Ok(life) => life,
        Err(end) => return (end, false),
    };
    let end = life.serve(desk);
    let worked = life.has_worked();
    life.end(desk);
    (end, worked)
}

/// Lets a while pass in which nothing is held and nothing can be committed.
fn rest(desk: &mut Desk, pause: Duration) {
    let until = Instant::now() + pause;
    while !desk.is_deserted() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        desk.receive();
        desk.turn_away();
        desk.tell();
        desk.wait(left.min(GLANCE));
    }
}
