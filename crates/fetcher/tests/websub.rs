//! A feed and its hub, on loopback: what the hub is asked, and what it may not do.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its hub up ends there"
)]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{any, get};
use fetcher::{Fetcher, Offer, Outcome, Reply, Settings, WebSub, new_state};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::{Url, form_urlencoded};
use wire::websub::Subscription;
use wire::{FeedSpec, FeedState};

const PATIENCE: Duration = Duration::from_secs(20);
const DOCUMENT: &str = "<rss version='2.0'><channel><title>T</title><item><guid>a</guid>\
    <title>A</title></item></channel></rss>";

type Form = BTreeMap<String, String>;

/// A publisher with a hub beside it. Both stop when it is dropped.
struct Town {
    address: SocketAddr,
    /// What the hub was asked.
    asked: mpsc::Receiver<(String, Form)>,
    tasks: JoinSet<()>,
}

impl Town {
    /// The feed names `hub`, an absolute address or a path here; a path is answered by `script`.
    async fn new(
        hub: &str,
        script: impl Fn(&str) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (asks, asked) = mpsc::channel(16);
        let link = format!("<{hub}>; rel=hub, </feed>; rel=self");
        let feed = get(async move || ([("link", link)], DOCUMENT));
        let hub = any(async move |uri: axum::http::Uri, form: String| {
            let form = form_urlencoded::parse(form.as_bytes()).into_owned();
            asks.send((uri.path().to_owned(), form.collect()))
                .await
                .unwrap();
            script(uri.path())
        });
        let app = Router::new().route("/feed", feed).fallback(hub);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            asked,
            tasks,
        }
    }

    /// Follows the feed from `state`, or from nothing; what is found is offered to the receiver.
    fn follow(&mut self, state: Option<FeedState>) -> (Fetcher, mpsc::Receiver<Offer>) {
        let fetcher = Fetcher::new(Settings {
            allow: vec![self.address.to_string()],
            host_spacing: Duration::ZERO,
            start_spread: Duration::ZERO,
            websub: Some(WebSub {
                callback: Url::parse("https://desk.example/websub/").unwrap(),
                lease: Duration::from_secs(86_400),
                poll: Duration::from_secs(3_600),
            }),
            ..Settings::default()
        })
        .unwrap();
        let spec: FeedSpec = serde_json::from_value(serde_json::json!({
            "id": "a", "url": format!("http://{}/feed", self.address), "publisher": "A",
            "language": "en", "country": "XX", "kind": "other",
        }))
        .unwrap();
        let state = state.unwrap_or_else(|| new_state(&spec, Timestamp::now()));
        let (offers, offered) = mpsc::channel(1);
        let (following, stop) = (fetcher.clone(), CancellationToken::new());
        self.tasks
            .spawn(following.follow(spec, state, offers, stop));
        (fetcher, offered)
    }

    /// The next request that the hub gets.
    async fn ask(&mut self) -> (String, Form) {
        timeout(PATIENCE, self.asked.recv()).await.unwrap().unwrap()
    }
}

/// The subscription after the next commit.
async fn committed(offered: &mut mpsc::Receiver<Offer>) -> (Outcome, Subscription) {
    let offer = timeout(PATIENCE, offered.recv()).await.unwrap().unwrap();
    offer.committed.send(()).unwrap();
    (offer.poll.outcome, offer.poll.state.websub.unwrap())
}

fn status(status: u16) -> Response {
    Response::builder()
        .status(status)
        .body(Body::empty())
        .unwrap()
}

/// Feed and word of a callback.
fn place(form: &Form) -> (&str, &str) {
    let callback = &form["hub.callback"];
    let place = callback
        .strip_prefix("https://desk.example/websub/")
        .unwrap();
    place.split_once('/').unwrap()
}

fn question(form: &Form, mode: &str, more: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query
        .append_pair("hub.mode", mode)
        .append_pair("hub.topic", &form["hub.topic"]);
    query.finish() + more
}

#[tokio::test]
async fn a_hub_may_verify_before_it_answers_and_deny_afterwards() {
    let mut town = Town::new("/hub", |_| status(202)).await;
    let (fetcher, mut offered) = town.follow(None);
    let (_, pending) = committed(&mut offered).await;
    let (_, form) = town.ask().await;
    assert_eq!(form["hub.mode"], "subscribe");
    assert_eq!(form["hub.topic"], format!("http://{}/feed", town.address));
    assert_eq!(form["hub.lease_seconds"], "86400");
    assert_eq!(form["hub.secret"], pending.secret.0);
    let (feed, word) = place(&form);

    let verify = |query: String| fetcher.verify(feed, word, &query);
    let lease = "&hub.challenge=x%20y&hub.lease_seconds=7200";
    let yes = Reply::Challenge("x y".to_owned());
    assert_eq!(verify(question(&form, "subscribe", lease)), yes);
    let (outcome, active) = committed(&mut offered).await;
    assert!(matches!(outcome, Outcome::Subscription { granted: true }));
    let left = active
        .until
        .unwrap()
        .duration_since(Timestamp::now())
        .as_secs();
    assert!((7_100..=7_200).contains(&left), "{left}");

    assert_eq!(
        verify(question(&form, "denied", "&hub.reason=full")),
        Reply::Accepted
    );
    let (outcome, denied) = committed(&mut offered).await;
    assert!(matches!(outcome, Outcome::Subscription { granted: false }));
    assert_eq!(denied.until, None);
    assert_eq!(
        fetcher.verify("b", word, &question(&form, "subscribe", lease)),
        Reply::Later
    );
    assert_eq!(
        fetcher.verify("a", "0", &question(&form, "subscribe", lease)),
        Reply::NotAsked
    );
    assert_eq!(
        verify(question(&form, "unsubscribe", lease)),
        Reply::NotAsked
    );
}

#[tokio::test]
async fn a_hub_that_has_moved_is_asked_where_it_is_and_one_inside_never() {
    let mut town = Town::new("/hub", |path| match path {
        "/hub" => Response::builder()
            .status(308)
            .header("location", "/new")
            .body(Body::empty())
            .unwrap(),
        _ => status(202),
    })
    .await;
    let (_fetcher, mut offered) = town.follow(None);
    committed(&mut offered).await;
    let (first, second) = (town.ask().await, town.ask().await);
    assert_eq!((first.0.as_str(), second.0.as_str()), ("/hub", "/new"));
    assert_eq!(first.1, second.1);

    // The inner server is told of every connection: none comes, though the feed names it as its hub.
    let inner = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    inner.set_nonblocking(true).unwrap();
    let address = inner.local_addr().unwrap();
    let mut town = Town::new(&format!("http://{address}/hub"), |_| status(202)).await;
    let (fetcher, mut offered) = town.follow(None);
    committed(&mut offered).await;
    let failed = async {
        let is_put_off = || {
            let shown = fetcher.status();
            let hub = shown[0].hub.as_ref().unwrap();
            hub.next_request > Timestamp::now() + Duration::from_secs(60)
        };
        while !is_put_off() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, failed).await.unwrap();
    assert!(inner.accept().is_err(), "nobody has connected");
}

#[tokio::test]
async fn a_feed_that_goes_on_from_its_state_asks_nobody_before_the_lease_is_to_be_renewed() {
    let mut town = Town::new("/hub", |_| status(202)).await;
    let (fetcher, mut offered) = town.follow(None);
    committed(&mut offered).await;
    let (_, form) = town.ask().await;
    let (feed, word) = place(&form);
    let lease = question(
        &form,
        "subscribe",
        "&hub.challenge=x&hub.lease_seconds=7200",
    );
    let yes = Reply::Challenge("x".to_owned());
    assert_eq!(fetcher.verify(feed, word, &lease), yes);
    let offer = timeout(PATIENCE, offered.recv()).await.unwrap().unwrap();
    let mut state = offer.poll.state.clone();
    drop(offer);

    // The same word is answered by the process after it; an unsigned push is dropped there.
    let (next, mut offered) = town.follow(Some(state.clone()));
    timeout(PATIENCE, async {
        while next
            .push(feed, word, &HeaderMap::new(), Body::from(DOCUMENT))
            .await
            != Reply::Accepted
        {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    assert!(town.asked.try_recv().is_err() && offered.try_recv().is_err());

    // Once the renewal is due, the hub is asked for the very same subscription.
    state.websub.as_mut().unwrap().next = Timestamp::now();
    town.follow(Some(state));
    assert_eq!(town.ask().await.1, form);
}
