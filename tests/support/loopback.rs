//! A web server on loopback whose answers a test decides.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, Uri};
use futures::{StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What a request is answered with.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
    /// Called once the last byte of the body was taken by the connection.
    pub(crate) sent: Option<Box<dyn FnOnce() + Send>>,
}

/// The running server; it stops when it is dropped.
pub(crate) struct Loopback {
    addresses: Vec<SocketAddr>,
    visits: Visits,
    _serving: JoinSet<()>,
}

/// A request from its arrival to the end of its answer, or of its connection.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// The host's number, from 0.
    pub(crate) host: usize,
    /// What the client says that it is.
    pub(crate) agent: String,
    pub(crate) began: Instant,
    pub(crate) ended: Option<Instant>,
}

type Visits = Arc<Mutex<Vec<Visit>>>;

/// Notes the end of a visit when it is dropped.
struct Leaving {
    visits: Visits,
    number: usize,
}

impl Leaving {
    fn note(visits: &Visits, host: usize, headers: &HeaderMap) -> Self {
        let agent = headers.get("user-agent");
        let agent = agent.map_or("", |agent| agent.to_str().unwrap_or_default());
        let mut noted = visits
            .lock()
            .expect("nobody panics with the visits in hand");
        noted.push(Visit {
            host,
            agent: agent.to_owned(),
            began: Instant::now(),
            ended: None,
        });
        Self {
            visits: Arc::clone(visits),
            number: noted.len() - 1,
        }
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut visits = self
            .visits
            .lock()
            .expect("nobody panics with the visits in hand");
        visits[self.number].ended = Some(Instant::now());
    }
}

impl Loopback {
    /// Serves on `127.0.0.1` up to `127.0.0.<hosts>`, which a polite client takes for as many hosts.
    /// `answer` is given the request's path without its first slash.
    pub(crate) async fn serve<F>(hosts: u8, answer: F) -> Self
    where
        F: Fn(&str, &HeaderMap) -> Answer + Send + Sync + 'static,
    {
        Self::serve_after(Duration::ZERO, hosts, answer).await
    }

    /// [`Self::serve`] by a server that takes its time before each answer.
    pub(crate) async fn serve_after<F>(latency: Duration, hosts: u8, answer: F) -> Self
    where
        F: Fn(&str, &HeaderMap) -> Answer + Send + Sync + 'static,
    {
        let answer = Arc::new(answer);
        let visits = Visits::default();
        let mut addresses = Vec::new();
        let mut serving = JoinSet::new();
        for host in 1..=hosts {
            let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, host), 0))
                .await
                .expect("loopback has a free port");
            addresses.push(
                listener
                    .local_addr()
                    .expect("a bound socket has an address"),
            );
            let (answer, visits) = (Arc::clone(&answer), Arc::clone(&visits));
            let number = usize::from(host) - 1;
            let router = Router::new().fallback(move |uri: Uri, headers: HeaderMap| {
                let leaving = Leaving::note(&visits, number, &headers);
                let answer = Arc::clone(&answer);
                async move {
                    tokio::time::sleep(latency).await;
                    respond(
                        answer(uri.path().trim_start_matches('/'), &headers),
                        leaving,
                    )
                }
            });
            serving.spawn(async move {
                axum::serve(listener, router)
                    .await
                    .expect("loopback serves");
            });
        }
        Self {
            addresses,
            visits,
            _serving: serving,
        }
    }

    /// Every request so far, in the order of their arrival.
    pub(crate) fn visits(&self) -> Vec<Visit> {
        self.visits
            .lock()
            .expect("nobody panics with the visits in hand")
            .clone()
    }

    /// The address of `path`; `number` spreads feeds over the hosts.
    pub(crate) fn url(&self, path: &str, number: usize) -> String {
        let address = self.addresses[number % self.addresses.len()];
        format!("http://{address}/{path}")
    }
}

impl Answer {
    pub(crate) fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            sent: None,
        }
    }
}

/// The body goes out in pieces without a length, so that a client killed in the middle is told from
/// one that got all of it.
fn respond(answer: Answer, leaving: Leaving) -> Response<Body> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    let pieces: Vec<_> = answer
        .body
        .chunks(16 * 1024)
        .map(|piece| Ok::<_, Infallible>(answer.body.slice_ref(piece)))
        .collect();
    let end = stream::once(async move {
        let _leaving = leaving;
        if let Some(sent) = answer.sent {
            sent();
        }
    })
    .filter_map(|()| async { None });
    let body = if pieces.is_empty() {
        Body::empty()
    } else {
        Body::from_stream(stream::iter(pieces).chain(end))
    };
    response.body(body).expect("the answer's headers are valid")
}
