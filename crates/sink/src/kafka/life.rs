//! The clients of a member at work: polls, hands out events, and commits what comes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::log::Event;
use crate::record::Entry;

use super::assignment::{GroupConsumer, GroupContext};
use super::client;
use super::desk::Desk;
use super::reader::{entry, trouble};
use super::session::Membership;
use super::transaction::{Failed, Producer};
use super::verdict::Trouble;

/// Entries in one event, and bytes of them. Where many wait, a transaction of many costs each of them little.
const TOGETHER: usize = 2000;
const BYTES: usize = 4 << 20;
/// How long the caller may be behind before fetching pauses. What librdkafka had fetched by then, it fetches again
/// afterwards; until then it is left there, with whatever else it has to tell.
const BEHIND: Duration = Duration::from_secs(1);
/// The longest wait between two polls; the group's own heartbeats need none.
const GLANCE: Duration = Duration::from_millis(200);
/// The pauses between attempts that fail: from the first to the longest, doubling.
const PAUSES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(5)];
/// Attempts that fail one after the other before somebody is told.
const PATIENCE: u32 = 10;
/// Commits that the group refuses a stranger's, one after the other, before the member joins anew. A consumer that
/// its group still answers knows by then, ten seconds after the first.
const ESTRANGED: u32 = 7;
/// A life of this length without trouble has left the last one's behind.
const SETTLED: Duration = Duration::from_secs(30);

mod commit;

/// One consumer and one producer after the other.
pub(super) struct Life<'a> {
    membership: &'a Membership,
    consumer: GroupConsumer,
    producer: Option<Producer>,
    /// Whether the producer can be used.
    ready: bool,
    /// What the caller was working on was not what the log says: once the producer is ready, the
    /// partitions are handed out anew.
    anew: bool,
    /// Each record of the next transaction is waited for, to find the one that is refused.
    one_by_one: bool,
    attempted: Option<Instant>,
    failures: u32,
    began: Instant,
    worked: bool,
    /// Since when the caller is behind.
    behind: Option<Instant>,
    /// Whether fetching is paused; not known of all partitions right after some were handed out.
    paused: Option<bool>,
}

/// Why a life ends.
pub(super) enum End {
    /// Nobody needs it any more.
    Left,
    /// Somebody has to mend this, or only new clients can.
    Trouble(Trouble),
    /// No client can be made from the settings.
    Unusable(String),
}

impl<'a> Life<'a> {
    pub(super) fn begin(membership: &'a Membership, desk: &Desk) -> Result<Self, End> {
        let cluster = &membership.cluster;
        let config = client::member(&cluster.base, &cluster.settings, &membership.group);
        let session = client::session_timeout(&cluster.settings);
        let (group, start) = (&membership.group, membership.start);
        let context = GroupContext::new(cluster, &desk.line, group, start, session);
        let unusable = |error: KafkaError| End::Unusable(client::unusable(&error).0);
        let mut consumer: GroupConsumer = config.create_with_context(context).map_err(unusable)?;
        let woken = Arc::clone(&desk.line);
        consumer.set_nonempty_callback(move || woken.bell.ring());
        consumer.subscribe(&[&membership.topic]).map_err(unusable)?;
        Ok(Self {
            membership,
            consumer,
            producer: None,
            ready: false,
            anew: false,
            one_by_one: false,
            attempted: None,
            failures: 0,
            began: Instant::now(),
            worked: false,
            behind: None,
            paused: Some(false),
        })
    }

    /// Whether anything was ever committed.
    pub(super) fn has_worked(&self) -> bool {
        self.worked
    }

    /// Works until the caller leaves or something is in the way.
    pub(super) fn serve(&mut self, desk: &mut Desk) -> End {
        while !desk.is_deserted() {
            desk.receive();
            if let Err(end) = self.turn(desk) {
                return end;
            }
            if desk.is_deserted() {
                break;
            }
            let due = if desk.waiting.is_empty() {
                GLANCE
            } else {
                self.until_due(desk).min(GLANCE)
            };
            desk.wait(due);
        }
        End::Left
    }

    /// Takes everything back and leaves the group.
    pub(super) fn end(self, desk: &mut Desk) {
        let context = self.consumer.context();
        context.take_back();
        desk.forget_records();
        desk.queue(context.take_events());
        desk.turn_away();
        desk.tell();
        context.close(&self.consumer);
    }

    /// One round of polling, telling and committing. What the group hands out waits for the producer: before an
    /// earlier one's transaction is decided, the positions to begin from are not.
    fn turn(&mut self, desk: &mut Desk) -> Result<(), End> {
        let ready = self.is_ready(desk)?;
        self.poll(desk)?;
        desk.tell();
        let context = self.consumer.context();
        let given_up = context.give_up(&self.consumer, desk.is_heeded());
        given_up.map_err(End::Trouble)?;
        self.answer_lost(desk);
        if ready {
            self.hand_out(desk).map_err(End::Trouble)?;
        }
        self.pace(desk);
        if ready && !desk.waiting.is_empty() && self.until_due(desk).is_zero() {
            self.commit(desk)?;
            desk.tell();
        }
        if ready && self.began.elapsed() > SETTLED && self.failures < PATIENCE {
            self.goes_well();
        }
        Ok(())
    }

    /// Hands out what is new, and what is to be done again.
    fn hand_out(&mut self, desk: &mut Desk) -> Result<(), Trouble> {
        let context = self.consumer.context();
        let mut handed_out = context.take_up(&self.consumer)?;
        if self.anew && context.hand_out_anew(&self.consumer)? {
            self.anew = false;
            handed_out = true;
        }
        if handed_out {
            self.paused = None;
            desk.queue(context.take_events());
            desk.tell();
        }
        Ok(())
    }

    /// Takes over what the consumer has, until there is nothing more or the caller falls behind.
    fn poll(&mut self, desk: &mut Desk) -> Result<(), End> {
        let mut entries = Vec::new();
        // A served event looks like nothing to read; only two in a row say that nothing is left. Where fetching is
        // paused, events are all there is.
        let (mut nothing, mut bytes) = (0, 0);
        while nothing < 2 && (self.paused == Some(true) || !desk.is_behind()) {
            let polled = self.consumer.poll(Duration::ZERO);
            let polled = polled
                .map(|message| message.map(|message| entry(&self.membership.cluster, &message)));
            let rebalanced = self.consumer.context().take_events();
            if !rebalanced.is_empty() {
                self.flush(&mut entries, desk);
                desk.queue(rebalanced);
            }
            match polled {
                Some(Ok(entry)) => {
                    nothing = 0;
                    bytes += entry.value.as_ref().map_or(0, Vec::len);
                    entries.push(entry);
                    if entries.len() == TOGETHER || bytes >= BYTES {
                        self.flush(&mut entries, desk);
                        bytes = 0;
                    }
                }
                Some(Err(error)) => self.misread(&error, desk)?,
                None => nothing += 1,
            }
        }
        self.flush(&mut entries, desk);
        match self.consumer.context().take_trouble() {
            Some(trouble) => Err(End::Trouble(trouble)),
            None => Ok(()),
        }
    }

    fn misread(&mut self, error: &KafkaError, desk: &mut Desk) -> Result<(), End> {
        if let Some(trouble) = trouble(error) {
            return Err(End::Trouble(trouble));
        }
        // librdkafka goes on behind a batch of records that was garbled on its way.
        if let KafkaError::MessageConsumption(Code::BadMessage) = error {
            self.start_over(desk, &error.to_string());
        }
        Ok(())
    }

    fn flush(&mut self, entries: &mut Vec<Entry>, desk: &mut Desk) {
        if !entries.is_empty() {
            self.membership.cluster.health.answers();
        }
        // What was read of a partition before it went away is nobody's business here.
        let context = self.consumer.context();
        entries.retain(|entry| context.lease(entry.partition).is_some());
        if !entries.is_empty() {
            desk.queue([Event::Records(std::mem::take(entries))]);
            desk.tell();
        }
    }

    /// Pauses fetching once the caller has been behind for a while, or has nothing to do with what is read.
    fn pace(&mut self, desk: &Desk) {
        if desk.is_behind() {
            self.behind.get_or_insert_with(Instant::now);
        } else {
            self.behind = None;
        }
        let pause = self.anew || self.behind.is_some_and(|since| since.elapsed() > BEHIND);
        if self.paused == Some(pause) || (self.paused == Some(true) && !desk.is_told()) {
            return;
        }
        let changed = self.consumer.assignment().and_then(|assignment| {
            if pause {
                self.consumer.pause(&assignment)
            } else {
                self.consumer.resume(&assignment)
            }
        });
        match changed {
            Ok(()) => self.paused = Some(pause),
            Err(error) => tracing::debug!("fetching was not paused or resumed: {error}"),
        }
    }

    fn until_due(&self, desk: &Desk) -> Duration {
        let interval = match self.failures {
            0 if desk.is_leaving() => Duration::ZERO,
            0 => self.membership.cluster.settings.commit_interval,
            failures => PAUSES[1].min(PAUSES[0] * 2_u32.saturating_pow(failures.min(10))),
        };
        let since = self.attempted.map(|attempted| attempted.elapsed());
        since.map_or(Duration::ZERO, |since| interval.saturating_sub(since))
    }

    /// Lets go of the producer, for a new one to take its place.
    fn renew(&mut self, failed: Failed) -> Result<(), End> {
        self.producer = None;
        self.ready = false;
        match failed {
            Failed::Stopped => Err(End::Left),
            Failed::Unusable(reason) => Err(End::Unusable(reason)),
            Failed::Paused(trouble) => Err(End::Trouble(trouble)),
            Failed::Aborted { reason, .. } | Failed::Refused { reason, .. } => {
                self.failed(&reason);
                Ok(())
            }
            Failed::Unknown { reason, fenced, .. } => {
                tracing::debug!("the producer is made anew: {reason}");
                metrics::counter!("claimwire_log_producers_renewed_total").increment(1);
                self.failed(&reason);
                if fenced {
                    self.membership.overtaken();
                    if self.membership.is_disputed() {
                        return Err(End::Trouble(Trouble::Instance));
                    }
                }
                Ok(())
            }
        }
    }

    fn failed(&mut self, reason: &str) {
        self.failures = self.failures.saturating_add(1);
        if self.failures == PATIENCE {
            let stuck = Trouble::Stuck(reason.to_owned());
            self.health()
                .pauses(&self.membership.transactional_id, &stuck);
        }
    }

    fn goes_well(&self) {
        // Two of one name work in turn, which is not well.
        if self.membership.is_disputed() {
            return;
        }
        self.health().works(&self.membership.transactional_id);
    }

    fn health(&self) -> &super::health::Health {
        &self.membership.cluster.health
    }

    /// Whether the producer can be used; makes one where there is none, and gives it some time.
    fn is_ready(&mut self, desk: &Desk) -> Result<bool, End> {
        if self.ready {
            return Ok(true);
        }
        if self.failures > 0 && !self.until_due(desk).is_zero() {
            return Ok(false);
        }
        let membership = self.membership;
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => match Producer::new(&membership.cluster, &membership.transactional_id) {
                Ok(producer) => producer,
                Err(failed) => return self.renew(failed).map(|()| false),
            },
        };
        match producer.init() {
            Ok(ready) => {
                self.ready = ready;
                self.producer = Some(producer);
                Ok(ready)
            }
            Err(failed) => {
                self.attempted = Some(Instant::now());
                self.renew(failed).map(|()| false)
            }
        }
    }

    /// Has everything that is not committed done again: the partitions are taken from the caller now,
    /// and handed out anew, from their committed positions, once the producer is ready.
    fn start_over(&mut self, desk: &mut Desk, reason: &str) {
        tracing::debug!("what is not committed is done again: {reason}");
        metrics::counter!("claimwire_log_replays_total").increment(1);
        let context = self.consumer.context();
        context.take_back();
        desk.forget_records();
        desk.queue(context.take_events());
        self.anew = true;
    }
}
