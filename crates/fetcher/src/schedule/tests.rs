use proptest::prelude::*;
use proptest::sample::subsequence;

use super::*;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn spec() -> FeedSpec {
    serde_json::from_value(serde_json::json!({
        "id": "a", "url": "http://a.example/", "publisher": "A", "language": "en",
        "country": "XX", "kind": "other",
    }))
    .expect("a feed")
}

fn every(interval: SignedDuration) -> FeedSpec {
    FeedSpec {
        interval: Some(interval),
        ..spec()
    }
}

fn state(now: Timestamp) -> FeedState {
    crate::new_state(&spec(), now)
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn status(status: u16, retry_after: Option<u64>) -> PollError {
    PollError::Status {
        status,
        retry_after: retry_after.map(seconds),
    }
}

/// How long the `failures`th failure in a row makes a feed wait.
fn after(failures: u32, error: &PollError) -> Duration {
    let now = Timestamp::UNIX_EPOCH;
    let asked = Asked::default();
    let due = after_failure(&Settings::default(), &spec(), &asked, failures, error, now);
    between(now, due)
}

#[test]
fn what_is_likely_to_pass_is_retried_in_steps_and_then_ever_more_rarely() {
    let within = |wait: Duration, least: u64| {
        assert!(
            wait >= seconds(least) && wait <= seconds(least).mul_f64(1.3),
            "{wait:?} {least}"
        );
    };
    let broken = PollError::Connect("reset".to_owned());
    for (failures, minutes) in [
        (1, 2),
        (2, 4),
        (5, 10),
        (6, 20),
        (7, 40),
        (10, 320),
        (99, 360),
    ] {
        within(after(failures, &broken), minutes * MINUTE);
    }
    for (failures, minutes) in [(1, 4), (4, 16), (5, 32), (99, 360)] {
        within(after(failures, &status(500, None)), minutes * MINUTE);
    }
    for (failures, minutes) in [(1, 4), (3, 12), (4, 24), (99, 360)] {
        within(after(failures, &PollError::TooLarge), minutes * MINUTE);
    }
}

#[test]
fn a_feed_that_is_not_found_is_soon_asked_once_a_day() {
    let waits: Vec<u64> = (1..=10)
        .map(|failures| after(failures, &status(404, None)).as_secs() / HOUR)
        .collect();
    // From a day on only chance makes one longer than another.
    let grows = |pair: &[u64]| pair[0].min(24) <= pair[1];
    assert!(waits.windows(2).all(grows), "{waits:?}");
    assert!(
        waits[0] == 0 && waits[9] >= 24 && waits[9] < 32,
        "{waits:?}"
    );
}

#[test]
fn a_server_that_asks_to_be_left_alone_is_left_alone_to_the_second() {
    assert_eq!(after(1, &status(429, Some(DAY))), seconds(DAY));
    assert_eq!(after(1, &status(503, Some(7 * HOUR))), seconds(7 * HOUR));
    // The backoff is longer than what this one asks for.
    assert!(after(9, &status(503, Some(1))) >= seconds(6 * HOUR));
    // Only these two statuses carry it.
    assert!(after(1, &status(500, Some(DAY))) < seconds(HOUR));
}

#[test]
fn a_rhythm_is_read_from_dates_and_without_dates_from_what_polls_find() {
    let now = at("2026-11-24T12:00:00Z");
    let item = |minutes: i64| {
        let json = serde_json::json!({
            "id": "x", "id_origin": "guid", "authors": [], "categories": [], "enclosures": [],
            "published": (now - SignedDuration::from_mins(minutes)).to_string(),
        });
        serde_json::from_value::<Item>(json).expect("an item")
    };
    let dated = [item(-90), item(10), item(30), item(40), item(160)];
    let found = rhythm(&Rhythm::default(), &dated, 5, now);
    assert_eq!(
        (found.gap_seconds, found.longest_gap_seconds),
        (20 * 60, 120 * 60)
    );
    assert_eq!(found.newest, Some(now - SignedDuration::from_mins(10)));

    let first = rhythm(&Rhythm::default(), &[], 9, now);
    assert_eq!((first.gap_seconds, first.newest), (0, Some(now)));
    let hour_later = now + SignedDuration::from_hours(1);
    assert_eq!(rhythm(&first, &[], 0, hour_later), first);
    let second = rhythm(&first, &[], 2, hour_later);
    assert_eq!(
        (second.gap_seconds, second.newest),
        (30 * 60, Some(hour_later))
    );
    let third = rhythm(&second, &[], 1, hour_later + SignedDuration::from_mins(50));
    assert_eq!(third.gap_seconds, 35 * 60);
}

#[test]
fn a_feed_is_asked_at_half_its_gap_and_less_often_the_longer_it_is_silent() {
    let now = at("2026-11-24T12:00:00Z");
    let cadence = |gap_seconds: u32, silent: i64| {
        let rhythm = Rhythm {
            gap_seconds,
            longest_gap_seconds: gap_seconds,
            newest: Some(now - SignedDuration::from_hours(silent)),
        };
        cadence(&Settings::default(), &spec(), &rhythm, now).as_secs() / MINUTE
    };
    assert_eq!(cadence(20 * 60, 0), 10);
    assert_eq!(cadence(10, 0), 2);
    assert_eq!(cadence(0, 0), 15);
    assert_eq!(cadence(20 * 60, 50), 60);
    assert_eq!(cadence(20 * 60, 5_000), 360);
    assert_eq!(cadence(u32::MAX, 0), 360);
}

#[test]
fn every_hint_stretches_the_wait_and_a_fixed_interval_overrides_them() {
    let now = at("2026-11-24T12:00:00Z");
    let wait = |spec: &FeedSpec, asked: Asked, fresh: Option<u64>| {
        let state = FeedState {
            asked,
            cadence_seconds: 600,
            ..state(now)
        };
        let fresh = fresh.map(seconds);
        between(
            now,
            after_success(&Settings::default(), spec, &state, fresh, now),
        )
        .as_secs()
    };
    let asked = |seconds| Asked {
        seconds,
        ..Asked::default()
    };
    let about =
        |wait: u64, least: u64| assert!((least..=least + least / 10).contains(&wait), "{wait}");
    about(wait(&spec(), asked(0), None), 600);
    about(wait(&spec(), asked(60), Some(60)), 600);
    about(wait(&spec(), asked(3_600), None), 3_600);
    about(wait(&spec(), asked(0), Some(7_200)), 7_200);
    about(wait(&spec(), asked(u32::MAX), Some(u64::MAX)), DAY);
    let minute = every(SignedDuration::from_mins(1));
    about(wait(&minute, asked(3_600), Some(3_600)), 60);

    let night = Asked {
        skip_hours: (10..=23).collect(),
        ..Asked::default()
    };
    let due = wait(&spec(), night, None);
    assert!(
        (12 * HOUR..=12 * HOUR + 10 * MINUTE).contains(&due),
        "{due}"
    );
    // The 24th was a Tuesday.
    let only_friday_afternoon = Asked {
        skip_hours: (0..12).collect(),
        skip_days: vec![1, 2, 3, 4, 6, 7],
        ..Asked::default()
    };
    let due = wait(&spec(), only_friday_afternoon, None);
    assert!((3 * DAY..=3 * DAY + 10 * MINUTE).contains(&due), "{due}");
}

#[test]
fn after_a_restart_a_due_feed_is_left_alone_as_if_it_had_just_been_asked() {
    let settings = Settings::default();
    let now = at("2026-11-24T12:00:00Z");
    let start = |spec: &FeedSpec, state: &FeedState| {
        between(now, at_start(&settings, spec, state, now)).as_secs()
    };
    let never_polled = state(now);
    assert!((2..=32).contains(&start(&spec(), &never_polled)));
    let due = FeedState {
        last_success: Some(now),
        ..state(now)
    };
    assert!((120..=150).contains(&start(&spec(), &due)));
    assert!((5..=10).contains(&start(&every(SignedDuration::from_secs(5)), &due)));
    let hourly = FeedState {
        asked: Asked {
            seconds: 3_600,
            ..Asked::default()
        },
        ..due.clone()
    };
    assert!((3_600..=3_630).contains(&start(&spec(), &hourly)));
    let not_due = |next_poll: &str| FeedState {
        next_poll: at(next_poll),
        ..due.clone()
    };
    assert_eq!(start(&spec(), &not_due("2026-11-24T13:00:00Z")), 3_600);
    assert_eq!(start(&spec(), &not_due("2026-11-24T12:00:01Z")), 2);
    assert!(start(&spec(), &not_due("2999-01-01T00:00:00Z")) < 9 * DAY);
}

#[test]
fn a_quiet_feed_is_doubted_once_in_a_month() {
    let now = at("2026-11-24T12:00:00Z");
    let quiet = |days: i64| FeedState {
        etag: Some("\"x\"".to_owned()),
        rhythm: Rhythm {
            gap_seconds: 3_600,
            longest_gap_seconds: 2 * 86_400,
            newest: Some(now - SignedDuration::from_hours(24 * days)),
        },
        ..state(now)
    };
    assert!(
        !is_doubted(&quiet(4), now),
        "two long gaps in a row are no news"
    );
    assert!(is_doubted(&quiet(5), now));
    let after = |days: i64| FeedState {
        doubted: Some(now - SignedDuration::from_hours(24 * days)),
        ..quiet(50)
    };
    assert!(!is_doubted(&after(29), now));
    assert!(is_doubted(&after(31), now));
    let unknown = FeedState {
        rhythm: Rhythm::default(),
        ..quiet(50)
    };
    assert!(!is_doubted(&unknown, now));
    let unconditional = FeedState {
        etag: None,
        ..quiet(50)
    };
    assert!(!is_doubted(&unconditional, now));
}

fn any_hints() -> impl Strategy<Value = Asked> {
    let hours: Vec<u8> = (0..24).collect();
    let days: Vec<u8> = (1..=7).collect();
    (
        any::<u32>(),
        subsequence(hours, 0..24),
        subsequence(days, 0..7),
    )
        .prop_map(|(seconds, skip_hours, skip_days)| Asked {
            seconds,
            skip_hours,
            skip_days,
        })
}

fn any_error() -> impl Strategy<Value = PollError> {
    let retry_after = proptest::option::of((0..=DAY).prop_map(Duration::from_secs));
    prop_oneof![
        (300..600u16, retry_after).prop_map(|(status, retry_after)| PollError::Status {
            status,
            retry_after,
        }),
        Just(PollError::Timeout),
        Just(PollError::TooLarge),
        Just(PollError::Redirects),
        Just(PollError::Blocked("a.example".to_owned())),
    ]
}

proptest! {
    #[test]
    fn no_combination_of_hints_asks_too_soon_or_never_again(
        hints in any_hints(),
        fresh in proptest::option::of(any::<u64>()),
        gap_seconds: u32,
        silent in 0..10_000i64,
        failures: u32,
        error in any_error(),
        now in 0..4_000_000_000i64,
        interval in proptest::option::of(1..1_000_000i64),
    ) {
        let settings = Settings::default();
        let now = Timestamp::from_second(now).expect("a time of ours");
        let spec = FeedSpec { interval: interval.map(SignedDuration::from_secs), ..spec() };
        let rhythm = Rhythm {
            gap_seconds,
            longest_gap_seconds: gap_seconds,
            newest: now.checked_sub(SignedDuration::from_hours(silent)).ok(),
        };
        let cadence = cadence(&settings, &spec, &rhythm, now);
        let state = FeedState {
            cadence_seconds: in_seconds(cadence),
            asked: hints.clone(),
            rhythm,
            last_success: Some(now),
            failures,
            ..state(now)
        };
        let least = shortest(&settings, &spec);
        let most = fixed(&spec).unwrap_or_default().mul_f64(1.1).max(longest(&settings));
        let dues = [
            after_success(&settings, &spec, &state, fresh.map(seconds), now),
            after_failure(&settings, &spec, &hints, failures, &error, now),
            at_start(&settings, &spec, &state, now),
        ];
        for due in dues {
            prop_assert!(due >= later(now, least), "{due} is too soon after {now}");
            prop_assert!(due <= later(now, most), "{due} is too late after {now}");
            let utc = TimeZone::UTC.to_datetime(due);
            let hour = u8::try_from(utc.hour()).expect("an hour");
            let day = u8::try_from(utc.weekday().to_monday_one_offset()).expect("a day");
            let skipped = hints.skip_hours.contains(&hour) || hints.skip_days.contains(&day);
            prop_assert!(fixed(&spec).is_some() || !skipped, "{due} is to be skipped");
        }
        // What the document asks for is given in full, and freshness up to a day.
        if fixed(&spec).is_none() {
            let asked = asked(&hints).max(seconds(fresh.unwrap_or(0)).min(LONGEST));
            prop_assert!(dues[0] >= later(now, asked));
        }
    }
}
