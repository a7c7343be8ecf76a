//! A record as bytes in the store: a format byte, the timestamp in milliseconds, then key, value
//! and headers, each with its length. Integers are big-endian.

use jiff::Timestamp;

use crate::record::{Entry, Record};

const FORMAT: u8 = 1;

/// Where an entry stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: u32,
    pub(super) offset: u64,
}

/// The record as it is stored.
pub(super) fn encode(record: &Record) -> Vec<u8> {
    let value = record.value.as_deref();
    let mut bytes = Vec::with_capacity(64 + record.key.len() + value.map_or(0, <[u8]>::len));
    bytes.push(FORMAT);
    bytes.extend(record.timestamp.as_millisecond().to_be_bytes());
    put(&mut bytes, &record.key);
    match value {
        Some(value) => {
            bytes.push(1);
            put(&mut bytes, value);
        }
        None => bytes.push(0),
    }
    bytes.extend((record.headers.len() as u32).to_be_bytes());
    for (name, value) in &record.headers {
        put(&mut bytes, name.as_bytes());
        put(&mut bytes, value);
    }
    bytes
}

/// The entry that `bytes` hold; `None` when they are not what [`encode`] wrote.
pub(super) fn decode(place: Place<'_>, bytes: &[u8]) -> Option<Entry> {
    let mut rest = bytes;
    if take(&mut rest, 1)? != [FORMAT] {
        return None;
    }
    let timestamp = timestamp(&mut rest)?;
    let key = get(&mut rest)?.to_vec();
    let value = match take(&mut rest, 1)? {
        [0] => None,
        _ => Some(get(&mut rest)?.to_vec()),
    };
    let mut headers = Vec::new();
    for _ in 0..length(&mut rest)? {
        let name = String::from_utf8(get(&mut rest)?.to_vec()).ok()?;
        headers.push((name.into(), get(&mut rest)?.to_vec().into()));
    }
    Some(Entry {
        topic: place.topic.to_owned(),
        partition: place.partition,
        offset: place.offset,
        key,
        value,
        headers,
        timestamp,
    })
}

/// When the stored record happened, without the cost of the rest.
pub(super) fn when(bytes: &[u8]) -> Option<Timestamp> {
    timestamp(&mut bytes.get(1..)?)
}

fn put(bytes: &mut Vec<u8>, part: &[u8]) {
    bytes.extend((part.len() as u32).to_be_bytes());
    bytes.extend(part);
}

fn get<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = length(rest)?;
    take(rest, length)
}

fn length(rest: &mut &[u8]) -> Option<usize> {
    Some(u32::from_be_bytes(take(rest, 4)?.try_into().ok()?) as usize)
}

fn timestamp(rest: &mut &[u8]) -> Option<Timestamp> {
    let milliseconds = i64::from_be_bytes(take(rest, 8)?.try_into().ok()?);
    Timestamp::from_millisecond(milliseconds).ok()
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (part, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(part)
}
