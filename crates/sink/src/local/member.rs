//! A member of a group on the local log.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use crate::log::{Error, Event, Start};
use crate::record::{Batch, Lease};

use super::group::{Assignment, GroupKey, MemberId};
use super::store::Topic;
use super::writer::{Actor, Command, Commit};
use super::{CHUNK, Ends, Shared, blocking};

/// Shares a topic's partitions with the other members of its group.
pub(crate) struct Member {
    pub(super) shared: Arc<Shared>,
    pub(super) topic: Topic,
    pub(super) start: Start,
    pub(super) key: GroupKey,
    pub(super) id: MemberId,
    pub(super) assignment: watch::Receiver<Assignment>,
    pub(super) ends: watch::Receiver<Ends>,
    /// What the caller was told that it holds.
    pub(super) held: Assignment,
    /// Where to read next, by partition held.
    pub(super) positions: BTreeMap<u32, u64>,
    /// The partition read last, so that each has its turn.
    pub(super) turn: u32,
}

/// Commits for a [`Member`].
#[derive(Clone)]
pub(crate) struct Appender {
    shared: Arc<Shared>,
    key: GroupKey,
    id: MemberId,
}

impl Member {
    pub(crate) async fn next(&mut self) -> Result<Event, Error> {
        loop {
            let wanted = self.assignment.borrow_and_update().clone();
            if let Some(event) = self.revoked(&wanted) {
                return Ok(event);
            }
            if let Some(event) = self.assigned(&wanted).await? {
                return Ok(event);
            }
            if let Some(event) = self.records().await? {
                return Ok(event);
            }
            // The writer is gone when either sender is.
            tokio::select! {
                changed = self.assignment.changed() => changed,
                changed = self.ends.changed() => changed,
            }
            .map_err(|_| self.shared.ended())?;
        }
    }

    pub(crate) fn appender(&self) -> Appender {
        Appender {
            shared: Arc::clone(&self.shared),
            key: self.key.clone(),
            id: self.id,
        }
    }

    pub(crate) async fn leave(self) {
        let leave = Command::Leave {
            group: self.key.clone(),
            member: self.id,
        };
        // Commands are done in order, so commits under way come first. A closed log has no groups.
        self.shared.commands.send(leave).await.ok();
    }

    fn revoked(&mut self, wanted: &Assignment) -> Option<Event> {
        let lost: Vec<u32> = self
            .held
            .extract_if(.., |partition, epoch| wanted.get(partition) != Some(epoch))
            .map(|(partition, _)| partition)
            .collect();
        for partition in &lost {
            self.positions.remove(partition);
        }
        (!lost.is_empty()).then_some(Event::Revoked(lost))
    }

    async fn assigned(&mut self, wanted: &Assignment) -> Result<Option<Event>, Error> {
        let gained: Vec<u32> = wanted
            .keys()
            .filter(|partition| !self.positions.contains_key(partition))
            .copied()
            .collect();
        if gained.is_empty() {
            return Ok(None);
        }
        let positions: Vec<(u32, u64)> = match self.start {
            Start::Beginning => gained.iter().map(|partition| (*partition, 0)).collect(),
            Start::Committed => self.committed(gained.clone()).await?,
        };
        self.positions.extend(positions);
        self.held = wanted.clone();
        let lease = |partition| Lease {
            partition,
            epoch: wanted[&partition],
        };
        Ok(Some(Event::Assigned(
            gained.into_iter().map(lease).collect(),
        )))
    }

    async fn committed(&self, partitions: Vec<u32>) -> Result<Vec<(u32, u64)>, Error> {
        let (store, key) = (Arc::clone(&self.shared.store), self.key.clone());
        blocking(move || {
            let mut positions = Vec::with_capacity(partitions.len());
            for partition in partitions {
                let committed = store.position(&key.group, key.topic, partition)?;
                positions.push((partition, committed.unwrap_or(0)));
            }
            Ok(positions)
        })
        .await
    }

    /// The next records of the partition whose turn it is among those that have any.
    async fn records(&mut self) -> Result<Option<Event>, Error> {
        let ends = self.ends.borrow_and_update().clone();
        let after = self.positions.range(self.turn.saturating_add(1)..);
        let in_turn: Vec<(u32, u64)> = after
            .chain(self.positions.range(..=self.turn))
            .map(|(partition, position)| (*partition, *position))
            .collect();
        let end_of = |partition| ends.get(&(self.topic.id, partition)).copied().unwrap_or(0);
        let lags = in_turn
            .iter()
            .map(|&(partition, at)| end_of(partition).saturating_sub(at));
        metrics::gauge!("claimwire_log_lag_records", "group" => self.key.group.clone())
            .set(lags.sum::<u64>() as f64);
        for (partition, position) in in_turn {
            let end = end_of(partition);
            if position >= end {
                continue;
            }
            let (store, topic) = (Arc::clone(&self.shared.store), self.topic.clone());
            let read = move || store.read(&topic, partition, position, end, CHUNK);
            let (entries, next) = blocking(read).await?;
            self.positions.insert(partition, next);
            self.turn = partition;
            if !entries.is_empty() {
                return Ok(Some(Event::Records(entries)));
            }
        }
        Ok(None)
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        // Wakes the writer, which finds the dropped member; a writer too busy for it is awake.
        let leave = Command::Leave {
            group: self.key.clone(),
            member: self.id,
        };
        self.shared.commands.try_send(leave).ok();
    }
}

impl Appender {
    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), Error> {
        let actor = Actor {
            group: self.key.clone(),
            member: self.id,
        };
        self.shared.commit(Some(actor), batch).await
    }
}

impl Shared {
    /// Has the writer commit a batch, and waits until it is durable and visible.
    pub(super) async fn commit(&self, actor: Option<Actor>, batch: Batch) -> Result<(), Error> {
        let (reply, outcome) = oneshot::channel();
        let commit = Command::Commit(Commit {
            actor,
            batch,
            reply,
        });
        if self.commands.send(commit).await.is_err() {
            return Err(self.ended());
        }
        outcome.await.unwrap_or_else(|_| Err(self.ended()))
    }
}
