//! When a feed is asked again.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rand::RngExt;
use wire::document::FeedInfo;
use wire::{FeedSpec, Item};

use crate::settings::Settings;

/// How many of the latest publications a feed's rhythm is read from.
const LATEST: usize = 20;

/// The time between polls of a feed that published `items`: half the median gap between its latest
/// publications, within the operator's bounds, and no shorter than the feed itself asks for.
pub(crate) fn cadence(
    settings: &Settings,
    spec: &FeedSpec,
    info: &FeedInfo,
    items: &[Item],
    now: Timestamp,
) -> Duration {
    if let Some(fixed) = fixed(spec) {
        return fixed;
    }
    let learned = median_gap(items, now).map_or(settings.default_interval, |gap| gap / 2);
    let ttl = Duration::from_secs(u64::from(info.ttl.unwrap_or(0)) * 60);
    learned
        .max(ttl)
        .clamp(settings.min_interval, settings.max_interval)
}

/// The interval that the operator fixed, where there is one.
pub(crate) fn fixed(spec: &FeedSpec) -> Option<Duration> {
    spec.interval
        .and_then(|interval| Duration::try_from(interval).ok())
        .filter(|fixed| !fixed.is_zero())
}

/// When to poll after a success: after the cadence, or after `max_age` where that is longer, give or take a
/// tenth, so that feeds that were started together drift apart.
pub(crate) fn after_success(
    settings: &Settings,
    spec: &FeedSpec,
    cadence: Duration,
    max_age: Option<Duration>,
    now: Timestamp,
) -> Timestamp {
    let wait = match fixed(spec) {
        Some(fixed) => fixed,
        None => cadence.max(max_age.unwrap_or_default().min(settings.max_interval)),
    };
    later(now, wait.mul_f64(rand::rng().random_range(0.9..=1.1)))
}

/// When to poll after the `failures`th failure in a row: doubling from the shortest interval, or the
/// feed's own where that is shorter, to the longest, at random in the upper half of it; never before
/// the server allows it.
pub(crate) fn after_failure(
    settings: &Settings,
    spec: &FeedSpec,
    failures: u32,
    retry_after: Option<Duration>,
    now: Timestamp,
) -> Timestamp {
    let doubled = shortest(settings, spec).saturating_mul(1 << failures.saturating_sub(1).min(20));
    let backoff = doubled
        .min(settings.max_interval)
        .mul_f64(rand::rng().random_range(0.5..=1.0));
    later(now, backoff.max(retry_after.unwrap_or_default()))
}

/// The shortest interval that the feed is ever polled at.
pub(crate) fn shortest(settings: &Settings, spec: &FeedSpec) -> Duration {
    fixed(spec)
        .unwrap_or(settings.min_interval)
        .min(settings.min_interval)
}

fn median_gap(items: &[Item], now: Timestamp) -> Option<Duration> {
    let mut times: Vec<Timestamp> = items
        .iter()
        .filter_map(|item| item.published.or(item.updated))
        // A date in the future is a mistake or an announcement, and no rhythm.
        .filter(|at| *at <= now)
        .collect();
    times.sort_unstable_by(|a, b| b.cmp(a));
    times.truncate(LATEST);
    let mut gaps: Vec<SignedDuration> = times
        .windows(2)
        .map(|pair| pair[0].duration_since(pair[1]))
        .collect();
    if gaps.len() < 2 {
        return None;
    }
    gaps.sort_unstable();
    Duration::try_from(gaps[gaps.len() / 2]).ok()
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_doubles_within_its_bounds_and_heeds_the_server() {
        let settings = Settings::default();
        let spec: FeedSpec = serde_json::from_value(serde_json::json!({
            "id": "a", "url": "http://a.example/", "publisher": "A", "language": "en",
            "country": "XX", "kind": "other",
        }))
        .unwrap();
        let now = Timestamp::UNIX_EPOCH;
        let wait = |failures, retry_after| {
            after_failure(&settings, &spec, failures, retry_after, now).duration_since(now)
        };
        let seconds = |minutes: i64| SignedDuration::from_secs(minutes * 60);
        assert!(wait(1, None) <= seconds(2));
        assert!(wait(4, None) >= seconds(8) && wait(4, None) <= seconds(16));
        assert!(wait(99, None) <= seconds(6 * 60));
        assert_eq!(wait(1, Some(Duration::from_secs(86_400))), seconds(24 * 60));
    }
}
