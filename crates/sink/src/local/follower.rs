//! Reads topics of the local log outside any group.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;

use crate::log::Error;
use crate::record::Entry;

use super::store::Topic;
use super::{CHUNK, Ends, Shared, blocking};

/// Reads partitions in turn, each in offset order.
pub(crate) struct Follower {
    pub(super) shared: Arc<Shared>,
    pub(super) ends: watch::Receiver<Ends>,
    pub(super) places: Vec<Place>,
    pub(super) read: VecDeque<Entry>,
    /// The place to look at next.
    pub(super) turn: usize,
}

/// A partition and the offset to read next.
pub(super) struct Place {
    pub(super) topic: Topic,
    pub(super) partition: u32,
    pub(super) position: u64,
}

impl Follower {
    pub(crate) async fn next(&mut self) -> Result<Entry, Error> {
        loop {
            if let Some(entry) = self.read.pop_front() {
                return Ok(entry);
            }
            if !self.read_on().await? {
                let changed = self.ends.changed().await;
                changed.map_err(|_| self.shared.ended())?;
            }
        }
    }

    /// Reads on where there is something; false when every place is at its end.
    async fn read_on(&mut self) -> Result<bool, Error> {
        let ends = self.ends.borrow_and_update().clone();
        for step in 0..self.places.len() {
            let turn = (self.turn + step) % self.places.len();
            let place = &mut self.places[turn];
            let (topic, partition, position) =
                (place.topic.clone(), place.partition, place.position);
            let end = ends.get(&(topic.id, partition)).copied().unwrap_or(0);
            if position >= end {
                continue;
            }
            let store = Arc::clone(&self.shared.store);
            let read = move || store.read(&topic, partition, position, end, CHUNK);
            let (entries, next) = blocking(read).await?;
            place.position = next;
            self.read.extend(entries);
            self.turn = turn + 1;
            return Ok(true);
        }
        Ok(false)
    }
}
