//! A publisher on loopback that answers by script.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::response::Builder;
use axum::response::Response;
use fetcher::{Fetcher, Outcome, Poll, PollError, Settings, new_state};
use jiff::Timestamp;
use tokio::task::JoinSet;
use wire::feed::PublisherKind;
use wire::{FeedId, FeedSpec, FeedState, Language};

/// A publisher: answers by script, remembers what it was asked. Stops when dropped.
pub(crate) struct Publisher {
    pub(crate) address: SocketAddr,
    pub(crate) asked: Arc<Mutex<Vec<HeaderMap>>>,
    _server: JoinSet<()>,
}

impl Publisher {
    /// `script` makes the answer to the nth request, from 0, for a path.
    pub(crate) async fn new(
        script: impl Fn(usize, &str) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (count, log) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&asked));
        let app = Router::new().fallback(move |request: Request| {
            log.lock().unwrap().push(request.headers().clone());
            let nth = count.fetch_add(1, Ordering::SeqCst);
            let response = script(nth, request.uri().path());
            async move { response }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            asked,
            _server: server,
        }
    }

    pub(crate) fn spec(&self) -> FeedSpec {
        FeedSpec {
            id: FeedId("test".to_owned()),
            url: format!("http://{}/feed?key=secret", self.address),
            publisher: "Test".to_owned(),
            language: Language::En,
            country: "XX".to_owned(),
            kind: PublisherKind::Other,
            admiralty: None,
            interval: None,
            credential: None,
            sample: false,
        }
    }

    pub(crate) fn fetcher(&self) -> Fetcher {
        self.fetcher_with(|_| {})
    }

    pub(crate) fn fetcher_with(&self, change: impl FnOnce(&mut Settings)) -> Fetcher {
        let mut settings = Settings {
            allow: vec![self.address.to_string()],
            host_spacing: Duration::ZERO,
            start_spread: Duration::ZERO,
            contact: "desk@example.org".to_owned(),
            ..Settings::default()
        };
        change(&mut settings);
        Fetcher::new(settings).unwrap()
    }

    pub(crate) async fn poll_once(&self) -> Poll {
        let spec = self.spec();
        self.fetcher().poll(&spec, &fresh(&spec)).await
    }

    pub(crate) fn asked(&self, nth: usize, header: &str) -> Option<Vec<u8>> {
        self.asked.lock().unwrap()[nth]
            .get(header)
            .map(|value| value.as_bytes().to_vec())
    }
}

pub(crate) fn fresh(spec: &FeedSpec) -> FeedState {
    new_state(spec, Timestamp::now())
}

/// A feed of (guid, title), newest first, an hour apart.
pub(crate) fn rss(items: &[(&str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(guid, title)| {
            format!("<item><guid>{guid}</guid><title>{title}</title><description>Text of {guid}.</description></item>")
        })
        .collect();
    format!(
        "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{items}</channel></rss>"
    )
}

pub(crate) fn answer(status: u16) -> Builder {
    Response::builder().status(status)
}

pub(crate) fn feed(items: &[(&str, &str)]) -> Response {
    answer(200)
        .header("content-type", "application/rss+xml")
        .body(rss(items).into())
        .unwrap()
}

pub(crate) fn error(poll: &Poll) -> &PollError {
    match &poll.outcome {
        Outcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}
