//! When a feed is asked again. Nothing here waits or reads a clock.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use wire::schedule::{Asked, Rhythm};
use wire::{FeedSpec, FeedState, Item};

use crate::hints::LONGEST;
use crate::poll::PollError;
use crate::settings::Settings;
use crate::websub::lease;

/// How many of the latest publications a feed's rhythm is read from.
const LATEST: usize = 20;
/// A feed that has been silent for long is asked this many times in a silence as long again.
const ASKS_IN_A_SILENCE: u32 = 50;
/// Silences up to here are nights and weekends.
const WEEKEND: Duration = Duration::from_secs(3 * 24 * 60 * 60);
/// The least time between two polls without validators.
const BETWEEN_DOUBTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Over how much of the first hour after hours or days to skip the polls that they held up are spread.
const AFTER_SKIPPING: Duration = Duration::from_secs(10 * 60);

/// A feed's rhythm after a document with `items`, `new` of which were never seen: the gaps between its latest
/// publications by their own dates, or, where they have none, between the polls that found something.
pub(crate) fn rhythm(before: &Rhythm, items: &[Item], new: usize, now: Timestamp) -> Rhythm {
    let mut times: Vec<Timestamp> = items
        .iter()
        .filter_map(|item| item.published.or(item.updated))
        // A date in the future is a mistake or an announcement, and no rhythm.
        .filter(|at| *at <= now)
        .collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.truncate(LATEST);
    if times.len() >= 3 {
        let gaps = times.windows(2).map(|pair| between(pair[1], pair[0]));
        let mut gaps: Vec<u32> = gaps.map(in_seconds).collect();
        gaps.sort_unstable();
        return Rhythm {
            gap_seconds: gaps[gaps.len() / 2].max(1),
            longest_gap_seconds: gaps[gaps.len() - 1].max(1),
            newest: Some(times[0]),
        };
    }
    let Some(new) = u32::try_from(new).ok().filter(|new| *new > 0) else {
        return before.clone();
    };
    let first = Rhythm {
        newest: Some(now),
        ..before.clone()
    };
    let Some(last) = before.newest else {
        return first;
    };
    let gap = in_seconds(between(last, now) / new).max(1);
    Rhythm {
        // A quarter of what is new, three of what was known: one odd gap moves little.
        gap_seconds: match before.gap_seconds {
            0 => gap,
            known => known - known / 4 + gap / 4,
        },
        longest_gap_seconds: gap.max(before.longest_gap_seconds / 4 * 3),
        ..first
    }
}

/// The time between polls of a feed with this rhythm: half its usual gap, longer as it has been silent for
/// longer, within the operator's bounds.
pub(crate) fn cadence(
    settings: &Settings,
    spec: &FeedSpec,
    rhythm: &Rhythm,
    now: Timestamp,
) -> Duration {
    if let Some(fixed) = fixed(spec) {
        return fixed;
    }
    let learned = match rhythm.gap_seconds {
        0 => settings.default_interval,
        gap => Duration::from_secs(u64::from(gap)) / 2,
    };
    learned
        .max(silence(rhythm, now) / ASKS_IN_A_SILENCE)
        .clamp(settings.min_interval, settings.max_interval)
}

/// The interval that the operator fixed, where there is one. It overrides what the publisher hints at, not
/// what a server that is failing asks for.
pub(crate) fn fixed(spec: &FeedSpec) -> Option<Duration> {
    spec.interval
        .and_then(|interval| Duration::try_from(interval).ok())
        .filter(|fixed| !fixed.is_zero())
}

/// When to poll after a success: after the state's cadence, or what the document, the answer's freshness or
/// a hub that delivers allow where that is longer, and up to a tenth more, so that feeds that were started together drift
/// apart; and not in hours or on days that the publisher asks to skip.
pub(crate) fn after_success(
    settings: &Settings,
    spec: &FeedSpec,
    state: &FeedState,
    fresh_for: Option<Duration>,
    now: Timestamp,
) -> Timestamp {
    let cadence = match state.cadence_seconds {
        0 => cadence(settings, spec, &state.rhythm, now),
        seconds => Duration::from_secs(u64::from(seconds)),
    };
    if let Some(fixed) = fixed(spec) {
        return later(now, stretched(fixed, 0.1));
    }
    let wait = cadence
        .max(asked(&state.asked))
        .max(fresh_for.unwrap_or_default().min(LONGEST))
        .max(lease::respite(
            settings.websub.as_ref(),
            state.websub.as_ref(),
            now,
        ));
    outside_of_skipped(&state.asked, later(now, stretched(wait, 0.1)))
}

/// When to poll after the last of `failures` in a row: later with every failure, by how likely it is to
/// pass, up to a third more; never before the server allows it, and never in skipped hours.
pub(crate) fn after_failure(
    settings: &Settings,
    spec: &FeedSpec,
    asked: &Asked,
    failures: u32,
    error: &PollError,
    now: Timestamp,
) -> Timestamp {
    let wait = stretched(Backoff::of(error).wait(settings, spec, failures), 0.3);
    let due = later(now, wait.max(error.retry_after().unwrap_or_default()));
    if fixed(spec).is_some() {
        return due;
    }
    outside_of_skipped(asked, due)
}

/// When to poll a feed that begins to be followed. One that was never polled comes within the start-up
/// spread. One that is due may have been polled a moment before the process ended, since polls that find
/// nothing are not written down: it is left alone for as long as if that were so. No host is asked
/// before a spacing has passed, for it may have been asked just before as well.
pub(crate) fn at_start(
    settings: &Settings,
    spec: &FeedSpec,
    state: &FeedState,
    now: Timestamp,
) -> Timestamp {
    let spread = start_spread(settings, spec);
    if state.last_success.is_none() && state.failures == 0 {
        return later(now, settings.host_spacing + spread);
    }
    if state.next_poll > now {
        // A clock that was wrong when it was written does not silence a feed for years.
        let furthest = later(now, longest(settings));
        let nearest = later(now, settings.host_spacing);
        return state.next_poll.min(furthest).max(nearest);
    }
    let mut rest = shortest(settings, spec);
    if fixed(spec).is_none() {
        rest = rest.max(asked(&state.asked));
    }
    let due = later(now, rest.max(settings.host_spacing) + spread);
    if fixed(spec).is_some() {
        return due;
    }
    outside_of_skipped(&state.asked, due)
}

/// A part of the time over which is spread what everybody would do at start.
pub(crate) fn start_spread(settings: &Settings, spec: &FeedSpec) -> Duration {
    fixed(spec)
        .unwrap_or(Duration::MAX)
        .min(settings.start_spread)
        .mul_f64(rand::rng().random_range(0.0..1.0))
}

/// The shortest time between two polls of the feed, whatever happens.
pub(crate) fn shortest(settings: &Settings, spec: &FeedSpec) -> Duration {
    fixed(spec)
        .unwrap_or(settings.min_interval)
        .min(settings.min_interval)
}

/// The longest time between two polls of a feed without an interval of its own: a day or the operator's
/// bound, what is added at random, and a week of skipped days.
fn longest(settings: &Settings) -> Duration {
    settings.max_interval.max(LONGEST).mul_f64(1.3) + Duration::from_secs(7 * 24 * 60 * 60)
}

/// Whether the feed has been silent for longer than nights, weekends and its own rhythm explain.
pub(crate) fn is_quiet(rhythm: &Rhythm, now: Timestamp) -> bool {
    let seconds = |seconds: u32| Duration::from_secs(u64::from(seconds));
    let explained = WEEKEND
        .max(seconds(rhythm.gap_seconds) * 8)
        .max(seconds(rhythm.longest_gap_seconds) * 2);
    rhythm.gap_seconds > 0 && silence(rhythm, now) > explained
}

/// Whether to ask once without validators: a cache in between may answer "not modified" for ever. Only
/// of a quiet feed, and rarely: it is the one request that fetches again what may be known.
pub(crate) fn is_doubted(state: &FeedState, now: Timestamp) -> bool {
    let conditional = state.etag.is_some() || state.last_modified.is_some();
    let lately = |at: Timestamp| between(at, now) < BETWEEN_DOUBTS;
    conditional && is_quiet(&state.rhythm, now) && !state.doubted.is_some_and(lately)
}

/// How the wait grows with failures of one kind: by a step with each of the first, then doubling.
struct Backoff {
    /// In shortest intervals of the feed.
    step: u32,
    linear: u32,
    /// Whether it may grow past the operator's longest interval, to a day.
    to_a_day: bool,
}

impl Backoff {
    fn of(error: &PollError) -> Self {
        let (step, linear, to_a_day) = match error {
            // Networks break and heal.
            PollError::Connect(_) | PollError::Timeout | PollError::TooSlow => (1, 5, false),
            PollError::Status {
                status: 429 | 500..,
                ..
            } => (2, 4, false),
            // Each try costs both sides a whole document.
            PollError::Unparsable(_) | PollError::TooLarge | PollError::Coding(_) => (2, 3, false),
            // Nothing there, or nothing for us, or nothing that may be asked at all: mostly for good.
            PollError::Status { status: 404, .. } => (5, 1, true),
            PollError::Status { .. }
            | PollError::Redirects
            | PollError::Blocked(_)
            | PollError::Credential(_)
            | PollError::Address(_) => (5, 2, true),
        };
        Self {
            step,
            linear,
            to_a_day,
        }
    }

    fn wait(&self, settings: &Settings, spec: &FeedSpec, failures: u32) -> Duration {
        let most = if self.to_a_day {
            settings.max_interval.max(LONGEST)
        } else {
            settings.max_interval
        };
        let doublings = failures.saturating_sub(self.linear).min(20);
        let steps = failures.clamp(1, self.linear) << doublings;
        let step = shortest(settings, spec).saturating_mul(self.step);
        step.saturating_mul(steps).min(most)
    }
}

/// `at`, or the first moments after it that are in no hour and on no day to skip.
fn outside_of_skipped(asked: &Asked, at: Timestamp) -> Timestamp {
    let skipped = |at: Timestamp| {
        let utc = TimeZone::UTC.to_datetime(at);
        let holds =
            |numbers: &[u8], number: i8| numbers.iter().any(|it| i8::try_from(*it) == Ok(number));
        holds(&asked.skip_hours, utc.hour())
            || holds(&asked.skip_days, utc.weekday().to_monday_one_offset())
    };
    if !skipped(at) {
        return at;
    }
    let into_the_hour = at.as_second().rem_euclid(60 * 60);
    let seconds = at.as_second() - into_the_hour;
    // A week holds every hour of every day.
    let hours =
        (1..=7 * 24).filter_map(|hour| Timestamp::from_second(seconds + hour * 60 * 60).ok());
    let spread = AFTER_SKIPPING.mul_f64(rand::rng().random_range(0.0..1.0));
    let mut open = hours.filter(|hour| !skipped(*hour));
    open.next().map_or(at, |hour| later(hour, spread))
}

fn asked(asked: &Asked) -> Duration {
    Duration::from_secs(u64::from(asked.seconds)).min(LONGEST)
}

fn silence(rhythm: &Rhythm, now: Timestamp) -> Duration {
    rhythm
        .newest
        .map_or(Duration::ZERO, |newest| between(newest, now))
}

/// From `earlier` to `later`; nothing where that is backwards.
fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

fn in_seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}

/// `wait` and up to `share` of it more.
fn stretched(wait: Duration, share: f64) -> Duration {
    wait.mul_f64(rand::rng().random_range(1.0..=1.0 + share))
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
