//! Polls against a real server on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its publisher up ends there"
)]

mod bodies;
mod publisher;
mod reach;

use std::time::Duration;

use axum::body::Body;
use fetcher::{Outcome, PollError};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::FeedSpec;
use wire::revision::{Change, Edit};

use publisher::{Publisher, answer, error, feed, fresh, rss};

#[tokio::test]
async fn validators_are_echoed_byte_for_byte_and_a_304_writes_nothing() {
    let etag: &[u8] = b"W/\"caf\xe9-1\"";
    let publisher = Publisher::new(move |nth, _| match nth {
        0 => answer(200)
            .header("etag", etag)
            .header("last-modified", "Mon, 23 Nov 2026  10:20:30 gmt")
            .body(rss(&[("a", "A")]).into())
            .unwrap(),
        _ => answer(304).body(Body::empty()).unwrap(),
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    assert!(first.must_be_written());
    assert_eq!(first.revisions.len(), 1);
    let second = fetcher.poll(&spec, &first.state).await;
    assert!(
        matches!(second.outcome, Outcome::NotModified),
        "{:?}",
        second.outcome
    );
    assert!(!second.must_be_written());
    assert_eq!(publisher.asked(1, "if-none-match").as_deref(), Some(etag));
    let modified = publisher.asked(1, "if-modified-since").unwrap();
    assert_eq!(modified, b"Mon, 23 Nov 2026  10:20:30 gmt");
    let agent = String::from_utf8(publisher.asked(0, "user-agent").unwrap()).unwrap();
    assert!(
        agent.starts_with("claimwire/") && agent.ends_with("(+desk@example.org)"),
        "{agent}"
    );
    assert_eq!(
        fetcher.status()[0].url,
        format!("http://{}/feed", publisher.address)
    );
}

#[tokio::test]
async fn an_equal_body_is_not_parsed_again() {
    let publisher = Publisher::new(|_, _| feed(&[("a", "A")])).await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let second = fetcher.poll(&spec, &first.state).await;
    assert!(matches!(second.outcome, Outcome::Unchanged));
    assert!(!second.must_be_written());
}

#[tokio::test]
async fn an_edited_headline_is_revision_2_of_the_same_item() {
    let publisher = Publisher::new(|nth, _| {
        feed(if nth == 0 {
            &[("b", "B"), ("a", "A")]
        } else {
            &[("b", "B, edited"), ("a", "A")]
        })
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let titles: Vec<&str> = first
        .revisions
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    assert_eq!(titles, ["A", "B"], "oldest first");
    let second = fetcher.poll(&spec, &first.state).await;
    let [edited] = second.revisions.as_slice() else {
        panic!("{:?}", second.revisions)
    };
    assert_eq!(
        (edited.revision, &edited.item),
        (2, &first.revisions[1].item)
    );
    let edit = Edit {
        previous_title: Some("B".to_owned()),
        ..Edit::default()
    };
    assert_eq!(edited.change, Some(Change::Edited(edit)));
}

#[tokio::test]
async fn an_item_that_vanishes_while_an_older_one_stays_is_withdrawn_once() {
    let publisher = Publisher::new(|nth, _| match nth {
        0 => feed(&[("c", "C"), ("b", "B"), ("a", "A")]),
        1 => feed(&[("c", "C"), ("a", "A")]),
        2 => feed(&[("d", "D"), ("c", "C"), ("a", "A")]),
        3 => feed(&[("d", "D"), ("c", "C"), ("b", "B"), ("a", "A")]),
        // The oldest falls off the end, which withdraws nothing.
        _ => feed(&[("d", "D"), ("c", "C"), ("b", "B")]),
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let mut state = fresh(&spec);
    let mut told = Vec::new();
    for _ in 0..5 {
        let poll = fetcher.poll(&spec, &state).await;
        told.push(
            poll.revisions
                .iter()
                .map(|found| {
                    let withdrawn = matches!(found.change, Some(Change::Withdrawn { .. }));
                    format!(
                        "{}{}{}",
                        found.title,
                        found.revision,
                        if withdrawn { "-" } else { "" }
                    )
                })
                .collect::<Vec<_>>()
                .join(" "),
        );
        state = poll.state;
    }
    assert_eq!(told, ["A1 B1 C1", "B2-", "D1", "B3", ""]);
}

#[tokio::test]
async fn a_feed_that_fell_silent_and_one_that_left_a_gap_are_shown_as_such() {
    let publisher = Publisher::new(|nth, _| {
        let items: String = (0..5)
            .map(|hour| format!("<item><guid>{nth}-{hour}</guid><pubDate>2020-01-05T0{hour}:00:00Z</pubDate></item>"))
            .collect();
        let body = format!("<rss version='2.0'><channel>{items}</channel></rss>");
        answer(200).body(body.into()).unwrap()
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let status = &fetcher.status()[0];
    assert!(status.quiet && !status.gap_suspected, "{status:?}");
    fetcher.poll(&spec, &first.state).await;
    let status = &fetcher.status()[0];
    assert!(status.quiet && status.gap_suspected, "{status:?}");
}

#[tokio::test]
async fn a_document_that_is_no_feed_goes_to_dead_and_keeps_no_validators() {
    let publisher = Publisher::new(|_, _| {
        answer(200)
            .header("etag", "\"x\"")
            .body("<html>Sorry</html>".into())
            .unwrap()
    })
    .await;
    let poll = publisher.poll_once().await;
    assert!(matches!(error(&poll), PollError::Unparsable(_)));
    assert!(poll.must_be_written());
    let dead = poll.dead.unwrap();
    assert_eq!(
        (dead.bytes.as_str(), dead.size),
        ("PGh0bWw+U29ycnk8L2h0bWw+", 18)
    );
    assert_eq!(
        (poll.state.etag, poll.state.body, poll.state.failures),
        (None, None, 1)
    );
}

#[tokio::test]
async fn retry_after_is_heeded_in_both_forms() {
    let publisher = Publisher::new(|nth, _| {
        let (status, wait) = [(429, "7200"), (503, "Fri, 31 Dec 2100 00:00:00 GMT")][nth];
        answer(status)
            .header("retry-after", wait)
            .body(Body::empty())
            .unwrap()
    })
    .await;
    for seconds in [7_200, 86_400] {
        let poll = publisher.poll_once().await;
        let wait = poll
            .state
            .next_poll
            .duration_since(Timestamp::now())
            .as_secs();
        assert!((seconds - 60..=seconds).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_feed_that_is_gone_is_written_so_and_not_followed_further() {
    let publisher = Publisher::new(|_, _| answer(410).body(Body::empty()).unwrap()).await;
    let spec = publisher.spec();
    let (offers, mut offered) = mpsc::channel(1);
    let mut following = JoinSet::new();
    let (fetcher, state, stop) = (publisher.fetcher(), fresh(&spec), CancellationToken::new());
    following.spawn(fetcher.follow(spec, state, offers, stop));
    let offer = offered.recv().await.unwrap();
    assert!(offer.poll.state.gone);
    offer.committed.send(()).unwrap();
    following.join_next().await.unwrap().unwrap();
    assert!(offered.recv().await.is_none());
}

#[tokio::test]
async fn following_goes_on_only_from_what_was_committed_and_ends_when_stopped() {
    let publisher = Publisher::new(|nth, _| feed(&[("a", &format!("A{nth}"))])).await;
    let spec = FeedSpec {
        interval: Some(jiff::SignedDuration::from_millis(10)),
        ..publisher.spec()
    };
    let (offers, mut offered) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let mut following = JoinSet::new();
    let (fetcher, state, stopped) = (publisher.fetcher(), fresh(&spec), stop.clone());
    following.spawn(fetcher.follow(spec, state, offers, stopped));
    for revision in 1..=3 {
        let offer = offered.recv().await.unwrap();
        assert_eq!(offer.poll.revisions[0].revision, revision);
        // Nothing is asked while the last poll is not committed.
        assert_eq!(publisher.asked.lock().unwrap().len(), revision as usize);
        if revision == 3 {
            stop.cancel();
        }
        offer.committed.send(()).unwrap();
    }
    following.join_next().await.unwrap().unwrap();
    assert!(offered.recv().await.is_none());
}

#[tokio::test]
async fn two_feeds_of_one_host_take_turns() {
    let publisher = Publisher::new(|_, _| feed(&[("a", "A")])).await;
    let spec = publisher.spec();
    let fetcher =
        publisher.fetcher_with(|settings| settings.host_spacing = Duration::from_millis(100));
    let begun = std::time::Instant::now();
    let state = fresh(&spec);
    futures::join!(
        fetcher.poll(&spec, &state),
        fetcher.poll(&spec, &state),
        fetcher.poll(&spec, &state)
    );
    assert!(begun.elapsed() >= Duration::from_millis(200));
}
