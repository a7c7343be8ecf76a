//! What a feed is asked with that nobody else may see, and to whom it may be sent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::settings::SettingsError;

/// A text that no log and no `Debug` shows.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// What a feed is asked with. It is sent to the feed's own host alone: after a redirect to another host,
/// or from `https` to `http`, the poll goes on without.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// User and password (RFC 7617).
    pub login: Option<(String, Secret)>,
    /// Headers by name.
    pub headers: Vec<(String, Secret)>,
    /// A client certificate: its PEM chain, followed by its PEM key.
    pub certificate: Option<Secret>,
}

/// Headers that the fetcher sets itself, or that change how a message is read.
const OWN: [HeaderName; 15] = [
    header::ACCEPT_ENCODING,
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::USER_AGENT,
];

impl Credential {
    /// Its headers as they are sent.
    pub(crate) fn headers(&self, name: &str) -> Result<HeaderMap, SettingsError> {
        let wrong = |what| SettingsError::Credential {
            name: name.to_owned(),
            what,
        };
        let mut headers = HeaderMap::new();
        for (header, value) in &self.headers {
            let header = HeaderName::from_bytes(header.as_bytes())
                .map_err(|_| wrong("names a header that is none"))?;
            if OWN.contains(&header) {
                return Err(wrong("sets a header that is not its to set"));
            }
            let value = HeaderValue::from_str(&value.0)
                .map_err(|_| wrong("has a header whose value is not printable ASCII"))?;
            headers.insert(header, hidden(value));
        }
        if let Some((user, password)) = &self.login {
            if user.contains(':') {
                return Err(wrong("has a user with a colon, which would end it"));
            }
            let login = STANDARD.encode(format!("{user}:{}", password.0));
            let value = HeaderValue::from_str(&format!("Basic {login}"));
            let value = value.map_err(|_| wrong("has a password that cannot be sent"))?;
            headers.insert(header::AUTHORIZATION, hidden(value));
        }
        Ok(headers)
    }
}

fn hidden(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// Whether what may be sent to `here` may be sent to `there`, where `here` redirects to: the host is the
/// same, and the scheme too or better.
pub(crate) fn may_follow(here: &Url, there: &Url) -> bool {
    let usual = |url: &Url| url.port().is_none();
    let same_port = here.port_or_known_default() == there.port_or_known_default()
        || usual(here) && usual(there);
    let weaker = here.scheme() == "https" && there.scheme() != "https";
    here.host() == there.host() && same_port && !weaker
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_follows_to_the_same_host_and_never_to_a_weaker_scheme() {
        let follows = |here: &str, there: &str| {
            may_follow(
                &Url::parse(here).expect("an address"),
                &Url::parse(there).expect("an address"),
            )
        };
        assert!(follows("https://a.example/x", "https://a.example/y"));
        assert!(follows("http://a.example/", "https://a.example/"));
        assert!(!follows("https://a.example/", "http://a.example/"));
        assert!(!follows("https://a.example/", "https://b.example/"));
        assert!(!follows("https://a.example/", "https://www.a.example/"));
        assert!(!follows("https://a.example/", "https://a.example:8443/"));
        assert!(!follows("http://a.example:8080/", "https://a.example/"));
    }

    #[test]
    fn a_credential_shows_no_secret_and_sets_no_header_of_the_fetcher() {
        let credential = Credential {
            login: Some(("desk".to_owned(), Secret("hunter2".to_owned()))),
            headers: vec![("X-Key".to_owned(), Secret("hunter2".to_owned()))],
            certificate: Some(Secret("hunter2".to_owned())),
        };
        let headers = credential.headers("desk").expect("it can be sent");
        assert_eq!(headers["authorization"], "Basic ZGVzazpodW50ZXIy");
        assert!(!format!("{credential:?} {headers:?}").contains("hunter2"));
        for (name, value) in [
            ("Host", "a"),
            ("If-None-Match", "a"),
            ("X", "a\r\nb"),
            ("", ""),
        ] {
            let credential = Credential {
                headers: vec![(name.to_owned(), Secret(value.to_owned()))],
                ..Credential::default()
            };
            assert!(credential.headers("x").is_err(), "{name}");
        }
    }
}
