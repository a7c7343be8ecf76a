//! Which partitions a member holds: what happens inside the consumer's rebalance callbacks.
//!
//! The callbacks only note what happened. What is handed out is taken up once [`GroupContext::take_up`] may ask for
//! the positions. A partition that is taken away is given up only once the member's caller has let go of it, so that
//! whoever is handed it next works on it alone: the group waits until [`GroupContext::give_up`] answers.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::statistics::Statistics;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use crate::log::{Event, Start};
use crate::record::Lease;
use crate::tenure::Until;

use super::Cluster;
use super::client::Context;
use super::member::Line;
use super::proof::Proof;
use super::reader::trouble;
use super::verdict::Trouble;

/// One question to a broker.
const CALL: Duration = Duration::from_secs(5);
/// How long a caller may take to let go of a partition before it is given up all the same.
const LETTING_GO: Duration = Duration::from_secs(10);

/// This part of a session is left over for what a request takes until it is sent.
const MARGIN: u32 = 4;

/// A member's consumer.
pub(super) type GroupConsumer = BaseConsumer<GroupContext>;

/// The context of a member's consumer.
pub(super) struct GroupContext {
    client: Context,
    line: Arc<Line>,
    group: String,
    start: Start,
    /// For how long the member is sure of what it holds, from when the group heard of it.
    tenure: Duration,
    /// When the consumer was made: the group has heard of it after that, if at all.
    began: Instant,
    state: Mutex<State>,
}

struct State {
    /// By partition: the epoch of its lease.
    held: BTreeMap<u32, u64>,
    /// What the caller is to be told, in order.
    events: Vec<Event>,
    /// Handed to the consumer, not taken up yet.
    coming: Option<TopicPartitionList>,
    /// Taken away, not given up yet, and since when.
    going: Option<(TopicPartitionList, Instant)>,
    /// Nobody is there to let go of anything any more.
    closing: bool,
    trouble: Option<Trouble>,
    proof: Proof,
}

impl GroupContext {
    /// The context of a member that its group gives up after a silence of `session`.
    pub(super) fn new(
        cluster: &Cluster,
        line: &Arc<Line>,
        group: &str,
        start: Start,
        session: Duration,
    ) -> Self {
        Self {
            client: Context::new(&cluster.health),
            line: Arc::clone(line),
            // As the metrics call it on both backends.
            group: group
                .strip_prefix(&cluster.settings.prefix)
                .unwrap_or(group)
                .to_owned(),
            start,
            tenure: session - session / MARGIN,
            began: Instant::now(),
            state: Mutex::new(State {
                held: BTreeMap::new(),
                events: Vec::new(),
                coming: None,
                going: None,
                closing: false,
                trouble: None,
                proof: Proof::new(),
            }),
        }
    }

    /// The lease on a partition that is held.
    pub(super) fn lease(&self, partition: u32) -> Option<Lease> {
        let epoch = self.state().held.get(&partition).copied()?;
        Some(Lease { partition, epoch })
    }

    /// What happened since the last call.
    pub(super) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.state().events)
    }

    pub(super) fn take_trouble(&self) -> Option<Trouble> {
        self.state().trouble.take()
    }

    /// Ends every lease; the partitions stay with the consumer.
    pub(super) fn take_back(&self) {
        let held: Vec<u32> = self.state().held.keys().copied().collect();
        self.revoked(held.into_iter());
    }

    /// Takes up what the group has handed out, under new leases and from the committed positions. An earlier
    /// producer's transaction has to be decided by then: those positions are not before. True when there is
    /// something new; while the brokers do not say where to begin, it stays to be taken up.
    pub(super) fn take_up(&self, consumer: &GroupConsumer) -> Result<bool, Trouble> {
        let Some(coming) = self.state().coming.clone() else {
            return Ok(false);
        };
        let Some(positions) = self.positions(consumer, &coming)? else {
            return Ok(false);
        };
        self.state().coming = None;
        broken(consumer.incremental_assign(&positions))?;
        // It was handed something, so it did join.
        self.proven(self.began);
        self.lend(&positions);
        Ok(true)
    }

    /// Hands out anew what was taken back from the caller and the consumer still has, as [`Self::take_up`] does. False
    /// while that has to wait, for a rebalance as well. One that begins meanwhile finds the assignment untouched.
    pub(super) fn hand_out_anew(&self, consumer: &GroupConsumer) -> Result<bool, Trouble> {
        let is_rebalancing = {
            let state = self.state();
            state.coming.is_some() || state.going.is_some()
        };
        if is_rebalancing {
            return Ok(false);
        }
        let assignment = broken(consumer.assignment())?;
        let mut partitions = TopicPartitionList::new();
        for place in assignment.elements() {
            if self.lease(place.partition().cast_unsigned()).is_none() {
                partitions.add_partition(place.topic(), place.partition());
            }
        }
        if partitions.count() == 0 {
            return Ok(true);
        }
        let Some(positions) = self.positions(consumer, &partitions)? else {
            return Ok(false);
        };
        let sought = consumer.seek_partitions(positions, CALL);
        match sought.and_then(without_errors) {
            Ok(sought) => self.lend(&sought),
            Err(error) => {
                tracing::debug!("partitions are not read from their positions yet: {error}");
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives up what was taken away, when the caller has let go of it (`heeded`) or had its time.
    pub(super) fn give_up(&self, consumer: &GroupConsumer, heeded: bool) -> Result<(), Trouble> {
        let going = self
            .state()
            .going
            .take_if(|(_, since)| heeded || since.elapsed() > LETTING_GO);
        match going {
            Some((partitions, _)) => broken(consumer.incremental_unassign(&partitions)),
            None => Ok(()),
        }
    }

    /// Makes ready for the end of `consumer`, which leaves the group when it is dropped.
    pub(super) fn close(&self, consumer: &GroupConsumer) {
        let coming = {
            let mut state = self.state();
            state.closing = true;
            state.coming.take()
        };
        let given_up = self.give_up(consumer, true);
        let declined = coming.map_or(Ok(()), |_| decline(consumer));
        if let Err(trouble) = given_up.and(declined) {
            tracing::debug!("while leaving the group: {trouble}");
        }
    }

    /// Makes new leases on partitions, and tells the caller.
    fn lend(&self, partitions: &TopicPartitionList) {
        let epoch = self.line.epoch.fetch_add(1, Ordering::Relaxed) + 1;
        let leases: Vec<Lease> = numbers(partitions)
            .map(|partition| Lease { partition, epoch })
            .collect();
        let mut state = self.state();
        for lease in &leases {
            state.held.insert(lease.partition, epoch);
        }
        if !leases.is_empty() {
            state.events.push(Event::Assigned(leases));
        }
    }

    /// The group has heard of the member after this moment.
    fn proven(&self, at: Instant) {
        let until = Until::after(at, self.tenure);
        let certain = &self.line.certain;
        certain.send_if_modified(|known| known.extend(until));
    }

    fn revoked(&self, partitions: impl Iterator<Item = u32>) {
        let mut state = self.state();
        let lost: Vec<u32> = partitions
            .filter(|partition| state.held.remove(partition).is_some())
            .collect();
        if !lost.is_empty() {
            state.events.push(Event::Revoked(lost));
        }
    }

    /// Where to read the partitions from, once the brokers say so. The group's positions are asked for even where
    /// they are not used: the answer comes once no earlier holder's commit is under way any more.
    fn positions(
        &self,
        consumer: &GroupConsumer,
        partitions: &TopicPartitionList,
    ) -> Result<Option<TopicPartitionList>, Trouble> {
        let mut positions = TopicPartitionList::with_capacity(partitions.count());
        if partitions.count() == 0 {
            return Ok(Some(positions));
        }
        let committed = consumer.committed_offsets(partitions.clone(), CALL);
        let committed = match committed.and_then(without_errors) {
            Ok(committed) => committed,
            Err(error) => return trouble(&error).map_or(Ok(None), Err),
        };
        for place in committed.elements() {
            let offset = match (self.start, place.offset()) {
                (Start::Committed, Offset::Offset(position)) => Offset::Offset(position),
                _ => Offset::Beginning,
            };
            let added = positions.add_partition_offset(place.topic(), place.partition(), offset);
            broken(added)?;
        }
        Ok(Some(positions))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &GroupConsumer,
        err: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let is_assigned = err == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        let closing = self.state().closing;
        let result = match (is_assigned, closing) {
            (true, true) => decline(consumer),
            (false, true) => broken(consumer.incremental_unassign(partitions)),
            (true, false) => {
                self.state().coming = Some(partitions.clone());
                Ok(())
            }
            (false, false) => {
                self.revoked(numbers(partitions));
                self.state().going = Some((partitions.clone(), Instant::now()));
                Ok(())
            }
        };
        if let Err(trouble) = result {
            self.state().trouble.get_or_insert(trouble);
        }
    }
}

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.client.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.client.error(error, reason);
    }

    /// Exposes how far the member is behind the end of what it reads, and for how long it is sure of what it
    /// holds.
    fn stats(&self, statistics: Statistics) {
        let proven = self.state().proof.look(&statistics);
        if let Some(proven) = proven {
            self.proven(proven);
        }
        let topics = statistics.topics.values();
        let lags = topics.flat_map(|topic| topic.partitions.values().map(|one| one.consumer_lag));
        // -1 where it is not known, as of partitions that others hold.
        let behind: i64 = lags.filter(|lag| *lag > 0).sum();
        metrics::gauge!("claimwire_log_lag_records", "group" => self.group.clone())
            .set(behind as f64);
    }
}

/// A call on the consumer itself, which no broker can refuse: only a new consumer helps.
fn broken<T>(result: KafkaResult<T>) -> Result<T, Trouble> {
    result.map_err(|error| Trouble::Stuck(format!("the Kafka consumer failed: {error}")))
}

/// Takes nothing of what was handed out, on the way out of the group.
fn decline(consumer: &GroupConsumer) -> Result<(), Trouble> {
    broken(consumer.incremental_assign(&TopicPartitionList::new()))
}

fn numbers(partitions: &TopicPartitionList) -> impl Iterator<Item = u32> {
    let places = partitions.elements();
    let numbers: Vec<u32> = places
        .iter()
        .map(|place| place.partition().cast_unsigned())
        .collect();
    numbers.into_iter()
}

/// The answer for partitions, or the error of the first that has one.
fn without_errors(partitions: TopicPartitionList) -> KafkaResult<TopicPartitionList> {
    let places = partitions.elements();
    places.iter().try_for_each(|place| place.error())?;
    Ok(partitions)
}
