//! Polling and following feeds: where the pure parts meet the network and the clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use url::Url;
use wire::schedule::{Asked, Rhythm};
use wire::{FeedSpec, FeedState};

use crate::budget::Share;
use crate::credential;
use crate::hosts::{self, Hosts, Turn};
use crate::http::{Http, Validators};
use crate::poll::{Offer, Outcome, Poll, PollError};
use crate::relocate;
use crate::schedule;
use crate::settings::{Settings, SettingsError};
use crate::settle::Settler;
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
        let state = for_spec(spec, state.clone());
        let turn = self.turn(spec, &state).await;
        self.poll_in(turn, spec, state).await.0
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
        state.next_poll = schedule::at_start(&self.0.settings, &spec, &state, Timestamp::now());
        self.0.board.waiting(&spec, &state);
        while !state.gone {
            let due = async {
                tokio::time::sleep(until(state.next_poll)).await;
                self.turn(&spec, &state).await
            };
            let Some(turn) = stop.run_until_cancelled(due).await else {
                break;
            };
            // What was read counts as memory in use until it is committed.
            let (poll, _memory) = self.poll_in(turn, &spec, state).await;
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
    async fn turn(&self, spec: &FeedSpec, state: &FeedState) -> Turn {
        let host = Url::parse(relocate::address(spec, state))
            .map(|url| hosts::authority(&url))
            .unwrap_or_default();
        self.0.hosts.turn(host).await
    }

    async fn poll_in(
        &self,
        turn: Turn,
        spec: &FeedSpec,
        state: FeedState,
    ) -> (Poll, Option<Share>) {
        let begun = tokio::time::Instant::now();
        let failures = state.failures;
        let doubted = schedule::is_doubted(&state, Timestamp::now());
        let validators = if doubted {
            Validators::default()
        } else {
            Validators {
                etag: state.etag.as_deref(),
                last_modified: state.last_modified.as_deref(),
            }
        };
        let mut answer = match Url::parse(relocate::address(spec, &state)) {
            Ok(url) => {
                let (http, hosts) = (&self.0.http, &self.0.hosts);
                let credential = credential_at(spec, &url);
                http.get(url, credential, validators, hosts, turn).await
            }
            Err(error) => Err(PollError::Address(error.to_string())),
        };
        let memory = answer.as_mut().ok().and_then(|answer| answer.memory.take());
        let now = Timestamp::now();
        let settler = Settler {
            settings: &self.0.settings,
            spec,
            now,
            doubted,
        };
        let poll = settler.settle(state, answer);
        self.0.board.polled(spec, &poll, now);
        report(spec, failures, &poll, doubted);
        metrics::histogram!("claimwire_poll_duration_seconds")
            .record(begun.elapsed().as_secs_f64());
        (poll, memory)
    }
}

/// What the feed is asked with at `url`, which is where it has moved to or its own address: a publisher
/// cannot take the operator's secret along to another host.
fn credential_at<'a>(spec: &'a FeedSpec, url: &Url) -> Option<&'a str> {
    let home = Url::parse(&spec.url).ok()?;
    let name = spec.credential.as_deref()?;
    credential::may_follow(&home, url).then_some(name)
}

/// The state as it holds for the operator's address: what another address taught is worth nothing, except
/// for the items that were seen there.
fn for_spec(spec: &FeedSpec, mut state: FeedState) -> FeedState {
    if state.url != spec.url {
        let seen = std::mem::take(&mut state.seen);
        state = FeedState {
            seen,
            ..new_state(spec, Timestamp::now())
        };
    }
    state
}

fn until(due: Timestamp) -> Duration {
    Duration::try_from(due.duration_since(Timestamp::now())).unwrap_or_default()
}

/// Logs the first failure of a run and the recovery from it, and counts every poll.
fn report(spec: &FeedSpec, failures_before: u32, poll: &Poll, doubted: bool) {
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
    let Outcome::Document {
        new,
        revised,
        withdrawn,
        gap_suspected,
        ..
    } = poll.outcome
    else {
        return;
    };
    let kinds = [("new", new), ("revised", revised), ("withdrawn", withdrawn)];
    for (kind, number) in kinds {
        metrics::counter!("claimwire_items_total", "kind" => kind).increment(number as u64);
    }
    if gap_suspected {
        metrics::counter!("claimwire_gaps_suspected_total").increment(1);
        tracing::warn!(
            feed.id = %feed, feed.url = url,
            "feed {feed} shares no item with its last document: some may have been missed"
        );
    }
    if doubted && new > 0 {
        metrics::counter!("claimwire_stuck_validators_total").increment(1);
        tracing::warn!(
            feed.id = %feed, feed.url = url,
            "feed {feed} had answered \"not modified\" though it had {new} new items"
        );
    }
}
