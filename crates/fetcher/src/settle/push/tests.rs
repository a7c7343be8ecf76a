use jiff::Timestamp;
use url::Url;
use wire::{FeedSpec, FeedState};

use super::*;
use crate::http::{Answer, Body};
use crate::settings::Settings;
use crate::websub::WebSub;
use crate::websub::offer::Offered;

const FEED: &str = "https://a.example/feed";
const HOUR: Duration = Duration::from_secs(60 * 60);

fn spec() -> FeedSpec {
    serde_json::from_value(serde_json::json!({
        "id": "a", "url": FEED, "publisher": "A", "language": "en", "country": "XX", "kind": "other",
    }))
    .expect("a feed")
}

fn now() -> Timestamp {
    "2026-11-24T12:00:00Z".parse().expect("a time")
}

fn document(guids: impl IntoIterator<Item = usize>) -> Vec<u8> {
    let items: String = guids
        .into_iter()
        .map(|guid| format!("<item><guid>{guid}</guid><title>{guid}</title></item>"))
        .collect();
    format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>").into_bytes()
}

/// Settles what `of` does by a settler that takes pushes and polls as rarely as every two hours then.
fn settled(of: impl FnOnce(&Settler<'_>) -> Poll) -> FeedState {
    poll(of).state
}

fn poll(of: impl FnOnce(&Settler<'_>) -> Poll) -> Poll {
    let settings = Settings {
        websub: Some(WebSub {
            callback: "https://desk.example/websub".parse().expect("an address"),
            lease: 240 * HOUR,
            poll: 2 * HOUR,
        }),
        ..Settings::default()
    };
    let spec = spec();
    let settler = Settler {
        settings: &settings,
        spec: &spec,
        now: now(),
        doubted: false,
    };
    of(&settler)
}

/// The state after a poll that was answered with `guids`, by a feed with a hub.
fn polled(state: FeedState, guids: impl IntoIterator<Item = usize>) -> FeedState {
    let bytes = document(guids);
    settled(|settler| settler.settle(state, Ok(answer(bytes, Some("https://hub.example/")))))
}

fn answer(bytes: Vec<u8>, hub: Option<&str>) -> Answer {
    Answer {
        body: Body::Document {
            bytes,
            content_type: None,
        },
        memory: None,
        url: Url::parse(FEED).expect("an address"),
        etag: None,
        last_modified: None,
        offered: hub.map(|hub| Offered {
            hub: hub.to_owned(),
            topic: FEED.to_owned(),
        }),
        fresh_for: None,
        moved: None,
    }
}

/// A feed of `items` whose hub pushes.
fn subscribed(items: usize) -> FeedState {
    let state = polled(crate::new_state(&spec(), now()), 0..items);
    settled(|settler| settler.granted(state, Some(240 * HOUR)))
}

fn delivers(state: &FeedState) -> bool {
    state.websub.as_ref().expect("it is subscribed").delivers
}

#[test]
fn a_push_of_the_news_alone_withdraws_nothing_and_forgets_nothing() {
    let state = subscribed(1_800);
    let pushed = poll(|settler| settler.pushed(state.clone(), &document([5_000]), None));
    assert!(matches!(
        pushed.outcome,
        Outcome::Document {
            new: 1,
            revised: 0,
            withdrawn: 0,
            gap_suspected: false,
            ..
        }
    ));
    assert!(pushed.must_be_written());
    assert_eq!(
        (&pushed.state.etag, &pushed.state.body),
        (&state.etag, &state.body)
    );
    let everything = polled(pushed.state, (0..1_800).chain([5_000]));
    let found = poll(|settler| settler.settle(everything, Ok(answer(document(0..1_800), None))));
    assert!(
        matches!(found.outcome, Outcome::Document { new: 0, .. }),
        "{:?}",
        found.outcome
    );
}

#[test]
fn a_hub_that_delivers_makes_polls_rare_until_one_finds_what_it_did_not_push() {
    let state = subscribed(3);
    assert!(!delivers(&state), "it has shown nothing yet");
    let state = settled(|settler| settler.pushed(state, &document([7]), None));
    assert!(delivers(&state));
    let state = polled(state, [0, 1, 2, 7]);
    let wait = |state: &FeedState| Duration::try_from(state.next_poll.duration_since(now()));
    assert!(
        wait(&state).is_ok_and(|wait| wait >= 2 * HOUR),
        "{}",
        state.next_poll
    );
    let missed = polled(state, [0, 1, 2, 7, 8]);
    assert!(!delivers(&missed));
    assert!(
        wait(&missed).is_ok_and(|wait| wait < HOUR),
        "{}",
        missed.next_poll
    );
}

#[test]
fn a_push_that_is_no_feed_is_kept_and_the_feed_polled_instead() {
    let state = settled(|settler| settler.pushed(subscribed(3), &document([7]), None));
    let state = polled(state, [0, 1, 2, 7]);
    let next_poll = state.next_poll;
    let poll = poll(|settler| settler.pushed(state, b"no feed", Some("text/plain")));
    assert!(poll.dead.is_some() && poll.must_be_written());
    assert_eq!(poll.state.failures, 0, "the feed itself did not fail");
    assert!(!delivers(&poll.state) && poll.state.next_poll < next_poll);
}

#[test]
fn a_denial_and_a_feed_without_its_hub_end_what_is_relied_on() {
    let state = settled(|settler| settler.pushed(subscribed(3), &document([7]), None));
    let denied = settled(|settler| settler.denied(state.clone(), "no"));
    assert!(!delivers(&denied));
    assert_eq!(denied.websub.and_then(|it| it.until), None);
    let left = settled(|settler| settler.settle(state.clone(), Ok(answer(document([7]), None))));
    assert_eq!(left.websub, None);
    let gone = Answer {
        body: Body::Gone,
        ..answer(Vec::new(), None)
    };
    assert_eq!(
        settled(|settler| settler.settle(state, Ok(gone))).websub,
        None
    );
}
