//! One conditional GET, redirects followed by hand, everything capped.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::body;
use crate::budget::Share;
use crate::clients::{Clients, Held};
use crate::credential;
use crate::guard::{Blocked, Guard, Reach};
use crate::hints;
use crate::hosts::{self, Turn, Turns};
use crate::inflate;
use crate::poll::PollError;
use crate::settings::{Settings, SettingsError};
use crate::websub::offer::{self, Offered};

mod form;

/// Validators longer than this are not kept: they are an attack, not a date or a tag.
const MAX_VALIDATOR: usize = 1024;

/// The most headers of an answer, and the most bytes of all their names and values.
const MAX_HEADERS: usize = 100;
const MAX_HEADER_BYTES: usize = 64 << 10;

/// What a publisher answered.
pub(crate) struct Answer {
    pub(crate) body: Body,
    /// The memory that the body takes, until this is dropped.
    pub(crate) memory: Option<Share>,
    /// Where the answer came from, after redirects.
    pub(crate) url: Url,
    pub(crate) etag: Option<String>,
    pub(crate) last_modified: Option<String>,
    /// The hub that its headers name.
    pub(crate) offered: Option<Offered>,
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
    clients: Clients,
    guard: Guard,
    pub(crate) bodies: body::Reader,
    total_timeout: Duration,
    max_redirects: u32,
}

impl Http {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SettingsError> {
        // Another part of the process may have chosen the same provider before; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let guard = Guard::new(&settings.allow)?;
        Ok(Self {
            clients: Clients::new(settings, &guard)?,
            guard,
            bodies: body::Reader::new(settings),
            total_timeout: settings.total_timeout,
            max_redirects: settings.max_redirects,
        })
    }

    /// The answer for the feed at `url`, asked with `validators` and the `credential` that the feed names.
    /// `turn` is the right to ask its host; each redirect waits for a turn of its own, at the same host as
    /// at another. Other hosts are asked without the credential.
    pub(crate) async fn get(
        &self,
        mut url: Url,
        credential: Option<&str>,
        validators: Validators<'_>,
        turns: &Turns,
        turn: Turn,
    ) -> Result<Answer, PollError> {
        let mut held = match credential {
            Some(name) => {
                let held = self.clients.credential(name);
                Some(held.ok_or_else(|| PollError::Credential(name.to_owned()))?)
            }
            None => None,
        };
        let mut left = self.total_timeout;
        let mut moved = Moving::Nowhere;
        let mut turn = Some(turn);
        for _ in 0..=self.max_redirects {
            let reach = self.check(&url)?;
            let turn = match turn.take() {
                Some(turn) => turn,
                None => turns.turn(hosts::authority(&url)).await,
            };
            let begun = tokio::time::Instant::now();
            let hop = tokio::time::timeout(left, self.hop(&url, reach, held, validators));
            match hop.await.map_err(|_| PollError::Timeout)?? {
                Hop::Answer(mut answer) => {
                    answer.moved = moved.to();
                    return Ok(*answer);
                }
                Hop::Elsewhere { mut to, for_good } => {
                    // A publisher cannot have us log in anywhere.
                    let _ = (to.set_username(""), to.set_password(None));
                    // Once the chain has left the host it goes on without, wherever it leads.
                    held = held.filter(|_| credential::may_follow(&url, &to));
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

    fn check(&self, url: &Url) -> Result<Reach, PollError> {
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

    async fn hop(
        &self,
        url: &Url,
        reach: Reach,
        held: Option<&Held>,
        validators: Validators<'_>,
    ) -> Result<Hop, PollError> {
        let mut request = self
            .clients
            .client(reach, held)
            .get(url.clone())
            .header(header::ACCEPT, "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5")
            .header(header::ACCEPT_ENCODING, inflate::ACCEPTED);
        if let Some(held) = held {
            // They replace those above where they name the same.
            request = request.headers(held.headers.clone());
        }
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
        check_headers(headers)?;
        let body = match status {
            StatusCode::NOT_MODIFIED if asked => Body::NotModified,
            StatusCode::GONE => Body::Gone,
            StatusCode::MOVED_PERMANENTLY
            | StatusCode::FOUND
            | StatusCode::SEE_OTHER
            | StatusCode::TEMPORARY_REDIRECT
            | StatusCode::PERMANENT_REDIRECT => {
                let location = text(headers, header::LOCATION).ok_or(PollError::Redirects)?;
                let to = url.join(&location).map_err(|_| PollError::Redirects)?;
                let for_good = matches!(
                    status,
                    StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT
                );
                return Ok(Hop::Elsewhere { to, for_good });
            }
            // What other answers of success carry is no document, or a part of one that nobody asked for.
            StatusCode::OK | StatusCode::NON_AUTHORITATIVE_INFORMATION => {
                let mut answer = answer(url, headers, Body::Gone);
                let content_type = text(headers, header::CONTENT_TYPE);
                let (bytes, memory) = self.bodies.read(response).await?;
                answer.body = Body::Document {
                    bytes,
                    content_type,
                };
                answer.memory = Some(memory);
                return Ok(Hop::Answer(Box::new(answer)));
            }
            status => {
                return Err(PollError::Status {
                    status: status.as_u16(),
                    retry_after: hints::retry_after(headers, Timestamp::now()),
                });
            }
        };
        Ok(Hop::Answer(Box::new(answer(url, headers, body))))
    }
}

impl Answer {
    /// An answer that says no more than its body does.
    pub(crate) fn plain(url: Url, body: Body) -> Self {
        Self {
            body,
            memory: None,
            url,
            etag: None,
            last_modified: None,
            offered: None,
            fresh_for: None,
            moved: None,
        }
    }
}

enum Hop {
    Answer(Box<Answer>),
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
        etag: validator(headers, header::ETAG),
        last_modified: validator(headers, header::LAST_MODIFIED),
        offered: offer::by_headers(headers, url),
        fresh_for: hints::fresh_for(headers, Timestamp::now()),
        ..Answer::plain(url.clone(), body)
    }
}

fn check_headers(headers: &HeaderMap) -> Result<(), PollError> {
    let bytes = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len());
    if headers.len() > MAX_HEADERS || bytes.sum::<usize>() > MAX_HEADER_BYTES {
        return Err(PollError::TooLarge);
    }
    Ok(())
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

pub(crate) fn failure(error: &reqwest::Error) -> PollError {
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
