//! How a log is opened.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where the log is and what its topics are called.
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in a process")]
pub enum Settings {
    /// An embedded store in one directory, for one process.
    Local(LocalSettings),
    /// An Apache Kafka cluster.
    Kafka(KafkaSettings),
}

/// The embedded store.
#[derive(Clone, Debug)]
pub struct LocalSettings {
    /// Its directory; created when it is missing.
    pub directory: PathBuf,
    /// What every topic name begins with.
    pub prefix: String,
}

/// A Kafka cluster.
#[derive(Clone)]
pub struct KafkaSettings {
    /// `host:port`, comma-separated.
    pub brokers: String,
    /// What every topic, group and transactional id begins with.
    pub prefix: String,
    /// This process's name, unique among those that run at once and kept across restarts: it makes
    /// the transactional ids, by which a restarted process fences its former self.
    pub instance: String,
    /// How connections are secured.
    pub security: Security,
    /// Replicas of the topics that are created; 0 leaves it to the broker.
    pub replication: i32,
    /// The least time between two commits of one member.
    pub commit_interval: Duration,
    /// Further librdkafka properties, which win over ours.
    pub properties: BTreeMap<String, String>,
}

/// How connections to Kafka are secured.
#[derive(Clone, Default)]
pub struct Security {
    /// Encrypt with TLS.
    pub tls: bool,
    /// PEM file of the authorities to trust, instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client certificate.
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the client key.
    pub key_file: Option<PathBuf>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub sasl_mechanism: Option<String>,
    /// SASL user name.
    pub username: Option<String>,
    /// SASL password; never shown.
    pub password: Option<String>,
}

/// A topic and the settings it is created with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicSpec {
    /// Its name without the prefix.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
    /// What becomes of old records.
    pub cleanup: Cleanup,
}

/// What becomes of old records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleanup {
    /// The latest record of each key is kept.
    Compact,
    /// Records past an age go, and the oldest past a size of the partition.
    Delete {
        /// Age at which a record may go.
        age: Duration,
        /// Bytes of one partition past which its oldest records may go.
        bytes: Option<u64>,
    },
}
