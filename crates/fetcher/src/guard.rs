//! Which addresses may be reached: the public Internet, and what the operator opens.
//!
//! A custom resolver alone is no guard, because an address written as a number never reaches it. So
//! literals are checked on every hop, and what a name resolves to is checked as it is connected to
//! ([`crate::names`]). Every spelling of an address is one address here: the URL standard's parser has
//! read decimal, octal, hexadecimal, short and full-width forms before anything is compared.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use url::{Host, Url};

use crate::settings::SettingsError;

/// The rule, cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Guard(Arc<Vec<Opened>>);

/// Something that the operator opened; it opens that and nothing beside it.
#[derive(Clone, Debug)]
enum Opened {
    /// On every port, also for names that resolve to it.
    Network(IpAddr, u8),
    /// Written as a number, on one port.
    Socket(SocketAddr),
    /// Wherever the name leads, on one port or on all.
    Name(String, Option<u16>),
}

/// By which right an address may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// As anybody may; where a name leads is still to be checked.
    Public,
    /// The operator opened it, wherever it leads.
    Opened,
}

/// An address that may not be reached.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0} is not on the public Internet")]
pub(crate) struct Blocked(pub(crate) String);

impl Guard {
    pub(crate) fn new(allow: &[String]) -> Result<Self, SettingsError> {
        let opened = allow
            .iter()
            .map(|entry| Opened::read(entry).ok_or_else(|| SettingsError::Allow(entry.clone())));
        Ok(Self(Arc::new(opened.collect::<Result<_, _>>()?)))
    }

    /// By which right the address's host may be reached, as far as it can be told without resolving it.
    pub(crate) fn check(&self, url: &Url) -> Result<Reach, Blocked> {
        let port = url.port_or_known_default().unwrap_or_default();
        let (opened, closed) = match url.host() {
            Some(Host::Ipv4(address)) => self.address(address.into(), port),
            Some(Host::Ipv6(address)) => self.address(address.into(), port),
            Some(Host::Domain(name)) => {
                let name = name.trim_end_matches('.');
                let opened = self.0.iter().any(|opened| opened.names(name, port));
                // RFC 6761: these lead to this machine, whatever a resolver says.
                let local = name == "localhost" || name.ends_with(".localhost");
                (opened, local || name.is_empty())
            }
            None => (false, true),
        };
        match (opened, closed) {
            (true, _) => Ok(Reach::Opened),
            (false, false) => Ok(Reach::Public),
            (false, true) => Err(Blocked(url.host_str().unwrap_or_default().to_owned())),
        }
    }

    fn address(&self, address: IpAddr, port: u16) -> (bool, bool) {
        let socket = SocketAddr::new(address, port);
        let opened = self
            .0
            .iter()
            .any(|opened| matches!(opened, Opened::Socket(opened) if *opened == socket));
        (
            opened || self.in_opened_network(address),
            !is_public(address),
        )
    }

    /// Whether a name that the operator did not open may lead to `address`.
    pub(crate) fn permits(&self, address: IpAddr) -> bool {
        is_public(address) || self.in_opened_network(address)
    }

    fn in_opened_network(&self, address: IpAddr) -> bool {
        self.0.iter().any(|opened| opened.holds(address))
    }
}

impl Opened {
    fn read(entry: &str) -> Option<Self> {
        if let Some((address, bits)) = entry.split_once('/') {
            let address: IpAddr = address.parse().ok()?;
            let bits: u8 = bits.parse().ok()?;
            return (bits <= width(address)).then_some(Self::Network(address, bits));
        }
        if let Ok(address) = entry.parse::<IpAddr>() {
            return Some(Self::Network(address, width(address)));
        }
        if let Ok(socket) = entry.parse() {
            return Some(Self::Socket(socket));
        }
        let (host, port) = match entry.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        // Another spelling of an address opens nothing: the operator writes the one that everybody reads.
        match Host::parse(host) {
            Ok(Host::Domain(name)) => Some(Self::Name(name.trim_end_matches('.').to_owned(), port)),
            _ => None,
        }
    }

    fn names(&self, host: &str, port: u16) -> bool {
        matches!(self, Self::Name(name, on) if name == host && on.is_none_or(|on| on == port))
    }

    fn holds(&self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Network(IpAddr::V4(network), bits), IpAddr::V4(address)) => {
                let shift = 32 - u32::from(*bits);
                u32::from(*network).checked_shr(shift) == u32::from(address).checked_shr(shift)
            }
            (Self::Network(IpAddr::V6(network), bits), IpAddr::V6(address)) => {
                let shift = 128 - u32::from(*bits);
                u128::from(*network).checked_shr(shift) == u128::from(address).checked_shr(shift)
            }
            _ => false,
        }
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Whether an address is globally reachable by the IANA special-purpose registries (RFC 6890), with the
/// forms of IPv6 that carry an IPv4 address refused as a whole: their other end decides where they lead.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224
        || (a == 100 && (b & 0xC0) == 64)
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b & 0xFE) == 18);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    // Only 2000::/3 is handed out; it leaves ::1, ::ffff:0:0/96, 64:ff9b::/96, fc00::/7, fe80::/10 and
    // ff00::/8 outside. Inside it: protocol assignments with Teredo, documentation and 6to4.
    let global = (first & 0xE000) == 0x2000;
    let special = match first {
        0x2001 => second < 0x0200 || second == 0x0DB8,
        0x2002 => true,
        0x3FFF => second < 0x1000,
        _ => false,
    };
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(allow: &[&str], url: &str) -> bool {
        let allow: Vec<String> = allow.iter().map(|entry| (*entry).to_owned()).collect();
        let guard = Guard::new(&allow).expect("the entries are right");
        guard.check(&Url::parse(url).expect("an address")).is_ok()
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        let hosts = [
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "0",
            "１２７.0.0.1",
            "127.0.0.1.",
            "localhost",
            "LOCALHOST.",
            "a.localhost",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::127.0.0.1]",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "255.255.255.255",
            "192.88.99.1",
            "[fc00::1]",
            "[fe80::1]",
            "[ff02::1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001::1]",
            "[2001:db8::1]",
            "[100::1]",
            "[3fff::1]",
        ];
        for host in hosts {
            assert!(!checked(&[], &format!("http://{host}/feed")), "{host}");
        }
        for host in [
            "8.8.8.8",
            "example.org",
            "[2606:4700::1111]",
            "100.128.0.1",
            "172.32.0.1",
        ] {
            assert!(checked(&[], &format!("http://{host}/feed")), "{host}");
        }
    }

    #[test]
    fn what_the_operator_opens_is_open_and_nothing_beside_it() {
        assert!(checked(&["127.0.0.1:8080"], "http://127.0.0.1:8080/"));
        assert!(!checked(&["127.0.0.1:8080"], "http://127.0.0.1:8081/"));
        assert!(checked(&["10.0.0.0/8"], "http://10.200.1.1/"));
        assert!(!checked(
            &["10.0.0.0/8"],
            "http://11.0.0.1.nowhere.localhost/"
        ));
        assert!(checked(&["localhost"], "http://localhost:99/"));
        assert!(!checked(&["localhost:80"], "http://localhost:99/"));
        assert!(checked(&["[::1]:80"], "http://[0:0::1]/"));
        assert!(!checked(&["127.0.0.1"], "http://[::ffff:127.0.0.1]/"));
        // A public host that is opened on one port is as public as before on the others.
        assert!(checked(&["example.org:8080"], "https://example.org/"));
        assert!(!checked(&["example.org"], "http://localhost/"));
    }

    #[test]
    fn an_entry_that_opens_nothing_is_an_error() {
        for entry in ["", "10.0.0.0/33", "host:port", "a b", "0x7f.1", "127.1:80"] {
            assert!(Guard::new(&[entry.to_owned()]).is_err(), "{entry}");
        }
    }
}
