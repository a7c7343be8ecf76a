//! Polls a second of the fetcher, next to what a loop over the bare HTTP client takes from the same server.

use std::time::{Duration, Instant};

use axum::body::Bytes;
use fetcher::{Fetcher, Settings};
use futures::future::join_all;
use jiff::Timestamp;
use wire::{FeedSpec, FeedState};

use crate::support::loopback::{Answer, Loopback};

/// Feeds that are polled at a time, each at a host of its own.
const FEEDS: usize = 32;
const SPAN: Duration = Duration::from_secs(4);
const ETAG: &str = "\"1\"";

/// How often a second the fetcher polls and the bare client asks, in turns.
pub(crate) struct Rates {
    pub(crate) polls: f64,
    pub(crate) bare: f64,
}

/// Of feeds that have nothing new.
pub(crate) async fn not_modified() -> Rates {
    let server = Loopback::serve(FEEDS as u8, |_, headers| {
        let is_known = headers.get("if-none-match").is_some_and(|etag| etag == ETAG);
        let body = "<rss version='2.0'><channel><item><guid>a</guid><title>A</title></item></channel></rss>";
        let status = if is_known { 304 } else { 200 };
        Answer {
            headers: vec![("etag", ETAG.to_owned())],
            body: if is_known { Bytes::new() } else { Bytes::from_static(body.as_bytes()) },
            ..Answer::status(status)
        }
    })
    .await;
    let settings = Settings {
        allow: vec!["127.0.0.0/8".to_owned()],
        host_spacing: Duration::ZERO,
        ..Settings::default()
    };
    let fetcher = Fetcher::new(settings).expect("the settings agree");
    let specs: Vec<FeedSpec> = (0..FEEDS).map(|number| spec(&server, number)).collect();
    let now = Timestamp::now();
    let fresh = specs.iter().map(async |spec| {
        let state = fetcher::new_state(spec, now);
        fetcher.poll(spec, &state).await.state
    });
    let states: Vec<FeedState> = join_all(fresh).await;
    let client = reqwest::Client::new();

    let (mut polls, mut bare) = (0.0, 0.0);
    // In turns, so that whatever else the machine does strikes both.
    for _ in 0..2 {
        polls += rate(FEEDS, async |feed| {
            let poll = fetcher.poll(&specs[feed], &states[feed]).await;
            assert!(matches!(poll.outcome, fetcher::Outcome::NotModified));
        })
        .await;
        bare += rate(FEEDS, async |feed| {
            let request = client.get(&specs[feed].url).header("if-none-match", ETAG);
            let response = request.send().await.expect("the server answers");
            assert_eq!(response.status(), 304);
            response.bytes().await.expect("the server answers in full");
        })
        .await;
    }
    Rates {
        polls: polls / 2.0,
        bare: bare / 2.0,
    }
}

/// How often a second `once` is done by as many tasks that repeat it without a pause.
async fn rate(tasks: usize, once: impl AsyncFn(usize)) -> f64 {
    let began = Instant::now();
    let counts = join_all((0..tasks).map(async |task| {
        let mut count = 0_u32;
        while began.elapsed() < SPAN {
            once(task).await;
            count += 1;
        }
        count
    }));
    let count: u32 = counts.await.into_iter().sum();
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn spec(server: &Loopback, number: usize) -> FeedSpec {
    let json = serde_json::json!({
        "id": format!("feed-{number}"), "url": server.url("feed", number), "publisher": "Gazette",
        "language": "en", "country": "BE", "kind": "newspaper",
    });
    serde_json::from_value(json).expect("a feed")
}
