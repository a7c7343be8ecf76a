//! Reads a partition of the local log to where it ended.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::log::Error;
use crate::record::Entry;

use super::store::{Store, Topic};
use super::{CHUNK, blocking};

/// The entries of a partition up to `end`.
pub(crate) struct Range {
    pub(super) store: Arc<Store>,
    pub(super) topic: Topic,
    pub(super) partition: u32,
    /// The offset to read next.
    pub(super) position: u64,
    pub(super) end: u64,
    pub(super) read: VecDeque<Entry>,
    pub(crate) bounds: (u64, u64),
}

impl Range {
    pub(crate) async fn next(&mut self) -> Result<Option<Entry>, Error> {
        if self.read.is_empty() && self.position < self.end {
            let (store, topic) = (Arc::clone(&self.store), self.topic.clone());
            let (partition, position, end) = (self.partition, self.position, self.end);
            let read = move || store.read(&topic, partition, position, end, CHUNK);
            let (entries, next) = blocking(read).await?;
            self.read.extend(entries);
            self.position = next;
        }
        Ok(self.read.pop_front())
    }
}
