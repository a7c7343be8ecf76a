//! The thread behind a member: polls, hands out events, and commits. It ends when the member
//! leaves, is dropped, or fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::mpsc::error::{TryRecvError, TrySendError};
use tokio::sync::{mpsc, oneshot};

use crate::log::{Error, Event, Start};
use crate::record::Entry;

use super::Cluster;
use super::assignment::GroupContext;
use super::client;
use super::member::{Command, Commit, Line};
use super::reader::{entry, hopeless};
use super::transaction::{Failed, Offsets, Producer};

/// Set when nobody waits for the thread's work any more.
pub(super) type Stop = AtomicBool;

/// Entries in one event.
const TOGETHER: usize = 500;
/// Events that wait here, while the caller is busy, before fetching pauses.
const BACKLOG: usize = 4;
/// The longest wait between two polls; the group's own heartbeats need none.
const GLANCE: Duration = Duration::from_millis(200);
/// Batches in one transaction.
const SHARED: usize = 256;

/// The state of the thread.
pub(super) struct Session {
    cluster: Arc<Cluster>,
    line: Arc<Line>,
    consumer: BaseConsumer<GroupContext>,
    producer: Option<Producer>,
    transactional_id: String,
    /// The topic's name on the brokers.
    topic: String,
    commands: mpsc::Receiver<Command>,
    events: mpsc::Sender<Event>,
    outbox: VecDeque<Event>,
    waiting: VecDeque<Commit>,
    committed: Option<Instant>,
    paused: bool,
    leaving: Option<oneshot::Sender<()>>,
}

/// Why the thread ends.
enum End {
    Left,
    Failed(String),
}

impl Session {
    pub(super) fn new(
        cluster: &Arc<Cluster>,
        line: &Arc<Line>,
        group: &str,
        topic: &str,
        start: Start,
        commands: mpsc::Receiver<Command>,
        events: mpsc::Sender<Event>,
    ) -> Result<Self, Error> {
        if cluster.partitions(topic).is_none() {
            return Err(Error::Fatal(format!(
                "topic {topic} is not one that the log was opened with"
            )));
        }
        let settings = &cluster.settings;
        let mut config = client::consumer(&cluster.base, settings);
        config
            .set("group.id", format!("{}{group}", settings.prefix))
            .set("partition.assignment.strategy", "cooperative-sticky");
        client::overlay(&mut config, settings);
        let context = GroupContext::new(cluster, line, start);
        let unusable = |error: KafkaError| Error::Fatal(client::unusable(&error).0);
        let mut consumer: BaseConsumer<GroupContext> =
            config.create_with_context(context).map_err(unusable)?;
        let woken = Arc::clone(line);
        consumer.set_nonempty_callback(move || woken.bell.ring());
        let topic = cluster.topic(topic);
        consumer.subscribe(&[&topic]).map_err(unusable)?;
        Ok(Self {
            cluster: Arc::clone(cluster),
            line: Arc::clone(line),
            consumer,
            producer: None,
            transactional_id: format!("{}{}-{group}", settings.prefix, settings.instance),
            topic,
            commands,
            events,
            outbox: VecDeque::new(),
            waiting: VecDeque::new(),
            committed: None,
            paused: false,
            leaving: None,
        })
    }

    pub(super) fn run(mut self) {
        if let End::Failed(reason) = self.serve() {
            // Before the channels close: whoever waits on them looks for it.
            self.line.failure.set(reason).ok();
        }
        let Self {
            consumer,
            producer,
            leaving,
            ..
        } = self;
        drop(producer);
        // Leaves the group.
        drop(consumer);
        if let Some(leaving) = leaving {
            leaving.send(()).ok();
        }
    }

    fn serve(&mut self) -> End {
        // Aborts what an earlier run of this instance left open, for which the positions of its
        // partitions would have to wait.
        match self.producer() {
            Ok(producer) => self.producer = Some(producer),
            Err(end) => return end,
        }
        loop {
            if self.stopped() && self.leaving.is_none() {
                return End::Left;
            }
            self.receive();
            if let Err(end) = self.turn() {
                return end;
            }
            if self.leaving.is_some() && self.waiting.is_empty() {
                return End::Left;
            }
            let until_due = (!self.waiting.is_empty()).then(|| self.until_due());
            self.line
                .bell
                .wait(until_due.map_or(GLANCE, |due| due.min(GLANCE)));
        }
    }

    /// One round of polling, telling and committing.
    fn turn(&mut self) -> Result<(), End> {
        self.poll()?;
        self.tell();
        if !self.waiting.is_empty() && self.until_due().is_zero() {
            self.commit()?;
            self.tell();
        }
        Ok(())
    }

    fn receive(&mut self) {
        while self.waiting.len() < SHARED {
            match self.commands.try_recv() {
                Ok(Command::Commit(commit)) => self.waiting.push_back(commit),
                Ok(Command::Leave(reply)) => self.leaving = Some(reply),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return,
            }
        }
    }

    /// Takes over what the consumer has, until there is nothing more or the caller falls behind.
    fn poll(&mut self) -> Result<(), End> {
        let mut entries = Vec::new();
        // A served event looks like nothing to read; only two in a row say that nothing is left.
        let mut nothing = 0;
        while nothing < 2 && entries.len() < TOGETHER {
            let polled = self.consumer.poll(Duration::ZERO);
            let polled =
                polled.map(|message| message.map(|message| entry(&self.cluster, &message)));
            let rebalanced = self.consumer.context().take_events();
            if !rebalanced.is_empty() {
                self.flush(&mut entries);
                self.outbox.extend(rebalanced);
            }
            match polled {
                Some(Ok(entry)) => {
                    nothing = 0;
                    entries.push(entry);
                }
                Some(Err(error)) => hopeless(&error).map_err(failed)?,
                None => nothing += 1,
            }
        }
        if entries.len() == TOGETHER {
            // There may be more, which rings no bell.
            self.line.bell.ring();
        }
        if !entries.is_empty() {
            self.cluster.outage.ended();
        }
        self.flush(&mut entries);
        if let Some(reason) = self.consumer.context().take_failure() {
            return Err(End::Failed(reason));
        }
        Ok(())
    }

    fn flush(&mut self, entries: &mut Vec<Entry>) {
        // What was read of a partition before it went away is nobody's business here.
        let context = self.consumer.context();
        entries.retain(|entry| context.lease(entry.partition).is_some());
        if !entries.is_empty() {
            self.outbox
                .push_back(Event::Records(std::mem::take(entries)));
        }
    }

    /// Tells the caller what there is room for, and pauses fetching while it is behind.
    fn tell(&mut self) {
        while let Some(event) = self.outbox.pop_front() {
            match self.events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.outbox.push_front(event);
                    break;
                }
                // The caller reads no more; it is leaving.
                Err(TrySendError::Closed(_)) => self.outbox.clear(),
            }
        }
        let behind = self.outbox.len() > BACKLOG;
        if behind == self.paused || (self.paused && !self.outbox.is_empty()) {
            return;
        }
        let changed = self.consumer.assignment().and_then(|assignment| {
            if behind {
                self.consumer.pause(&assignment)
            } else {
                self.consumer.resume(&assignment)
            }
        });
        match changed {
            Ok(()) => self.paused = behind,
            Err(error) => tracing::debug!("fetching was not paused or resumed: {error}"),
        }
    }

    fn until_due(&self) -> Duration {
        if self.leaving.is_some() {
            return Duration::ZERO;
        }
        self.committed.map_or(Duration::ZERO, |committed| {
            let interval = self.cluster.settings.commit_interval;
            interval.saturating_sub(committed.elapsed())
        })
    }

    /// Commits what waits in one transaction.
    fn commit(&mut self) -> Result<(), End> {
        self.committed = Some(Instant::now());
        let producer = self.producer()?;
        let context = self.consumer.context();
        let (held, lost): (Vec<Commit>, Vec<Commit>) = self.waiting.drain(..).partition(|commit| {
            let positions = &commit.batch.positions;
            positions
                .iter()
                .all(|(lease, _)| context.lease(lease.partition) == Some(*lease))
        });
        answer(lost, &|| Err(Error::Lost));
        if held.is_empty() {
            self.producer = Some(producer);
            return Ok(());
        }
        let offsets = offsets(&self.consumer, &self.topic, &held);
        let records = held.iter().flat_map(|commit| &commit.batch.records);
        let count = records.clone().count();
        let began = Instant::now();
        let outcome = producer.commit(&self.cluster, records, offsets.as_ref(), &self.line.stop);
        match outcome {
            Ok(()) => {
                self.producer = Some(producer);
                metrics::counter!("claimwire_log_commits_total", "backend" => "kafka").increment(1);
                metrics::counter!("claimwire_log_records_total", "backend" => "kafka")
                    .increment(count as u64);
                metrics::histogram!("claimwire_log_commit_seconds", "backend" => "kafka")
                    .record(began.elapsed().as_secs_f64());
                answer(held, &|| Ok(()));
                Ok(())
            }
            Err(Failed::Aborted(reason)) => {
                self.producer = Some(producer);
                self.replay(held, &reason)
            }
            Err(Failed::Unknown { reason, .. }) => {
                drop(producer);
                // A new one decides the outcome before the positions are read.
                let anew = self.producer()?;
                self.producer = Some(anew);
                self.replay(held, &reason)
            }
            Err(Failed::Fatal(reason)) => {
                answer(held, &|| Err(Error::Fatal(reason.clone())));
                Err(End::Failed(reason))
            }
            Err(Failed::Stopped) => Err(End::Left),
        }
    }

    /// The producer, made where there is none.
    fn producer(&mut self) -> Result<Producer, End> {
        if let Some(producer) = self.producer.take() {
            return Ok(producer);
        }
        loop {
            match Producer::start(&self.cluster, &self.transactional_id, &self.line.stop) {
                Ok(producer) => return Ok(producer),
                Err(Failed::Fatal(reason)) => return Err(End::Failed(reason)),
                Err(Failed::Stopped) => return Err(End::Left),
                Err(Failed::Aborted(reason) | Failed::Unknown { reason, .. }) => {
                    tracing::debug!("the producer is made anew: {reason}");
                    self.line.bell.wait(GLANCE);
                }
            }
        }
    }

    /// Has everything that is not committed done again: the partitions are taken from the caller and
    /// handed out anew, from their committed positions.
    fn replay(&mut self, lost: Vec<Commit>, reason: &str) -> Result<(), End> {
        tracing::debug!("a transaction was not committed, its work is done again: {reason}");
        metrics::counter!("claimwire_log_replays_total").increment(1);
        self.outbox
            .retain(|event| !matches!(event, Event::Records(_)));
        let again = self
            .consumer
            .context()
            .hand_out_again(&self.consumer, &self.topic);
        self.outbox.extend(self.consumer.context().take_events());
        answer(lost, &|| Err(Error::Lost));
        self.paused = false;
        again.map_err(failed)
    }

    fn stopped(&self) -> bool {
        self.line.stop.load(Ordering::Relaxed)
    }
}

/// The positions of the batches, the last one of each partition, under the group's present
/// generation; `None` when no batch names any.
fn offsets(
    consumer: &BaseConsumer<GroupContext>,
    topic: &str,
    commits: &[Commit],
) -> Option<Offsets> {
    let named = commits.iter().flat_map(|commit| &commit.batch.positions);
    let last: BTreeMap<u32, u64> = named
        .map(|(lease, position)| (lease.partition, *position))
        .collect();
    let group = consumer.group_metadata()?;
    let mut positions = TopicPartitionList::with_capacity(last.len());
    for (partition, position) in last {
        positions
            .add_partition_offset(
                topic,
                partition.cast_signed(),
                Offset::Offset(position.cast_signed()),
            )
            .ok()?;
    }
    (positions.count() > 0).then_some(Offsets { positions, group })
}

fn answer(commits: Vec<Commit>, outcome: &dyn Fn() -> Result<(), Error>) {
    for commit in commits {
        // One that stopped waiting reads its outcome from the log.
        commit.reply.send(outcome()).ok();
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: Error) -> End {
    End::Failed(error.to_string())
}
