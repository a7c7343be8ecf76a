//! How the fetcher behaves towards publishers and what it accepts from them.

use std::time::Duration;

/// What an operator can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The product's name and version, as `name/version`.
    pub user_agent: String,
    /// An address or a mailbox at which a publisher reaches the operator; part of the User-Agent.
    pub contact: String,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest that one poll may take, redirects and body included, however slowly bytes drip.
    pub total_timeout: Duration,
    /// The most bytes of a body after decoding.
    pub max_body: u64,
    /// The most bytes of a body on the wire.
    pub max_wire: u64,
    /// How many times larger a body may become by decoding; small bodies are let off.
    pub max_ratio: u64,
    /// The most redirects that one poll follows.
    pub max_redirects: u32,
    /// The most items that are read of one document.
    pub max_items: usize,
    /// The shortest time between two polls of a feed, and the first wait after a failure.
    pub min_interval: Duration,
    /// The longest time between two polls of a feed, unless the publisher asks for longer.
    pub max_interval: Duration,
    /// The time between two polls of a feed whose rhythm is unknown.
    pub default_interval: Duration,
    /// The time between the starts of two requests to one host.
    pub host_spacing: Duration,
    /// How many requests to one host may be under way.
    pub host_permits: usize,
    /// Over which time the polls that are overdue at start are spread.
    pub start_spread: Duration,
    /// The most bytes of plain text that are kept of each field of an item.
    pub max_text: usize,
    /// What may be reached though it is private or on this machine: an address, a network in CIDR
    /// notation, or a host with or without a port (`127.0.0.1:8080`, `feeds.intranet`).
    pub allow: Vec<String>,
    /// How many polls may be under way.
    pub concurrency: usize,
}

impl Default for Settings {
    fn default() -> Self {
        let minute = |minutes: u64| Duration::from_secs(minutes * 60);
        Self {
            user_agent: concat!("claimwire/", env!("CARGO_PKG_VERSION")).to_owned(),
            contact: String::new(),
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(60),
            max_body: 16 << 20,
            max_wire: 8 << 20,
            max_ratio: 100,
            max_redirects: 5,
            max_items: 2_000,
            min_interval: minute(2),
            max_interval: minute(6 * 60),
            default_interval: minute(15),
            host_spacing: Duration::from_secs(2),
            host_permits: 1,
            start_spread: Duration::from_secs(30),
            max_text: 64 * 1024,
            allow: Vec::new(),
            concurrency: 64,
        }
    }
}

/// Settings with which nothing can be fetched.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An entry of `allow` that is no address, no network and no host.
    #[error(
        "`{0}` is no address, no network such as 10.0.0.0/8 and no host such as 127.0.0.1:8080"
    )]
    Allow(String),
    /// Intervals in the wrong order, or none at all.
    #[error("the shortest interval must be above zero and at most the longest")]
    Intervals,
    /// No request could ever start.
    #[error("`concurrency` and `host_permits` must be at least 1")]
    NoPermits,
    /// The User-Agent holds characters that no header may.
    #[error("the user agent and the contact must be printable ASCII")]
    UserAgent,
    /// The HTTP client cannot be made: no TLS roots, for one.
    #[error("the HTTP client cannot be made")]
    Client(#[source] reqwest::Error),
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.min_interval.is_zero() || self.min_interval > self.max_interval {
            return Err(SettingsError::Intervals);
        }
        if self.concurrency == 0 || self.host_permits == 0 {
            return Err(SettingsError::NoPermits);
        }
        Ok(())
    }

    pub(crate) fn agent(&self) -> String {
        if self.contact.is_empty() {
            return self.user_agent.clone();
        }
        format!("{} (+{})", self.user_agent, self.contact)
    }
}
