//! What becomes of old records: those past an age or a size go, oldest first; the tombstones of a
//! compacted topic go a day after they were written, as on Kafka (`delete.retention.ms`).

use std::time::Duration;

use fjall::PersistMode;
use jiff::Timestamp;

use crate::settings::Cleanup;

use super::codec;
use super::store::{Extent, Store, Topic, extent_key, index_key, number, record_key, text};

const TOMBSTONES_STAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Records removed in one write.
const AT_ONCE: usize = 4096;

/// Removes what `topic` no longer keeps of a partition, and moves `extent` along.
pub(super) fn apply(
    store: &Store,
    topic: &Topic,
    partition: u32,
    extent: &mut Extent,
    now: Timestamp,
) -> Result<(), String> {
    match topic.cleanup {
        Cleanup::Compact => drop_tombstones(store, topic, partition, extent, now),
        Cleanup::Delete { age, bytes } => {
            let oldest = before(now, age);
            while drop_old(store, topic, partition, extent, oldest, bytes)? == AT_ONCE {}
            Ok(())
        }
    }
}

/// Removes records from the front for as long as they are too old or the partition is too large.
fn drop_old(
    store: &Store,
    topic: &Topic,
    partition: u32,
    extent: &mut Extent,
    oldest: Timestamp,
    limit: Option<u64>,
) -> Result<usize, String> {
    let mut batch = store.database.batch().durability(Some(PersistMode::Buffer));
    let mut left = *extent;
    let mut dropped = 0;
    let range =
        record_key(topic.id, partition, extent.first)..record_key(topic.id, partition, extent.next);
    for guard in store.records.range(range).take(AT_ONCE) {
        let (key, bytes) = guard.into_inner().map_err(text)?;
        let too_old = codec::when(&bytes).is_none_or(|when| when < oldest);
        let too_large = limit.is_some_and(|limit| left.bytes > limit);
        if !too_old && !too_large {
            break;
        }
        left.first = number(&key[8..]) + 1;
        left.bytes = left.bytes.saturating_sub(bytes.len() as u64);
        batch.remove(&store.records, key);
        dropped += 1;
    }
    if dropped > 0 {
        batch.insert(
            &store.meta,
            extent_key(topic.id, partition),
            left.to_bytes(),
        );
        batch.commit().map_err(text)?;
        *extent = left;
    }
    Ok(dropped)
}

fn drop_tombstones(
    store: &Store,
    topic: &Topic,
    partition: u32,
    extent: &mut Extent,
    now: Timestamp,
) -> Result<(), String> {
    let oldest = before(now, TOMBSTONES_STAY).as_millisecond();
    let mut batch = store.database.batch().durability(Some(PersistMode::Buffer));
    let mut left = *extent;
    for guard in store.index.prefix(index_key(topic.id, partition, b"")) {
        let (key, entry) = guard.into_inner().map_err(text)?;
        let removed = number(entry.get(8..).unwrap_or_default()).cast_signed();
        if removed == 0 || removed >= oldest {
            continue;
        }
        let record = record_key(topic.id, partition, number(&entry));
        let size = store.records.size_of(record).map_err(text)?;
        left.bytes = left.bytes.saturating_sub(size.map_or(0, u64::from));
        batch.remove(&store.records, record);
        batch.remove(&store.index, key);
    }
    if !batch.is_empty() {
        batch.insert(
            &store.meta,
            extent_key(topic.id, partition),
            left.to_bytes(),
        );
        batch.commit().map_err(text)?;
        *extent = left;
    }
    Ok(())
}

/// The time that is `age` before `now`, or the first there is.
fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}
