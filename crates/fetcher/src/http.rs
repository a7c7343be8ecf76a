//! One conditional GET, redirects followed by hand, everything capped.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, StatusCode};
use url::Url;

use crate::guard::{Blocked, Guard};
use crate::hints;
use crate::hosts::{self, Hosts, Turn};
use crate::inflate::{self, InflateError};
use crate::poll::PollError;
use crate::settings::{Settings, SettingsError};

/// Validators longer than this are not kept: they are an attack, not a date or a tag.
const MAX_VALIDATOR: usize = 1024;

/// What a publisher answered.
pub(crate) struct Answer {
    pub(crate) body: Body,
    /// Where the answer came from, after redirects.
    pub(crate) url: Url,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// How long the publisher says that the answer stays fresh.
    pub(crate) fresh_for: Option<Duration>,
    /// Where the address that was asked has moved for good: the end of the permanent redirects (301, 308)
    /// that the request began with.
    pub(crate) moved: Option<Url>,
}

/// What a request says of the document that is known already; each is sent back byte for byte.
#[derive(Clone, Copy, Default)]
pub(crate) struct Validators<'a> {
    pub(crate) etag: Option<&'a str>,
    pub(crate) last_modified: Option<&'a str>,
}

pub(crate) enum Body {
    /// 304: what is known still holds.
    NotModified,
    /// 410: there is no feed any more.
    Gone,
    /// 200, decoded.
    Document {
        bytes: Vec<u8>,
        content_type: Option<String>,
    },
}

/// The HTTP client of the process.
pub(crate) struct Http {
    client: Client,
    guard: Guard,
    total_timeout: Duration,
    max_body: u64,
    max_wire: u64,
    max_ratio: u64,
    max_redirects: u32,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        // Another part of the process may have chosen the same provider before; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(&settings.allow)?;
        let agent =
            HeaderValue::from_str(&settings.agent()).map_err(|_| SettingsError::UserAgent)?;
        let client = Client::builder()
            .user_agent(agent)
            .connect_timeout(settings.connect_timeout)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .dns_resolver(guard.clone())
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(30))
            .build()
            .map_err(SettingsError::Client)?;
        Ok(Self {
            client,
            guard,
            total_timeout: settings.total_timeout,
            max_body: settings.max_body,
            max_wire: settings.max_wire,
            max_ratio: settings.max_ratio,
            max_redirects: settings.max_redirects,
        })
    }

    /// The answer for the feed at `url`, asked with `validators`. `turn` is the right to ask its host; each
    /// redirect waits for a turn of its own, at the same host as at another.
    pub(crate) async fn get(
        &self,
        mut url: Url,
        validators: Validators<'_>,
        hosts: &Hosts,
        turn: Turn,
    ) -> Result<Answer, PollError> {
        let mut left = self.total_timeout;
        let mut moved = Moving::Nowhere;
        let mut turn = Some(turn);
        for _ in 0..=self.max_redirects {
            self.check(&url)?;
            let turn = match turn.take() {
                Some(turn) => turn,
                None => hosts.turn(hosts::authority(&url)).await,
            };
            let begun = tokio::time::Instant::now();
            let hop = tokio::time::timeout(left, self.hop(&url, validators));
            match hop.await.map_err(|_| PollError::Timeout)?? {
                Hop::Answer(mut answer) => {
                    answer.moved = moved.to();
                    return Ok(answer);
                }
                Hop::Elsewhere { to, for_good } => {
                    moved.on(&to, for_good);
                    url = to;
                }
            }
            left = left.saturating_sub(begun.elapsed());
            // The turn for one host is given back before another is waited for, or two feeds that
            // redirect to each other's hosts would wait for ever.
            drop(turn);
        }
        Err(PollError::Redirects)
    }

    fn check(&self, url: &Url) -> Result<(), PollError> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(PollError::Address(format!(
                "`{}` is neither http nor https",
                url.scheme()
            )));
        }
        self.guard
            .check(url)
            .map_err(|blocked| PollError::Blocked(blocked.0))
    }

    async fn hop(&self, url: &Url, validators: Validators<'_>) -> Result<Hop, PollError> {
        let mut request = self
            .client
            .get(url.clone())
            .header(header::ACCEPT, "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5")
            .header(header::ACCEPT_ENCODING, inflate::ACCEPTED);
        let conditions = [
            (header::IF_NONE_MATCH, validators.etag),
            (header::IF_MODIFIED_SINCE, validators.last_modified),
        ];
        let mut asked = false;
        for (name, value) in conditions {
            if let Some(value) = value.and_then(raw) {
                request = request.header(name, value);
                asked = true;
            }
        }
        let response = request.send().await.map_err(|error| failure(&error))?;
        let status = response.status();
        let headers = response.headers();
        let body = match status {
            StatusCode::NOT_MODIFIED if asked => Body::NotModified,
            StatusCode::GONE => Body::Gone,
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let location = text(headers, header::LOCATION).unwrap_or_default();
                let to = url.join(&location).map_err(|_| PollError::Redirects)?;
                let for_good = matches!(
                    status,
                    StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
                );
                return Ok(Hop::Elsewhere { to, for_good });
            }
            status if status.is_success() => {
                return self.read(url, response).await.map(Hop::Answer);
            }
            status => {
                return Err(PollError::Status {
                    status: status.as_u16(),
                    retry_after: hints::retry_after(headers, Timestamp::now()),
                });
            }
        };
        Ok(Hop::Answer(answer(url, headers, body)))
    }

    async fn read(&self, url: &Url, mut response: reqwest::Response) -> Result<Answer, PollError> {
        let codings: Vec<String> = response
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .map(|coding| String::from_utf8_lossy(coding.as_bytes()).into_owned())
            .collect();
        if response
            .content_length()
            .is_some_and(|length| length > self.max_wire)
        {
            return Err(PollError::TooLarge);
        }
        let mut coded = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
            if (coded.len() + chunk.len()) as u64 > self.max_wire {
                return Err(PollError::TooLarge);
            }
            coded.extend_from_slice(&chunk);
        }
        let coding = codings.join(", ");
        let bytes = inflate::inflate(coded, &coding, self.max_body, self.max_ratio);
        let bytes = bytes.map_err(|error| match error {
            InflateError::TooLarge => PollError::TooLarge,
            error => PollError::Coding(error.to_string()),
        })?;
        let content_type = text(response.headers(), header::CONTENT_TYPE);
        Ok(answer(
            url,
            response.headers(),
            Body::Document {
                bytes,
                content_type,
            },
        ))
    }
}

enum Hop {
    Answer(Answer),
    Elsewhere { to: Url, for_good: bool },
}

/// How far a chain of redirects has been permanent from its beginning.
enum Moving {
    Nowhere,
    To(Url),
    /// A temporary redirect followed; what comes behind it is no address of the feed's.
    Settled(Option<Url>),
}

impl Moving {
    fn on(&mut self, to: &Url, for_good: bool) {
        *self = match std::mem::replace(self, Self::Nowhere) {
            Self::Nowhere | Self::To(_) if for_good => Self::To(to.clone()),
            moving => Self::Settled(moving.to()),
        };
    }

    fn to(self) -> Option<Url> {
        match self {
            Self::Nowhere => None,
            Self::To(url) => Some(url),
            Self::Settled(url) => url,
        }
    }
}

fn answer(url: &Url, headers: &HeaderMap, body: Body) -> Answer {
    Answer {
        body,
        url: url.clone(),
        etag: validator(headers, header::ETAG),
        last_modified: validator(headers, header::LAST_MODIFIED),
        fresh_for: hints::fresh_for(headers, Timestamp::now()),
        moved: None,
    }
}

/// A validator byte for byte, each byte as the character of its number, so that any can be kept as text.
fn validator(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?.as_bytes();
    (!value.is_empty() && value.len() <= MAX_VALIDATOR)
        .then(|| value.iter().copied().map(char::from).collect())
}

/// The bytes that [`validator`] kept.
fn raw(validator: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = validator.chars().map(|c| u8::try_from(c).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    Some(String::from_utf8_lossy(headers.get(name)?.as_bytes()).into_owned())
}

fn failure(error: &reqwest::Error) -> PollError {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut last = String::new();
    while let Some(error) = cause {
        if let Some(blocked) = error.downcast_ref::<Blocked>() {
            return PollError::Blocked(blocked.0.clone());
        }
        last = error.to_string();
        cause = error.source();
    }
    // The innermost cause says what happened; the outer ones repeat the address with its query.
    if error.is_timeout() {
        PollError::Timeout
    } else {
        PollError::Connect(last)
    }
}
