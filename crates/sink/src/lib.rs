//! The log: a set of partitioned topics that every stage reads from and writes to.
//!
//! Two backends keep one contract: Kafka, and an embedded store in one directory. The contract is
//! the test-suite `tests/log_contract.rs`, which runs against both:
//!
//! - **Append**: a [`Batch`] for any topics, with the input positions it came from, becomes visible
//!   at once or not at all.
//! - **Join**: the members of a named group share a topic's partitions. A member that lost a
//!   partition can no longer commit for it.
//! - **Restore**: [`Log::latest`] reads a compacted partition as one value a key, and sees every
//!   commit that an earlier holder of the partition can still bring about.
//! - Readers see committed records only, in offset order.
//!
//! Errors end nothing: `errors.md` says what each of Kafka's leads to.

pub mod envelope;
mod finding;
mod kafka;
mod local;
mod log;
mod murmur2;
mod record;
mod settings;
mod tenure;

pub use finding::{Finding, Standing};
pub use log::{Appender, Error, Event, Follower, From, Log, Member, OpenError, Range, Start};
pub use record::{Batch, Entry, Headers, Lease, Record};
pub use settings::{Cleanup, KafkaSettings, LocalSettings, Security, Settings, TopicSpec};
pub use tenure::Tenure;
