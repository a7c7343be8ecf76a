//! The sections of the configuration file, key by key, with their defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::credentials::CredentialEntry;
use super::units::{Size, Span};

/// `[log]`: where records are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct LogSection {
    /// The local log's directory, relative to the working directory.
    pub(crate) directory: PathBuf,
    /// `host:port` of Kafka brokers, comma-separated; where it is set, Kafka is the log.
    pub(crate) kafka: Option<String>,
    /// What every topic, group and transactional id begins with.
    pub(crate) prefix: String,
    /// Partitions of the topics that are created.
    pub(crate) partitions: u32,
    /// Age at which a record may go.
    pub(crate) retention: Span,
    /// Bytes of one partition past which its oldest records may go.
    pub(crate) retention_size: Option<Size>,
}

impl Default for LogSection {
    fn default() -> Self {
        Self {
            directory: "data".into(),
            kafka: None,
            prefix: "claimwire.".to_owned(),
            partitions: 8,
            retention: Span(Duration::from_hours(30 * 24)),
            retention_size: None,
        }
    }
}

/// `[kafka]`: how the brokers are spoken to.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct KafkaSection {
    /// This process's name: unique among those that run at once, kept across restarts.
    pub(crate) instance: String,
    /// Encrypt with TLS.
    pub(crate) tls: bool,
    /// PEM file of the authorities to trust.
    pub(crate) ca_file: Option<PathBuf>,
    /// PEM file of the client certificate.
    pub(crate) certificate_file: Option<PathBuf>,
    /// PEM file of the client key.
    pub(crate) key_file: Option<PathBuf>,
    /// `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`.
    pub(crate) sasl_mechanism: Option<Mechanism>,
    /// SASL user name.
    pub(crate) username: Option<String>,
    /// SASL password; from the environment only.
    pub(crate) password: Option<Secret>,
    /// The environment variable that holds the password.
    pub(crate) password_env: Option<String>,
    /// The file that holds the password.
    pub(crate) password_file: Option<PathBuf>,
    /// Replicas of the topics that are created; 0 leaves it to the broker.
    pub(crate) replication: u16,
    /// The least time between two commits.
    pub(crate) commit_interval: Span,
    /// Further librdkafka properties.
    pub(crate) properties: BTreeMap<String, Secret>,
}

/// This machine's name, which is the container's and the pod's as well.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "claimwire" } else { name }.to_owned()
}

impl Default for KafkaSection {
    fn default() -> Self {
        Self {
            instance: host_name(),
            tls: false,
            ca_file: None,
            certificate_file: None,
            key_file: None,
            sasl_mechanism: None,
            username: None,
            password: None,
            password_env: None,
            password_file: None,
            replication: 0,
            commit_interval: Span(Duration::from_millis(100)),
            properties: BTreeMap::new(),
        }
    }
}

/// How a user proves who they are to Kafka.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) enum Mechanism {
    /// User and password as they are; only over TLS.
    #[serde(rename = "PLAIN")]
    Plain,
    /// RFC 7677.
    #[serde(rename = "SCRAM-SHA-256")]
    ScramSha256,
    /// The same with SHA-512.
    #[serde(rename = "SCRAM-SHA-512")]
    ScramSha512,
}

impl Mechanism {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }
}

/// `[fetch]`: what is absent is as the fetcher has it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FetchSection {
    pub(crate) user_agent: Option<String>,
    pub(crate) contact: Option<String>,
    pub(crate) connect_timeout: Option<Span>,
    pub(crate) total_timeout: Option<Span>,
    pub(crate) max_body: Option<Size>,
    pub(crate) max_wire: Option<Size>,
    pub(crate) max_ratio: Option<u32>,
    pub(crate) min_rate: Option<Size>,
    pub(crate) max_in_flight: Option<Size>,
    pub(crate) max_redirects: Option<u32>,
    pub(crate) max_items: Option<u32>,
    pub(crate) min_interval: Option<Span>,
    pub(crate) max_interval: Option<Span>,
    pub(crate) default_interval: Option<Span>,
    pub(crate) host_spacing: Option<Span>,
    pub(crate) host_permits: Option<u32>,
    pub(crate) start_spread: Option<Span>,
    pub(crate) max_text: Option<Size>,
    pub(crate) allow: Option<Vec<String>>,
    /// Addresses, with a port where it is not 53.
    pub(crate) dns: Option<Vec<NameServer>>,
    pub(crate) proxy: Option<String>,
    /// The name of the credential whose user and password the proxy is given.
    pub(crate) proxy_credential: Option<String>,
    /// PEM file of authorities to trust beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) credentials: BTreeMap<String, CredentialEntry>,
    pub(crate) concurrency: Option<u32>,
}

/// A DNS server, by its address.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameServer(pub(crate) SocketAddr);

impl<'de> Deserialize<'de> for NameServer {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let usual = text.parse::<IpAddr>().map(|address| (address, 53).into());
        usual.or_else(|_| text.parse()).map(Self).map_err(|_| {
            serde::de::Error::custom(format!(
                "\"{text}\" is no DNS server; write its address as \"192.0.2.1\" or \"192.0.2.1:53\""
            ))
        })
    }
}

/// `[feeds]`: which files list the feeds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FeedsSection {
    /// Feed lists, relative to the configuration file.
    pub(crate) files: Option<Vec<PathBuf>>,
}

/// `[rules]`: which rules tag.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RulesSection {
    /// A directory that replaces the built-in rules, relative to the configuration file.
    pub(crate) directory: Option<PathBuf>,
}

/// `[stories]`: how much is remembered to know a text again.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct StoriesSection {
    /// How far apart the copies of a story may be published.
    pub(crate) window: Span,
    /// How many items' stories are known at once.
    pub(crate) items: u32,
}

impl Default for StoriesSection {
    fn default() -> Self {
        Self {
            window: Span(Duration::from_hours(3 * 24)),
            items: 20_000,
        }
    }
}

/// `[telemetry]`: where the daemon's own traces go.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TelemetrySection {
    /// The OpenTelemetry collector that spans are sent to, by OTLP over HTTP.
    pub(crate) otlp: Option<String>,
}

/// `[http]`: where the daemon answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct HttpSection {
    /// Address and port.
    #[serde(deserialize_with = "address")]
    pub(crate) listen: SocketAddr,
}

fn address<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| {
        serde::de::Error::custom(format!(
            "\"{text}\" is not an address and a port; write one as \"127.0.0.1:8686\" or \"[::1]:8686\""
        ))
    })
}

impl Default for HttpSection {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8686).into(),
        }
    }
}

/// `[websub]`: how hubs push.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WebsubSection {
    /// Where hubs reach this instance; without it no hub is asked to push.
    pub(crate) callback: Option<String>,
    /// Address and port on which it is answered.
    #[serde(deserialize_with = "address")]
    pub(crate) listen: SocketAddr,
    /// For how long hubs are asked to push.
    pub(crate) lease: Span,
    /// The shortest time between two polls of a feed whose hub delivers.
    pub(crate) poll: Span,
}

impl Default for WebsubSection {
    fn default() -> Self {
        Self {
            callback: None,
            listen: (Ipv4Addr::LOCALHOST, 8687).into(),
            lease: Span(Duration::from_hours(10 * 24)),
            poll: Span(Duration::from_hours(2)),
        }
    }
}

/// `[sample]`: the invented feeds of the quick start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SampleSection {
    /// Whether they are served and followed.
    pub(crate) enabled: bool,
}

/// `[canary]`: the built-in feed that measures the whole way.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct CanarySection {
    /// Whether it is followed and looked out for.
    pub(crate) enabled: bool,
    /// How often it has a fresh item.
    pub(crate) interval: Span,
}

impl Default for CanarySection {
    fn default() -> Self {
        Self {
            enabled: false,
            interval: Span(Duration::from_secs(60)),
        }
    }
}

/// `[shutdown]`: how the daemon ends.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ShutdownSection {
    /// How long polls and commits under way may take to end.
    #[serde(deserialize_with = "seconds")]
    pub(crate) grace: Duration,
}

fn seconds<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    Span::deserialize(deserializer).map(|Span(duration)| duration)
}

impl Default for ShutdownSection {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(10),
        }
    }
}

/// A text that no log, `Debug` or answer shows.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}
