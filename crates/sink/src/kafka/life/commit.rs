//! Committing the batches that wait, and what becomes of them when that fails.

use std::collections::BTreeMap;
use std::time::Instant;

use rdkafka::consumer::Consumer;
use rdkafka::{Offset, TopicPartitionList};

use crate::envelope;
use crate::kafka::assignment::GroupConsumer;
use crate::kafka::desk::{Desk, answer};
use crate::kafka::member::Commit;
use crate::kafka::transaction::{Failed, Offsets};
use crate::kafka::verdict::Trouble;
use crate::log::Error;
use crate::record::{Lease, Record};

use super::{ESTRANGED, End, Life};

/// Bytes of a record that no sensible topic refuses.
const SMALL: usize = 4096;

impl Life<'_> {
    /// Answers the batches that lost a partition.
    pub(super) fn answer_lost(&mut self, desk: &mut Desk) {
        let context = self.consumer.context();
        let is_held = |(lease, _): &(Lease, u64)| context.lease(lease.partition) == Some(*lease);
        let (held, lost): (Vec<Commit>, Vec<Commit>) = desk
            .waiting
            .drain(..)
            .partition(|commit| commit.batch.positions.iter().all(is_held));
        // What a lost batch held of partitions that stay would be skipped by whatever came after it.
        let torn = lost
            .iter()
            .any(|commit| commit.batch.positions.iter().any(is_held));
        answer(lost, &|| Err(Error::Lost));
        if torn {
            answer(held, &|| Err(Error::Lost));
            self.start_over(desk, "a batch lost one of its partitions");
        } else {
            desk.waiting = held.into();
        }
    }

    /// Commits what waits in one transaction.
    pub(super) fn commit(&mut self, desk: &mut Desk) -> Result<(), End> {
        self.attempted = Some(Instant::now());
        let Some(producer) = &self.producer else {
            return Ok(());
        };
        let mut held: Vec<Commit> = desk.waiting.drain(..).collect();
        let offsets = offsets(&self.consumer, &self.membership.topic, &held);
        let records = held.iter().flat_map(|commit| &commit.batch.records);
        let count = records.clone().count();
        let cluster = &self.membership.cluster;
        let began = Instant::now();
        let (one_by_one, stop) = (self.one_by_one, &desk.line.stop);
        let outcome = producer.commit(cluster, records, offsets.as_ref(), one_by_one, stop);
        let Err(failed) = outcome else {
            metrics::counter!("claimwire_log_commits_total", "backend" => "kafka").increment(1);
            metrics::counter!("claimwire_log_records_total", "backend" => "kafka")
                .increment(count as u64);
            metrics::histogram!("claimwire_log_commit_seconds", "backend" => "kafka")
                .record(began.elapsed().as_secs_f64());
            answer(held, &|| Ok(()));
            self.failures = 0;
            self.one_by_one = false;
            self.worked = true;
            self.goes_well();
            return Ok(());
        };
        match failed {
            Failed::Aborted { reason, stranger } => {
                self.again(held, &reason, desk);
                // librdkafka waits for a lost answer as long as a rebalance may take.
                if stranger && self.failures >= ESTRANGED {
                    return Err(End::Trouble(Trouble::Stuck(reason)));
                }
            }
            Failed::Refused {
                record: Some(number),
                reason,
            } => {
                let refused = self.refused(&mut held, number, &reason);
                desk.put_back(held);
                refused?;
            }
            Failed::Refused {
                record: None,
                reason,
            } => {
                self.one_by_one = true;
                self.again(held, &reason, desk);
            }
            unfinished => {
                let written = matches!(
                    unfinished,
                    Failed::Unknown {
                        committing: true,
                        ..
                    }
                );
                if written {
                    answer(held, &|| Err(Error::Lost));
                    let reason = "the outcome of a commit is unknown";
                    self.start_over(desk, reason);
                } else {
                    desk.put_back(held);
                }
                self.renew(unfinished)?;
            }
        }
        Ok(())
    }

    /// Puts a dead letter in the place of the record that Kafka does not take.
    fn refused(&self, held: &mut [Commit], number: usize, reason: &str) -> Result<(), End> {
        let Some(record) = record(held, number) else {
            return Ok(());
        };
        let (topic, bytes) = (&record.topic, record.value.as_ref().map_or(0, Vec::len));
        let why = format!("Kafka does not take a record of {bytes} bytes for {topic}: {reason}");
        if self.membership.cluster.is_state(topic) || bytes <= SMALL {
            // What state remembers is in no other record, and a small record is not to blame.
            return Err(End::Trouble(Trouble::Cluster(why)));
        }
        metrics::counter!("claimwire_log_refused_total", "topic" => topic.clone()).increment(1);
        tracing::error!(kafka.topic = topic, reason, "{why}; it goes to dead");
        *record = envelope::undeliverable(record, why);
        Ok(())
    }

    /// Has a batch that was not written attempted again, as it is.
    fn again(&mut self, held: Vec<Commit>, reason: &str, desk: &mut Desk) {
        tracing::debug!("a transaction was aborted and is attempted again: {reason}");
        metrics::counter!("claimwire_log_aborts_total").increment(1);
        desk.put_back(held);
        self.failed(reason);
    }
}

/// The positions of the batches, the last one of each partition, under the group's present
/// generation; `None` when no batch names any.
fn offsets(consumer: &GroupConsumer, topic: &str, commits: &[Commit]) -> Option<Offsets> {
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

/// The record of this number, counted through the batches.
fn record(commits: &mut [Commit], number: usize) -> Option<&mut Record> {
    let mut records = commits
        .iter_mut()
        .flat_map(|commit| &mut commit.batch.records);
    records.nth(number)
}
