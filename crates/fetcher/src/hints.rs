//! What publishers ask of those who poll them: in the headers of an answer and in the feed itself.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{self, HeaderMap, HeaderName};
use wire::document::FeedInfo;
use wire::schedule::Asked;

/// The longest wait that a publisher's word brings about; what is above is heeded up to here, because a
/// feed that says `yearly` has rarely thought about it.
pub(crate) const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the answer stays fresh (RFC 9111 §4.2): `max-age`, else `Expires` after `Date`, without the
/// time that it has spent in caches already; at most [`LONGEST`]. `None` where nothing is said, and
/// where the publisher forbids to rely on it.
pub(crate) fn fresh_for(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let control = text(headers, header::CACHE_CONTROL).unwrap_or_default();
    let directives = || control.split(',').map(str::trim);
    if directives()
        .any(|word| word.eq_ignore_ascii_case("no-cache") || word.eq_ignore_ascii_case("no-store"))
    {
        return None;
    }
    let max_age = directives().find_map(|directive| {
        let (name, value) = directive.split_once('=')?;
        let named = name.trim_end().eq_ignore_ascii_case("max-age");
        named.then(|| seconds(value.trim().trim_matches('"')))?
    });
    let lifetime = max_age.or_else(|| {
        let expires = crate::parse::date(&text(headers, header::EXPIRES)?)?;
        let date = text(headers, header::DATE).and_then(|date| crate::parse::date(&date));
        Some(between(date.unwrap_or(now), expires))
    })?;
    let age = text(headers, header::AGE).and_then(|age| seconds(age.trim()));
    Some(
        lifetime
            .saturating_sub(age.unwrap_or_default())
            .min(LONGEST),
    )
}

/// `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), at most [`LONGEST`].
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let written = text(headers, header::RETRY_AFTER)?;
    let wait = match seconds(written.trim()) {
        Some(wait) => wait,
        None => between(now, crate::parse::date(&written)?),
    };
    Some(wait.min(LONGEST))
}

/// What a document asks: RSS `ttl` in minutes, `skipHours` and `skipDays` in GMT (RSS 2.0), and the
/// period of the RDF Site Summary syndication module. What would forbid every poll is no hint.
pub(crate) fn of_document(info: &FeedInfo) -> Asked {
    let ttl = Duration::from_secs(u64::from(info.ttl.unwrap_or(0)) * 60);
    let wait = ttl.max(syndication(info).unwrap_or_default()).min(LONGEST);
    // RSS 0.91 counts hours from 1 to 24.
    let hours = info.skip_hours.iter().filter(|hour| **hour <= 24);
    let days = info.skip_days.iter().filter_map(|day| weekday(day));
    Asked {
        seconds: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX),
        skip_hours: all_but_all(hours.map(|hour| hour % 24).collect(), 24),
        skip_days: all_but_all(days.collect(), 7),
    }
}

/// Sorted, each once; empty where nothing would be left out of `all`.
fn all_but_all(mut numbers: Vec<u8>, all: usize) -> Vec<u8> {
    numbers.sort_unstable();
    numbers.dedup();
    if numbers.len() >= all {
        numbers.clear();
    }
    numbers
}

/// The time between two updates by `sy:updatePeriod` and `sy:updateFrequency`.
fn syndication(info: &FeedInfo) -> Option<Duration> {
    if info.sy_period.is_none() && info.sy_frequency.is_none() {
        return None;
    }
    // The module's default is once a day.
    let hours = period_hours(info.sy_period.as_deref().unwrap_or("daily"))?;
    let times = info.sy_frequency.unwrap_or(1).max(1);
    Some(Duration::from_secs(hours * 60 * 60) / times)
}

/// Hours in a period. Feeds write `dayly`, `Hour` and `week` as well: the nearest name counts where it is
/// at most two letters away, the shorter period where two are as near.
fn period_hours(period: &str) -> Option<u64> {
    const PERIODS: [(&str, u64); 5] = [
        ("hourly", 1),
        ("daily", 24),
        ("weekly", 7 * 24),
        ("monthly", 30 * 24),
        ("yearly", 365 * 24),
    ];
    let period = period.trim().to_lowercase();
    let distances = PERIODS.map(|(name, hours)| (strsim::osa_distance(&period, name), hours));
    let (distance, hours) = *distances.iter().min()?;
    (distance <= 2).then_some(hours)
}

/// The day's number in the week by ISO 8601, from 1 for Monday, by the first three letters of its English
/// name.
fn weekday(day: &str) -> Option<u8> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let day = day.trim().to_lowercase();
    let at = DAYS.iter().position(|name| day.starts_with(name))?;
    u8::try_from(at + 1).ok()
}

/// A count of seconds; one that is too long to count is as long as can be counted.
fn seconds(text: &str) -> Option<Duration> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Duration::from_secs(text.parse().unwrap_or(u64::from(u32::MAX))))
}

/// From `earlier` to `later`; nothing where that is backwards.
fn between(earlier: Timestamp, later: Timestamp) -> Duration {
    let span: SignedDuration = later.duration_since(earlier);
    Duration::try_from(span).unwrap_or_default()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let lines = headers.get_all(name).iter();
    let lines: Vec<_> = lines
        .map(|line| String::from_utf8_lossy(line.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let parsed = lines.iter().map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, value.parse().expect("a value"))
        });
        parsed.collect()
    }

    fn now() -> Timestamp {
        "2026-11-24T12:00:00Z".parse().expect("a time")
    }

    #[test]
    fn an_answer_is_fresh_for_as_long_as_its_headers_say() {
        type Lines = [(&'static str, &'static str)];
        let cases: [(&Lines, Option<u64>); 12] = [
            (&[], None),
            (&[("cache-control", "public, MAX-AGE=600")], Some(600)),
            (&[("cache-control", "max-age=\"600\"")], Some(600)),
            (
                &[("cache-control", "max-age=600"), ("age", "550")],
                Some(50),
            ),
            (
                &[("cache-control", "max-age=600"), ("age", "9999")],
                Some(0),
            ),
            (&[("cache-control", "no-cache, max-age=600")], None),
            (
                &[("cache-control", "max-age=99999999999999999999")],
                Some(86_400),
            ),
            (&[("expires", "Tue, 24 Nov 2026 12:30:00 GMT")], Some(1800)),
            (
                &[
                    ("expires", "Tue, 24 Nov 2026 12:30:00 GMT"),
                    ("date", "Tue, 24 Nov 2026 12:20:00 GMT"),
                ],
                Some(600),
            ),
            (&[("expires", "0")], None),
            (&[("expires", "Tue, 24 Nov 1996 12:30:00 GMT")], Some(0)),
            (
                &[
                    ("cache-control", "max-age=60"),
                    ("expires", "Wed, 25 Nov 2026 12:30:00 GMT"),
                ],
                Some(60),
            ),
        ];
        for (lines, expected) in cases {
            let found = fresh_for(&headers(lines), now());
            assert_eq!(found, expected.map(Duration::from_secs), "{lines:?}");
        }
    }

    #[test]
    fn retry_after_is_read_in_both_forms_up_to_a_day() {
        let cases = [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("9999999", Some(86_400)),
            ("Tue, 24 Nov 2026 12:05:00 GMT", Some(300)),
            ("Tuesday, 24-Nov-26 12:05:00 GMT", Some(300)),
            ("Tue, 24 Nov 2026 11:05:00 GMT", Some(0)),
            ("Fri, 31 Dec 2100 00:00:00 GMT", Some(86_400)),
            ("-5", None),
            ("soon", None),
        ];
        for (written, expected) in cases {
            let found = retry_after(&headers(&[("retry-after", written)]), now());
            assert_eq!(found, expected.map(Duration::from_secs), "{written}");
        }
    }

    #[test]
    fn periods_are_read_however_they_are_spelled() {
        let hour = 3600;
        let cases = [
            (Some("hourly"), None, hour),
            (Some("Hourly "), Some(2), hour / 2),
            (Some("houly"), None, hour),
            (Some("hour"), None, hour),
            (Some("dayly"), Some(4), 6 * hour),
            (Some("day"), Some(0), 24 * hour),
            (None, Some(3), 8 * hour),
            (Some("weekly"), Some(14), 12 * hour),
            (Some("yearly"), None, 24 * hour),
            (Some("mothly"), None, 24 * hour),
            (Some("now and then"), None, 0),
            (Some(""), None, 0),
            (None, None, 0),
        ];
        for (period, frequency, seconds) in cases {
            let info = FeedInfo {
                sy_period: period.map(str::to_owned),
                sy_frequency: frequency,
                ..FeedInfo::default()
            };
            assert_eq!(
                of_document(&info).seconds,
                seconds,
                "{period:?} {frequency:?}"
            );
        }
    }

    #[test]
    fn hours_and_days_to_skip_are_numbers_and_never_all_of_them() {
        let info = FeedInfo {
            ttl: Some(u32::MAX),
            skip_hours: vec![24, 3, 3, 99, 1],
            skip_days: vec![
                " Sunday".to_owned(),
                "sat".to_owned(),
                "Caturday".to_owned(),
            ],
            ..FeedInfo::default()
        };
        let asked = of_document(&info);
        assert_eq!(asked.seconds, 86_400);
        assert_eq!(
            (asked.skip_hours, asked.skip_days),
            (vec![0, 1, 3], vec![6, 7])
        );
        let never = FeedInfo {
            skip_hours: (0..24).collect(),
            ..FeedInfo::default()
        };
        assert_eq!(of_document(&never), Asked::default());
    }
}
