//! Polling and following feeds: where the pure parts meet the network and the clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt;
use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use url::Url;
use wire::document::ParseStatus;
use wire::record::Origin;
use wire::schedule::{Asked, Rhythm};
use wire::{DeadLetter, Document, FeedSpec, FeedState};

use crate::hints;
use crate::hosts::{self, Hosts, Turn};
use crate::http::{Answer, Body, Http, Validators};
use crate::parse::{self, Limits};
use crate::poll::{Offer, Outcome, Poll, PollError};
use crate::revise;
use crate::schedule;
use crate::settings::{Settings, SettingsError};
use crate::status::{Board, FeedStatus, redacted};

/// The fetcher of a process: one HTTP client, one set of turns by host. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher(Arc<Shared>);

struct Shared {
    settings: Settings,
    http: Http,
    hosts: Hosts,
    board: Board,
}

/// The state of a feed that was never polled, due at once.
#[must_use]
pub fn new_state(spec: &FeedSpec, now: Timestamp) -> FeedState {
    FeedState {
        feed: spec.id.clone(),
        url: spec.url.clone(),
        etag: None,
        last_modified: None,
        body: None,
        next_poll: now,
        last_success: None,
        failures: 0,
        cadence_seconds: 0,
        rhythm: Rhythm::default(),
        asked: Asked::default(),
        doubted: None,
        adopted: None,
        moved: None,
        gone: false,
        seen: Vec::new(),
    }
}

impl Fetcher {
    /// A fetcher that behaves as `settings` say.
    ///
    /// # Errors
    /// When the settings contradict themselves or the HTTP client cannot be made.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let http = Http::new(&settings)?;
        let hosts = Hosts::new(
            settings.concurrency,
            settings.host_permits,
            settings.host_spacing,
        );
        Ok(Self(Arc::new(Shared {
            settings,
            http,
            hosts,
            board: Board::default(),
        })))
    }

    /// One poll: waits for the host's turn, asks conditionally, parses, identifies, compares with `state`.
    /// It never fails as a whole; a failure is an outcome, with its backoff in the state.
    pub async fn poll(&self, spec: &FeedSpec, state: &FeedState) -> Poll {
        let turn = self.turn(spec).await;
        self.poll_in(turn, spec, state.clone()).await
    }

    /// Follows one feed: sleeps until it is due, polls, offers what must be written, waits until that is
    /// committed, and only then goes on from the new state. Ends when `stop` is cancelled (a poll that is
    /// under way is finished and offered), when the publisher has ended the feed, when an offer is
    /// dropped uncommitted, or when nobody receives offers any more.
    pub async fn follow(
        &self,
        spec: FeedSpec,
        state: FeedState,
        offers: mpsc::Sender<Offer>,
        stop: CancellationToken,
    ) {
        let mut state = for_spec(&spec, state);
        // A feed without a state falls due with all the others at start: they are spread.
        if state.next_poll <= Timestamp::now() {
            state.next_poll = self.spread(&spec, Timestamp::now());
        }
        self.0.board.waiting(&spec, &state, state.next_poll);
        while !state.gone {
            let due = async {
                tokio::time::sleep(until(state.next_poll)).await;
                self.turn(&spec).await
            };
            let Some(turn) = stop.run_until_cancelled(due).await else {
                break;
            };
            let poll = self.poll_in(turn, &spec, state).await;
            if !poll.must_be_written() {
                state = poll.state;
                continue;
            }
            state = poll.state.clone();
            let (committed, written) = oneshot::channel();
            let offer = Offer {
                feed: spec.id.clone(),
                poll,
                committed,
            };
            if offers.send(offer).await.is_err() || written.await.is_err() {
                break;
            }
        }
        self.0.board.forget(&spec.id);
    }

    /// How every feed that this process polls is doing, by feed id.
    #[must_use]
    pub fn status(&self) -> Vec<FeedStatus> {
        self.0.board.all()
    }

    /// The right to ask the feed's host; for an address that is none, a turn at nobody's.
    async fn turn(&self, spec: &FeedSpec) -> Turn {
        let host = Url::parse(&spec.url)
            .map(|url| hosts::authority(&url))
            .unwrap_or_default();
        self.0.hosts.turn(host).await
    }

    async fn poll_in(&self, turn: Turn, spec: &FeedSpec, state: FeedState) -> Poll {
        let begun = tokio::time::Instant::now();
        let state = for_spec(spec, state);
        let failures = state.failures;
        let answer = match Url::parse(&spec.url) {
            Ok(url) => {
                let validators = Validators {
                    etag: state.etag.as_deref(),
                    last_modified: state.last_modified.as_deref(),
                };
                self.0.http.get(url, validators, &self.0.hosts, turn).await
            }
            Err(error) => Err(PollError::Address(error.to_string())),
        };
        let now = Timestamp::now();
        let poll = self.0.settle(spec, state, answer, now);
        self.0.board.polled(spec, &poll, now);
        report(spec, failures, &poll);
        metrics::histogram!("claimwire_poll_duration_seconds")
            .record(begun.elapsed().as_secs_f64());
        poll
    }

    /// A moment within the start-up spread; a feed with a shorter interval of its own does not wait
    /// longer than that.
    fn spread(&self, spec: &FeedSpec, now: Timestamp) -> Timestamp {
        let spread = schedule::fixed(spec)
            .unwrap_or(Duration::MAX)
            .min(self.0.settings.start_spread)
            .mul_f64(rand::rng().random_range(0.0..1.0));
        now.checked_add(spread).unwrap_or(now)
    }
}

impl Shared {
    /// What an answer makes of a feed's state.
    fn settle(
        &self,
        spec: &FeedSpec,
        mut state: FeedState,
        answer: Result<Answer, PollError>,
        now: Timestamp,
    ) -> Poll {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return self.failed(spec, state, error, now),
        };
        let max_age = answer.fresh_for;
        match answer.body {
            Body::Gone => {
                state.gone = true;
                plain(Outcome::Gone, state)
            }
            Body::NotModified => {
                // A server may renew its validators with a 304 (RFC 9110 §15.4.5).
                state.etag = answer.etag.or(state.etag);
                state.last_modified = answer.last_modified.or(state.last_modified);
                self.succeeded(spec, &mut state, max_age, now);
                plain(Outcome::NotModified, state)
            }
            Body::Document { ref bytes, .. } => {
                let body = body_digest(bytes);
                if state.body.as_ref() == Some(&body) {
                    state.etag = answer.etag;
                    state.last_modified = answer.last_modified;
                    self.succeeded(spec, &mut state, max_age, now);
                    return plain(Outcome::Unchanged, state);
                }
                self.document(spec, state, answer, body, now)
            }
        }
    }

    fn document(
        &self,
        spec: &FeedSpec,
        mut state: FeedState,
        answer: Answer,
        body: String,
        now: Timestamp,
    ) -> Poll {
        let Body::Document {
            bytes,
            content_type,
        } = &answer.body
        else {
            return plain(Outcome::NotModified, state);
        };
        let limits = Limits {
            max_items: self.settings.max_items,
            max_text: self.settings.max_text,
        };
        let document = parse::document_within(
            &limits,
            bytes,
            content_type.as_deref(),
            Some(answer.url.as_str()),
            &spec.id,
        );
        if document.status == ParseStatus::Error {
            let reason = document.repairs.last().cloned().unwrap_or_default();
            let dead = dead_letter(spec, bytes, content_type.as_deref(), &reason, now);
            // Without validators the next poll asks for the whole document again.
            (state.etag, state.last_modified, state.body) = (None, None, None);
            let poll = self.failed(spec, state, PollError::Unparsable(reason), now);
            return Poll {
                dead: Some(dead),
                ..poll
            };
        }
        let found = revise::compare(spec, &document, &state.seen, self.settings.max_text, now);
        count(&found);
        // What a partial document left out must be asked for again.
        let whole = document.status != ParseStatus::Partial;
        state.etag = answer.etag.filter(|_| whole);
        state.last_modified = answer.last_modified.filter(|_| whole);
        state.body = Some(body);
        state.seen = found.seen;
        state.asked = hints::of_document(&document.feed);
        state.cadence_seconds = self.cadence(spec, &document, now);
        self.succeeded(spec, &mut state, answer.fresh_for, now);
        let outcome = Outcome::Document {
            status: document.status,
            quality: document.quality,
            repairs: document.repairs,
            items: document.items.len(),
            new: found.new,
            revised: found.revised,
            withdrawn: found.withdrawn,
        };
        Poll {
            outcome,
            state,
            revisions: found.revisions,
            dead: None,
        }
    }

    fn cadence(&self, spec: &FeedSpec, document: &Document, now: Timestamp) -> u32 {
        let cadence = schedule::cadence(&self.settings, spec, &document.feed, &document.items, now);
        u32::try_from(cadence.as_secs()).unwrap_or(u32::MAX)
    }

    fn succeeded(
        &self,
        spec: &FeedSpec,
        state: &mut FeedState,
        max_age: Option<Duration>,
        now: Timestamp,
    ) {
        let cadence = match state.cadence_seconds {
            0 => self.settings.default_interval,
            seconds => Duration::from_secs(u64::from(seconds)),
        };
        state.failures = 0;
        state.last_success = Some(now);
        state.next_poll = schedule::after_success(&self.settings, spec, cadence, max_age, now);
    }

    fn failed(
        &self,
        spec: &FeedSpec,
        mut state: FeedState,
        error: PollError,
        now: Timestamp,
    ) -> Poll {
        let retry_after = match &error {
            PollError::Status {
                status: 429 | 503,
                retry_after,
            } => *retry_after,
            _ => None,
        };
        state.failures = state.failures.saturating_add(1);
        state.next_poll =
            schedule::after_failure(&self.settings, spec, state.failures, retry_after, now);
        plain(Outcome::Failed(error), state)
    }
}

/// The state as it holds for the feed's address: validators of another address are worth nothing, what
/// was seen there is.
fn for_spec(spec: &FeedSpec, mut state: FeedState) -> FeedState {
    if state.url != spec.url {
        state.url.clone_from(&spec.url);
        (state.etag, state.last_modified, state.body) = (None, None, None);
        state.gone = false;
    }
    state
}

fn plain(outcome: Outcome, state: FeedState) -> Poll {
    Poll {
        outcome,
        state,
        revisions: Vec::new(),
        dead: None,
    }
}

fn body_digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn dead_letter(
    spec: &FeedSpec,
    bytes: &[u8],
    content_type: Option<&str>,
    reason: &str,
    at: Timestamp,
) -> DeadLetter {
    let origin = Origin::Feed {
        feed: spec.id.clone(),
        url: redacted(&spec.url),
        content_type: content_type.map(str::to_owned),
    };
    let reason = format!("the document cannot be parsed: {reason}");
    DeadLetter::new(origin, reason, bytes, at)
}

fn until(due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default()
}

fn count(found: &revise::Comparison) {
    let kinds = [
        ("new", found.new),
        ("revised", found.revised),
        ("withdrawn", found.withdrawn),
    ];
    for (kind, number) in kinds {
        metrics::counter!("claimwire_items_total", "kind" => kind).increment(number as u64);
    }
}

/// Logs the first failure of a run and the recovery from it, and counts every poll.
fn report(spec: &FeedSpec, failures_before: u32, poll: &Poll) {
    metrics::counter!("claimwire_polls_total", "outcome" => poll.outcome.name()).increment(1);
    let (feed, url) = (&spec.id, redacted(&spec.url));
    match &poll.outcome {
        Outcome::Failed(error) if failures_before == 0 => tracing::warn!(
            feed.id = %feed, feed.url = url, feed.next_poll = %poll.state.next_poll, %error,
            "feed {feed} failed: {error}"
        ),
        Outcome::Failed(_) => {}
        Outcome::Gone => tracing::warn!(
            feed.id = %feed, feed.url = url, "feed {feed} was ended by its publisher (410)"
        ),
        _ if failures_before > 0 => tracing::info!(
            feed.id = %feed, feed.url = url, feed.failures = failures_before, "feed {feed} is back"
        ),
        _ => {}
    }
}
