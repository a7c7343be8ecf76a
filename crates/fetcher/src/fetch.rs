//! Polling feeds: where the pure parts meet the network and the clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;
use wire::schedule::{Asked, Rhythm};
use wire::{FeedSpec, FeedState};

use crate::budget::Share;
use crate::credential;
use crate::hosts::{self, Hosts, Turn, Turns};
use crate::http::{Answer, Body, Http, Validators};
use crate::poll::{Poll, PollError};
use crate::relocate;
use crate::report;
use crate::schedule;
use crate::settings::{Settings, SettingsError};
use crate::settle::Settler;
use crate::status::{Board, FeedStatus};
use crate::websub::lines::Lines;

/// The fetcher of a process: one HTTP client, one set of turns by host. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    pub(crate) shared: Arc<Shared>,
    pub(crate) turns: Turns,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) http: Http,
    pub(crate) board: Board,
    /// Whom hubs speak to.
    pub(crate) lines: Lines,
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
        websub: None,
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
        let shared = Shared {
            settings,
            http,
            board: Board::default(),
            lines: Lines::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
            turns: Turns::new(hosts),
        })
    }

    /// The same fetcher for feeds that others may be given: it begins a request only while the future that
    /// `certain` makes is ready, and waits for it otherwise.
    #[must_use]
    pub fn while_certain<F>(&self, certain: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            shared: Arc::clone(&self.shared),
            turns: (self.turns).while_certain(Arc::new(move || Box::pin(certain()))),
        }
    }

    /// One poll: waits for the host's turn, asks conditionally, parses, identifies, compares with `state`.
    /// It never fails as a whole; a failure is an outcome, with its backoff in the state.
    pub async fn poll(&self, spec: &FeedSpec, state: &FeedState) -> Poll {
        let state = for_spec(spec, state.clone());
        let turn = self.turn(spec, &state).await;
        let answered = self.ask(turn, spec, &state).await;
        self.settled(spec, state, answered).0
    }

    /// The least time between two requests to one host.
    #[must_use]
    pub fn host_spacing(&self) -> Duration {
        self.shared.settings.host_spacing
    }

    /// How every feed that this process polls is doing, by feed id.
    #[must_use]
    pub fn status(&self) -> Vec<FeedStatus> {
        self.shared.board.all()
    }

    /// The right to ask the feed's host; for an address that is none, a turn at nobody's.
    pub(crate) async fn turn(&self, spec: &FeedSpec, state: &FeedState) -> Turn {
        let host = Url::parse(relocate::address(spec, state))
            .map(|url| hosts::authority(&url))
            .unwrap_or_default();
        self.turns.turn(host).await
    }

    /// Asks the feed in its `turn`.
    pub(crate) async fn ask(&self, turn: Turn, spec: &FeedSpec, state: &FeedState) -> Answered {
        let begun = tokio::time::Instant::now();
        let doubted = schedule::is_doubted(state, Timestamp::now());
        let validators = if doubted {
            Validators::default()
        } else {
            Validators {
                etag: state.etag.as_deref(),
                last_modified: state.last_modified.as_deref(),
            }
        };
        let own = self.shared.settings.built_in.as_ref();
        let answer = match own.filter(|own| own.is(spec)) {
            Some(own) => own.answer(spec, validators, Timestamp::now()),
            None => self.request(turn, spec, state, validators).await,
        };
        Answered {
            answer,
            begun,
            doubted,
        }
    }

    /// The poll that an answer makes of `state`, and the memory that what it read still takes.
    pub(crate) fn settled(
        &self,
        spec: &FeedSpec,
        state: FeedState,
        answered: Answered,
    ) -> (Poll, Option<Share>) {
        let Answered {
            mut answer,
            begun,
            doubted,
        } = answered;
        let memory = answer.as_mut().ok().and_then(|answer| answer.memory.take());
        let (failures, now) = (state.failures, Timestamp::now());
        let settler = Settler {
            settings: &self.shared.settings,
            spec,
            now,
            doubted,
        };
        let poll = settler.settle(state, answer);
        self.shared.board.polled(spec, &poll, now);
        report::polled(spec, failures, &poll, doubted);
        metrics::histogram!("claimwire_poll_duration_seconds")
            .record(begun.elapsed().as_secs_f64());
        (poll, memory)
    }

    async fn request(
        &self,
        turn: Turn,
        spec: &FeedSpec,
        state: &FeedState,
        validators: Validators<'_>,
    ) -> Result<Answer, PollError> {
        let url = Url::parse(relocate::address(spec, state));
        let url = url.map_err(|error| PollError::Address(error.to_string()))?;
        let credential = credential_at(spec, &url);
        let http = &self.shared.http;
        http.get(url, credential, validators, &self.turns, turn)
            .await
    }
}

/// What asking a feed gave.
pub(crate) struct Answered {
    answer: Result<Answer, PollError>,
    begun: tokio::time::Instant,
    /// Whether it was asked without the validators that are known.
    doubted: bool,
}

impl Answered {
    /// Whether there is a document to compare with what was seen.
    pub(crate) fn has_document(&self) -> bool {
        let answer = self.answer.as_ref();
        answer.is_ok_and(|answer| matches!(answer.body, Body::Document { .. }))
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
pub(crate) fn for_spec(spec: &FeedSpec, mut state: FeedState) -> FeedState {
    if state.url != spec.url {
        let seen = std::mem::take(&mut state.seen);
        state = FeedState {
            seen,
            ..new_state(spec, Timestamp::now())
        };
    }
    state
}
