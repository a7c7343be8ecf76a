mod scenarios;

use url::Url;
use wire::schedule::{Moved, Rhythm};

use super::*;

const OLD: &str = "https://feeds.example.org/rss";
const NEW: &str = "https://www.example.org/new";
const STRANGER: &str = "https://feeds.example.net/rss";

fn spec() -> FeedSpec {
    serde_json::from_value(serde_json::json!({
        "id": "a", "url": OLD, "publisher": "A", "language": "en", "country": "XX", "kind": "other",
    }))
    .expect("a feed")
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn fresh() -> FeedState {
    crate::new_state(&spec(), now())
}

/// A poll of `state` that was answered so.
fn polled(state: &FeedState, answer: Result<Answer, PollError>) -> Poll {
    asked(state, false, answer)
}

fn asked(state: &FeedState, doubted: bool, answer: Result<Answer, PollError>) -> Poll {
    let settler = Settler {
        settings: &Settings::default(),
        spec: &spec(),
        now: now(),
        doubted,
    };
    settler.settle(state.clone(), answer)
}

fn answer(body: Body) -> Answer {
    Answer {
        memory: None,
        body,
        url: OLD.parse().expect("an address"),
        etag: None,
        last_modified: None,
        offered: None,
        fresh_for: None,
        moved: None,
    }
}

fn not_modified(moved: Option<&str>) -> Result<Answer, PollError> {
    Ok(Answer {
        moved: moved.map(|to| Url::parse(to).expect("an address")),
        ..answer(Body::NotModified)
    })
}

fn document(guids: &[&str]) -> Answer {
    let items: String = guids
        .iter()
        .map(|guid| format!("<item><guid>{guid}</guid><title>{guid}</title></item>"))
        .collect();
    let rss = format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>");
    answer(Body::Document {
        bytes: rss.into_bytes(),
        content_type: None,
    })
}

fn failure(status: u16, retry_after: Option<u64>) -> Result<Answer, PollError> {
    Err(PollError::Status {
        status,
        retry_after: retry_after.map(Duration::from_secs),
    })
}

/// The states after each of these answers in turn, with whether each was to be written.
fn through(
    mut state: FeedState,
    answers: impl IntoIterator<Item = Result<Answer, PollError>>,
) -> (FeedState, Vec<bool>) {
    let mut written = Vec::new();
    for answer in answers {
        let poll = polled(&state, answer);
        written.push(poll.must_be_written());
        state = poll.state;
    }
    (state, written)
}

#[test]
fn a_feed_that_moved_within_its_site_is_followed_after_three_polls_and_keeps_its_validators() {
    let state = FeedState {
        etag: Some("\"1\"".to_owned()),
        ..fresh()
    };
    let (state, written) = through(state, [NEW, NEW, NEW].map(|to| not_modified(Some(to))));
    assert_eq!(state.adopted.as_deref(), Some(NEW));
    assert_eq!((state.moved, state.etag.as_deref()), (None, Some("\"1\"")));
    assert_eq!(written, [false, false, true]);
}

#[test]
fn sightings_that_contradict_each_other_move_nothing() {
    let answers = [
        Some(NEW),
        Some(NEW),
        None,
        Some(NEW),
        Some(OLD),
        Some(NEW),
        Some(NEW),
    ];
    let (state, written) = through(fresh(), answers.map(not_modified));
    assert_eq!(state.adopted, None);
    let moved = Moved {
        to: NEW.to_owned(),
        sightings: 2,
    };
    assert_eq!(state.moved, Some(moved));
    assert!(!written.contains(&true));
}

#[test]
fn a_move_to_another_site_or_out_of_encryption_is_said_once_and_not_followed() {
    for to in [
        STRANGER,
        "http://feeds.example.org/rss",
        "https://example.co.uk/",
    ] {
        let (state, written) = through(fresh(), [to; 5].map(|to| not_modified(Some(to))));
        assert_eq!(state.adopted, None);
        assert_eq!(relocate::for_operator(&state), Some(to));
        assert_eq!(written, [false, false, true, false, false], "{to}");
    }
}

#[test]
fn an_adopted_address_that_fails_is_given_up_for_the_operators() {
    let adopted = FeedState {
        adopted: Some(NEW.to_owned()),
        etag: Some("\"1\"".to_owned()),
        ..fresh()
    };
    let (state, _) = through(adopted.clone(), [failure(404, None), failure(404, None)]);
    assert_eq!(state.adopted.as_deref(), Some(NEW));
    let (state, _) = through(state, [failure(404, None)]);
    assert_eq!((state.adopted, state.etag), (None, None));

    let (state, written) = through(adopted, [Ok(answer(Body::Gone))]);
    assert!(!state.gone && state.adopted.is_none());
    assert_eq!(written, [true]);
    let (state, _) = through(state, [Ok(answer(Body::Gone))]);
    assert!(state.gone);
}

#[test]
fn validators_are_renewed_by_a_304_and_by_an_unchanged_body() {
    let with = |answer: Answer, etag: &str| {
        Ok(Answer {
            etag: Some(etag.to_owned()),
            ..answer
        })
    };
    let (state, written) = through(
        fresh(),
        [
            with(document(&["a"]), "\"1\""),
            with(answer(Body::NotModified), "\"2\""),
            not_modified(None),
        ],
    );
    assert_eq!(state.etag.as_deref(), Some("\"2\""));
    assert_eq!(written, [true, false, false]);
    let (state, written) = through(state, [with(document(&["a"]), "\"3\"")]);
    assert_eq!(state.etag.as_deref(), Some("\"3\""));
    assert_eq!(written, [false]);
}

#[test]
fn a_document_that_shares_no_item_with_the_last_one_says_so_on_its_revisions() {
    let gaps = |state: &FeedState, guids: &[&str]| {
        let poll = polled(state, Ok(document(guids)));
        let Outcome::Document { gap_suspected, .. } = poll.outcome else {
            panic!("{:?}", poll.outcome)
        };
        let marked = |it: &wire::Revision| it.document.gap_suspected == gap_suspected;
        assert!(poll.revisions.iter().all(marked));
        (gap_suspected, poll.state)
    };
    let (first, state) = gaps(&fresh(), &["b", "a"]);
    let (overlapping, state) = gaps(&state, &["c", "b"]);
    let (apart, state) = gaps(&state, &["f", "e", "d"]);
    let (emptied, state) = gaps(&state, &[]);
    let (after_empty, _) = gaps(&state, &["g"]);
    assert_eq!(
        [first, overlapping, apart, emptied, after_empty],
        [false, false, true, false, false]
    );
}

#[test]
fn a_long_wait_is_written_so_that_a_restart_does_not_cut_it_short() {
    let written = |answer| polled(&fresh(), answer).must_be_written();
    assert!(written(failure(429, Some(600))));
    assert!(written(failure(503, Some(86_400))));
    assert!(!written(failure(503, Some(60))));
    assert!(!written(failure(500, None)));
    let (_, failures) = through(fresh(), (0..8).map(|_| failure(500, None)));
    // The fourth wait is about as long as what is worth writing.
    assert_eq!(failures[..3], [false; 3]);
    assert_eq!(failures[4..], [true; 4]);
}

#[test]
fn a_feed_that_was_doubted_remembers_it_though_nothing_had_changed() {
    let state = FeedState {
        rhythm: Rhythm {
            gap_seconds: 60,
            longest_gap_seconds: 60,
            newest: Some(now() - SignedDuration::from_hours(24 * 10)),
        },
        ..polled(&fresh(), Ok(document(&["a"]))).state
    };
    let state = FeedState {
        etag: Some("\"1\"".to_owned()),
        ..state
    };
    assert!(schedule::is_doubted(&state, now()));
    let poll = asked(&state, true, Ok(document(&["a"])));
    assert!(matches!(poll.outcome, Outcome::Unchanged));
    assert!(poll.must_be_written());
    assert_eq!(poll.state.doubted, Some(now()));
    assert!(!schedule::is_doubted(&poll.state, now()));
}

#[test]
fn a_feed_that_serves_a_long_list_and_a_short_one_in_turns_shows_little_as_new_again() {
    let guids: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
    let guids: Vec<&str> = guids.iter().map(String::as_str).collect();
    let mut state = fresh();
    for (round, shown) in [&guids[..], &guids[..10], &guids[..], &guids[..20]]
        .into_iter()
        .enumerate()
    {
        let poll = polled(&state, Ok(document(shown)));
        let Outcome::Document { new, .. } = poll.outcome else {
            panic!("{:?}", poll.outcome);
        };
        // What a short document makes the feed forget is a small share, the oldest.
        let most = if round == 0 {
            guids.len()
        } else {
            guids.len() / 64
        };
        assert!(new <= most, "{new} in round {round}");
        state = poll.state;
    }
}

#[test]
fn the_state_of_the_largest_feed_fits_a_record_of_kafka() {
    const MOST: usize = 1_000_000;
    let mut state = fresh();
    for poll in 0..3 {
        let items: String = (0..Settings::default().max_items)
            .map(|number| {
                let title = "Міноборони повідомило ".repeat(20);
                let text = "It was said again and again. ".repeat(40);
                format!(
                    "<item><guid>{poll}-{number}</guid><link>https://gazette.example/{poll}/{number}</link>\
                     <title>{title}{number}</title><description>{text}{number}</description>\
                     <pubDate>Fri, 27 Nov 2026 10:00:00 GMT</pubDate></item>"
                )
            })
            .collect();
        let body = Body::Document {
            bytes: format!("<rss version='2.0'><channel>{items}</channel></rss>").into_bytes(),
            content_type: None,
        };
        state = polled(&state, Ok(answer(body))).state;
        let bytes = serde_json::to_vec(&state).expect("a state is JSON").len();
        assert!(bytes < MOST, "{bytes} bytes");
    }
    assert!(state.seen.iter().filter(|seen| seen.present).count() == Settings::default().max_items);
}
