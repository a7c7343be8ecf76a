//! How politely the daemon behaved: one line a rule, a point for every time that it was kept.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::http::header;
use jiff::Timestamp;
use serde_json::Value;

use crate::publisher::{Seen, hour, weekday};
use crate::run::{CONTACT, LONGEST, Observed, SHORTEST, SPACING, SPREAD};

/// Requests arrive a little later than they are sent, and not all by the same little.
const JITTER: Duration = Duration::from_millis(100);

/// A rule, how often it was kept, of how many times.
pub(crate) struct Score {
    pub(crate) rule: &'static str,
    pub(crate) kept: usize,
    pub(crate) of: usize,
}

/// The whole card.
pub(crate) fn card(observed: &Observed) -> Vec<Score> {
    let by_path = grouped(observed, |seen| seen.path.clone());
    let by_host = grouped(observed, |seen| seen.host);
    let known = || {
        observed
            .seen
            .iter()
            .filter(|seen| gives_validators(&seen.path))
    };
    let again = || known().filter(|seen| seen.known.is_some());
    let count = |path: &str| by_path.get(path).map_or(0, Vec::len);
    let mut card = Vec::new();
    let mut rule = |rule: &'static str, points: Vec<bool>| {
        let kept = points.iter().filter(|kept| **kept).count();
        card.push(Score {
            rule,
            kept,
            of: points.len(),
        });
    };

    rule(
        "conditional after the first poll",
        again()
            .filter(|seen| seen.path != "silent")
            .map(is_conditional)
            .collect(),
    );
    rule(
        "validators byte for byte, the latest ones",
        again()
            .filter(|seen| seen.path != "silent")
            .filter(|seen| !(seen.began > observed.killed && changes(&seen.path)))
            .map(echoes)
            .collect(),
    );
    rule(
        "requests to a host start a spacing apart",
        pairs(&by_host, |first, next| {
            next.began - first.began + JITTER >= SPACING
        }),
    );
    rule(
        "one request at a time to a host",
        pairs(&by_host, |first, next| {
            first.ended.is_none_or(|ended| ended <= next.began) || first.began > next.began
        }),
    );
    rule(
        "no feed sooner than the shortest interval",
        pairs(&by_path, |first, next| {
            next.began - first.began + JITTER >= SHORTEST
        }),
    );
    rule(
        "start is spread",
        vec![is_spread(&by_path, |at| at < observed.killed)],
    );

    let wait = |feed: &str| {
        next_poll(observed, feed)
            .duration_since(observed.started)
            .as_secs()
    };
    let hint = |feed: &str| {
        let waits = (7_200..7_200 * 11 / 10 + 60).contains(&wait(feed));
        vec![waits, count(feed) == 1]
    };
    rule("Cache-Control: max-age", hint("max-age"));
    // Only as exact as seconds in a header are.
    rule("Expires", {
        vec![
            (7_190..8_000).contains(&wait("expires")),
            count("expires") == 1,
        ]
    });
    rule("ttl", hint("ttl"));
    rule("sy:updatePeriod, misspelled", hint("period"));
    let open = next_poll(observed, "skip-hours");
    let twelve_later = observed.started + jiff::SignedDuration::from_hours(12);
    rule(
        "skipHours",
        vec![hour(open) == hour(twelve_later), count("skip-hours") == 1],
    );
    let open = next_poll(observed, "skip-days");
    let days_later = observed.started + jiff::SignedDuration::from_hours(72);
    rule(
        "skipDays",
        vec![
            weekday(open) == weekday(days_later),
            count("skip-days") == 1,
        ],
    );

    let asked =
        |feed: &str, nearly: i64| vec![(nearly..=7_260).contains(&wait(feed)), count(feed) == 1];
    rule(
        "429 with Retry-After in seconds, across a restart",
        asked("too-many", 7_200),
    );
    rule(
        "503 with Retry-After as a date, across a restart",
        asked("unavailable", 7_199),
    );
    rule(
        "410 ends a feed, across a restart",
        vec![count("gone") == 1],
    );
    let before: Vec<_> = observed
        .seen
        .iter()
        .filter(|seen| seen.began < observed.killed)
        .collect();
    let gaps = |path: &str| {
        let times: Vec<_> = before.iter().filter(|seen| seen.path == path).collect();
        let gaps = times.windows(2).map(|pair| pair[1].began - pair[0].began);
        gaps.collect::<Vec<_>>()
    };
    let grows = |gaps: Vec<Duration>, step: u32, longest: Duration| {
        let steps = (1..).zip(gaps);
        let kept = steps.map(|(nth, gap)| gap + JITTER >= (SHORTEST * step * nth).min(longest));
        kept.collect::<Vec<_>>()
    };
    rule(
        "404 slows down strongly",
        grows(gaps("missing"), 5, Duration::MAX),
    );
    rule("500 slows down", grows(gaps("broken"), 2, LONGEST));

    let old = |status: u16| {
        let path = format!("moves-{status}");
        before.iter().filter(|seen| seen.path == path).count()
    };
    let new = |status: u16| {
        let path = format!("moves-{status}-new");
        before.iter().filter(|seen| seen.path == path).count()
    };
    rule(
        "301 and 308 are adopted after three sightings",
        vec![
            old(301) == 3 && new(301) > 3,
            old(308) == 3 && new(308) > 3,
            count("moves-301") == 3 && count("moves-308") == 3,
        ],
    );
    let never = |status: u16| old(status) > 3 && old(status).abs_diff(new(status)) <= 1;
    rule("302 and 307 never are", vec![never(302), never(307)]);
    let reported = &observed.feeds["leaves"]["moved_to"];
    let said = observed
        .errors
        .matches("feed leaves says that it has moved")
        .count();
    rule(
        "another site is left to the operator, who is told once",
        vec![
            count("leaves").abs_diff(count("leaves-new")) <= 1 && count("leaves") > 3,
            reported
                .as_str()
                .is_some_and(|to| to.ends_with("/leaves-new")),
            observed.feeds["leaves"]["polled_at"] == Value::Null,
            said == 1,
        ],
    );

    let after: Vec<_> = by_path
        .iter()
        .filter(|(path, _)| gives_validators(path))
        .collect();
    let first_after = after.iter().filter_map(|(_, seen)| {
        let last = seen.iter().rfind(|seen| seen.began < observed.killed)?;
        let first = seen.iter().find(|seen| seen.began > observed.killed)?;
        Some((last, first))
    });
    let (kept_distance, conditional) = first_after
        .map(|(last, first)| {
            (
                first.began - last.began + JITTER >= SHORTEST,
                is_conditional(first),
            )
        })
        .unzip();
    rule(
        "a restart keeps the distance from the last poll",
        kept_distance,
    );
    rule("a restart asks conditionally", conditional);
    rule(
        "a restart is spread",
        vec![is_spread(&by_path, |at| at > observed.killed)],
    );

    let header = |name: header::HeaderName| {
        move |seen: &Seen| {
            seen.headers
                .get(&name)
                .map(|value| value.as_bytes().to_vec())
        }
    };
    let agent = header(header::USER_AGENT);
    rule("User-Agent names product and contact", {
        let expected = format!("claimwire/{} (+{CONTACT})", env!("CARGO_PKG_VERSION"));
        let named = |seen| agent(seen).is_some_and(|agent| agent == expected.as_bytes());
        observed.seen.iter().map(named).collect()
    });
    let absent = [header::COOKIE, header::AUTHORIZATION, header::REFERER];
    let absent = |seen: &Seen| absent.iter().all(|name| !seen.headers.contains_key(name));
    rule(
        "no cookies, credentials or referrers",
        observed.seen.iter().map(absent).collect(),
    );
    let coding = header(header::ACCEPT_ENCODING);
    rule("compression is asked for", {
        let gzip = |seen| coding(seen).is_some_and(|coding| coding.starts_with(b"gzip"));
        observed.seen.iter().map(gzip).collect()
    });
    card
}

fn grouped<K: Ord>(observed: &Observed, key: impl Fn(&Seen) -> K) -> BTreeMap<K, Vec<&Seen>> {
    let mut groups: BTreeMap<K, Vec<&Seen>> = BTreeMap::new();
    for seen in &observed.seen {
        groups.entry(key(seen)).or_default().push(seen);
    }
    groups
}

/// What `holds` says of each two requests in a row of a group.
fn pairs<K>(groups: &BTreeMap<K, Vec<&Seen>>, holds: impl Fn(&Seen, &Seen) -> bool) -> Vec<bool> {
    let pairs = groups.values().flat_map(|group| group.windows(2));
    pairs.map(|pair| holds(pair[0], pair[1])).collect()
}

/// Whether the path is answered with a document.
fn gives_validators(path: &str) -> bool {
    let refuses = ["too-many", "unavailable", "gone", "missing", "broken"];
    let moves = (path.starts_with("moves-") || path == "leaves") && !path.ends_with("-new");
    !refuses.contains(&path) && !moves
}

/// Whether its validators differ from answer to answer: what a 304 renews is not written, so after a
/// crash an earlier one comes back.
fn changes(path: &str) -> bool {
    path == "renews" || path == "ignores"
}

fn is_conditional(seen: &Seen) -> bool {
    seen.headers.contains_key(header::IF_NONE_MATCH)
        && seen.headers.contains_key(header::IF_MODIFIED_SINCE)
}

fn echoes(seen: &Seen) -> bool {
    seen.known.as_ref().is_some_and(|[etag, last_modified]| {
        seen.headers.get(header::IF_NONE_MATCH) == Some(etag)
            && seen.headers.get(header::IF_MODIFIED_SINCE) == Some(last_modified)
    })
}

/// Whether no quarter of the spread holds more than two thirds of the first requests for feeds of one
/// of the processes.
fn is_spread(by_path: &BTreeMap<String, Vec<&Seen>>, process: impl Fn(Instant) -> bool) -> bool {
    let of_process = |seen: &&&Seen| process(seen.began);
    let feeds = by_path.iter().filter(|(path, _)| !path.ends_with("-new"));
    let firsts = feeds.filter_map(|(_, seen)| seen.iter().find(of_process));
    let mut firsts: Vec<Instant> = firsts.map(|seen| seen.began).collect();
    firsts.sort_unstable();
    let most = |at: &Instant| {
        let together = firsts
            .iter()
            .filter(|it| *it >= at && **it < *at + SPREAD / 4);
        together.count()
    };
    firsts
        .iter()
        .map(most)
        .max()
        .is_some_and(|most| most * 3 <= firsts.len() * 2)
}

fn next_poll(observed: &Observed, feed: &str) -> Timestamp {
    let written = observed.feeds[feed]["next_poll"].as_str();
    written.expect("it says when").parse().expect("a time")
}
