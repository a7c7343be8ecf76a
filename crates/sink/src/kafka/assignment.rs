//! Which partitions a member holds: what happens inside the consumer's rebalance callbacks.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset, TopicPartitionList};

use crate::log::{Error, Event, Start};
use crate::record::Lease;

use super::Cluster;
use super::client::Context;
use super::member::Line;
use super::reader::hopeless;

/// One question to a broker.
const CALL: Duration = Duration::from_secs(5);

/// The context of a member's consumer.
pub(super) struct GroupContext {
    client: Context,
    line: Arc<Line>,
    start: Start,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By partition: the epoch of its lease.
    held: BTreeMap<u32, u64>,
    /// What the caller is to be told, in order.
    events: Vec<Event>,
    failure: Option<String>,
    epoch: u64,
}

impl GroupContext {
    pub(super) fn new(cluster: &Cluster, line: &Arc<Line>, start: Start) -> Self {
        Self {
            client: Context::new(&cluster.outage),
            line: Arc::clone(line),
            start,
            state: Mutex::default(),
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

    pub(super) fn take_failure(&self) -> Option<String> {
        self.state().failure.take()
    }

    /// Takes every partition back and hands it out again, to be read from its committed position.
    pub(super) fn hand_out_again(
        &self,
        consumer: &BaseConsumer<Self>,
        topic: &str,
    ) -> Result<(), Error> {
        let mut held = TopicPartitionList::new();
        for partition in self.state().held.keys() {
            held.add_partition(topic, partition.cast_signed());
        }
        if held.count() == 0 {
            return Ok(());
        }
        self.revoked(&held);
        self.take(consumer.incremental_unassign(&held))?;
        self.assigned(consumer, &held)
    }

    fn assigned(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &TopicPartitionList,
    ) -> Result<(), Error> {
        let positions = self.positions(consumer, partitions)?;
        self.take(consumer.incremental_assign(&positions))?;
        let mut state = self.state();
        state.epoch += 1;
        let epoch = state.epoch;
        let leases: Vec<Lease> = numbers(partitions)
            .map(|partition| Lease { partition, epoch })
            .collect();
        for lease in &leases {
            state.held.insert(lease.partition, epoch);
        }
        if !leases.is_empty() {
            state.events.push(Event::Assigned(leases));
        }
        Ok(())
    }

    fn revoked(&self, partitions: &TopicPartitionList) {
        let mut state = self.state();
        let lost: Vec<u32> = numbers(partitions)
            .filter(|partition| state.held.remove(partition).is_some())
            .collect();
        if !lost.is_empty() {
            state.events.push(Event::Revoked(lost));
        }
    }

    /// Where to read the partitions from. The group's positions are asked for even where they are
    /// not used: the answer comes once no earlier holder's commit is under way any more.
    fn positions(
        &self,
        consumer: &BaseConsumer<Self>,
        partitions: &TopicPartitionList,
    ) -> Result<TopicPartitionList, Error> {
        let committed = loop {
            match consumer.committed_offsets(partitions.clone(), CALL) {
                Ok(committed) => match first_error(&committed) {
                    None => break committed,
                    Some(error) => hopeless(&error)?,
                },
                Err(error) => hopeless(&error)?,
            }
            if self.line.stop.load(Ordering::Relaxed) {
                break partitions.clone();
            }
            self.line.bell.wait(Duration::from_millis(100));
        };
        let mut positions = TopicPartitionList::with_capacity(committed.count());
        for place in committed.elements() {
            let offset = match (self.start, place.offset()) {
                (Start::Committed, Offset::Offset(position)) => Offset::Offset(position),
                _ => Offset::Beginning,
            };
            let added = positions.add_partition_offset(place.topic(), place.partition(), offset);
            self.take(added)?;
        }
        Ok(positions)
    }

    fn take(&self, result: KafkaResult<()>) -> Result<(), Error> {
        result.map_err(|error| Error::Fatal(format!("the Kafka consumer failed: {error}")))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConsumerContext for GroupContext {
    fn rebalance(
        &self,
        consumer: &BaseConsumer<Self>,
        err: RDKafkaRespErr,
        partitions: &mut TopicPartitionList,
    ) {
        let result = if err == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS {
            self.assigned(consumer, partitions)
        } else {
            self.revoked(partitions);
            self.take(consumer.incremental_unassign(partitions))
        };
        if let Err(error) = result {
            self.state().failure.get_or_insert(error.to_string());
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
}

fn numbers(partitions: &TopicPartitionList) -> impl Iterator<Item = u32> {
    let places = partitions.elements();
    let numbers: Vec<u32> = places
        .iter()
        .map(|place| place.partition().cast_unsigned())
        .collect();
    numbers.into_iter()
}

fn first_error(partitions: &TopicPartitionList) -> Option<KafkaError> {
    let places = partitions.elements();
    places.iter().find_map(|place| place.error().err())
}
