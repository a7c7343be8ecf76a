//! What is written to a topic, and what is read from one.

use std::borrow::Cow;

use jiff::Timestamp;

/// Names and values, in order.
pub type Headers = Vec<(Cow<'static, str>, Cow<'static, [u8]>)>;

/// A record to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The topic's name without the prefix.
    pub topic: String,
    /// The key; records with an equal key keep their order.
    pub key: Vec<u8>,
    /// What decides the partition, where it is not the key.
    pub partition_key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone, which deletes the key from a compacted topic.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Headers,
    /// When the event happened, as far as the record is concerned.
    pub timestamp: Timestamp,
}

/// A record as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The topic's name without the prefix.
    pub topic: String,
    /// Its partition.
    pub partition: u32,
    /// Its offset in the partition.
    pub offset: u64,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Headers,
    /// Its timestamp.
    pub timestamp: Timestamp,
}

/// The right to act for an input partition, handed out with [`Event::Assigned`](crate::Event). A
/// partition that was taken away and handed out again, even to the same member, has a new lease: a
/// batch made under an earlier one is refused, because the work behind it is being done again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The partition.
    pub partition: u32,
    /// Counts how often the member was handed a partition; its own business.
    pub(crate) epoch: u64,
}

/// Records that become visible together with the input positions they came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The records, for any topics.
    pub records: Vec<Record>,
    /// For each input partition that the batch acts for, the offset to read next. A partition must be
    /// named even when its position does not move: naming it is what fences a member that lost it.
    pub positions: Vec<(Lease, u64)>,
}
