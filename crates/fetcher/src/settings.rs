//! How the fetcher behaves towards publishers and what it accepts from them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use crate::built_in::BuiltIn;
use crate::credential::{Credential, Secret};
use crate::websub::WebSub;

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
    /// The fewest bytes a second that a body may come with, measured over each sixth of `total_timeout`.
    pub min_rate: u64,
    /// The most bytes that the bodies of all polls may hold in memory at once, from their first byte until
    /// what was read of them is committed; further ones wait.
    pub max_in_flight: u64,
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
    /// The DNS servers that are asked; none means the system's resolver.
    pub dns: Vec<SocketAddr>,
    /// Through which all that `allow` does not open is reached: an `http`, `https` or `socks5h` address.
    /// The proxy resolves names, so only literal addresses are checked here.
    pub proxy: Option<String>,
    /// User and password for the proxy.
    pub proxy_login: Option<(String, Secret)>,
    /// PEM certificates of authorities to trust beside the system's.
    pub authorities: Option<String>,
    /// What feeds name in `credential`.
    pub credentials: BTreeMap<String, Credential>,
    /// A feed that the process makes itself.
    pub built_in: Option<BuiltIn>,
    /// How hubs push to this process; without it none is asked to.
    pub websub: Option<WebSub>,
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
            min_rate: 1 << 10,
            max_in_flight: 64 << 20,
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
            dns: Vec::new(),
            proxy: None,
            proxy_login: None,
            authorities: None,
            credentials: BTreeMap::new(),
            built_in: None,
            websub: None,
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
    /// No body of the largest size would ever be read.
    #[error("`max_in_flight` must be at least `max_wire` and `max_body` together")]
    InFlight,
    /// A callback that hubs cannot be given.
    #[error("the callback must be an http or https address without user, query and fragment")]
    Callback,
    /// The resolver for `dns` cannot be made.
    #[error("the DNS servers cannot be asked")]
    Dns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A proxy that cannot be used.
    #[error("the proxy must be an http, https or socks5h address without a password in it")]
    Proxy,
    /// Authorities that are no PEM certificates.
    #[error("the authorities are no PEM certificates")]
    Authorities,
    /// A credential that cannot be sent.
    #[error("the credential `{name}` {what}")]
    Credential {
        /// As feeds name it.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
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
        if self.max_in_flight < self.max_wire.saturating_add(self.max_body) {
            return Err(SettingsError::InFlight);
        }
        if self.websub.as_ref().is_some_and(|it| !it.can_be_called()) {
            return Err(SettingsError::Callback);
        }
        Ok(())
    }

    /// The mailbox of the operator, for `From` (RFC 9110 §10.1.2: robots should name one).
    pub(crate) fn mailbox(&self) -> Option<&str> {
        let contact = self.contact.trim();
        let contact = contact.strip_prefix("mailto:").unwrap_or(contact);
        let (name, host) = contact.split_once('@')?;
        let plain = |part: &str| !part.is_empty() && !part.contains(['@', '/', ' ', '<', '>']);
        (plain(name) && plain(host)).then_some(contact)
    }

    pub(crate) fn agent(&self) -> String {
        if self.contact.is_empty() {
            return self.user_agent.clone();
        }
        format!("{} (+{})", self.user_agent, self.contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_named_and_an_address_of_a_page_is_not_one() {
        let mailbox = |contact: &str| {
            let contact = contact.to_owned();
            let settings = Settings {
                contact,
                ..Settings::default()
            };
            settings.mailbox().map(str::to_owned)
        };
        let desk = Some("desk@example.org".to_owned());
        assert_eq!(mailbox("desk@example.org"), desk);
        assert_eq!(mailbox("mailto:desk@example.org"), desk);
        for other in [
            "",
            "https://example.org/@desk",
            "desk",
            "@example.org",
            "a@b@c",
            "the desk @ example.org",
        ] {
            assert_eq!(mailbox(other), None, "{other}");
        }
    }
}
