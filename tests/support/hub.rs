//! A WebSub hub on loopback (W3C Recommendation): takes subscriptions, verifies them, pushes what a test
//! publishes, signed.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use hmac::{Hmac, KeyInit, Mac};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sha1::Sha1;
use sha2::{Sha256, Sha384, Sha512};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use url::form_urlencoded;

/// How long a subscriber may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);
const CHALLENGE: &str = "Ὀδυσσεύς & friends, 100 %";

/// The running hub; it stops when it is dropped.
pub(crate) struct Hub {
    address: SocketAddr,
    state: Shared,
    _serving: JoinSet<()>,
}

type Shared = Arc<Mutex<State>>;

#[derive(Default)]
struct State {
    requests: Vec<Fields>,
    /// By topic and callback.
    active: BTreeMap<(String, String), Subscriber>,
}

type Fields = BTreeMap<String, String>;

/// Who is pushed to.
#[derive(Clone, Debug)]
pub(crate) struct Subscriber {
    pub(crate) callback: String,
    pub(crate) secret: String,
}

impl Hub {
    /// A hub that grants every verified subscription for as long as it is asked to.
    pub(crate) async fn start() -> Self {
        let state = Shared::default();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound socket has one");
        let verifying = Arc::clone(&state);
        let verifications = TaskTracker::new();
        let router = Router::new().route(
            "/",
            post(async move |form: String| {
                let pairs = form_urlencoded::parse(form.as_bytes()).into_owned();
                let fields: Fields = pairs.collect();
                lock(&verifying).requests.push(fields.clone());
                // The answer does not wait for the verification (§5.1.2).
                verifications.spawn(verify(verifying, fields));
                StatusCode::ACCEPTED
            }),
        );
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("loopback serves");
        });
        Self {
            address,
            state,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What it was asked for with this `hub.mode`.
    pub(crate) fn requests(&self, mode: &str) -> Vec<Fields> {
        let state = lock(&self.state);
        let requests = state.requests.iter();
        requests
            .filter(|it| it["hub.mode"] == mode)
            .cloned()
            .collect()
    }

    /// Whose subscriptions to `topic` are verified.
    pub(crate) fn subscribers(&self, topic: &str) -> Vec<Subscriber> {
        let state = lock(&self.state);
        let active = state.active.iter();
        active
            .filter(|((of, _), _)| of == topic)
            .map(|(_, subscriber)| subscriber.clone())
            .collect()
    }
}

impl Subscriber {
    /// Pushes `body`, signed as this hub signs, and returns the status.
    pub(crate) async fn push(&self, method: &str, body: &str) -> u16 {
        let signature = signature(method, &self.secret, body.as_bytes());
        send(&self.callback, Some(&signature), body).await
    }
}

/// Pushes `body` to any address, with a signature or without.
pub(crate) async fn send(callback: &str, signature: Option<&str>, body: &str) -> u16 {
    let mut request = Request::post(callback).header("content-type", "application/rss+xml");
    if let Some(signature) = signature {
        request = request.header("x-hub-signature", signature);
    }
    let request = request.body(Full::from(body.to_owned()));
    answer(request.expect("a request")).await.0
}

/// What the subscriber answers a question (§5.3).
pub(crate) async fn ask(callback: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish();
    let request = Request::get(format!("{callback}?{query}")).body(Full::default());
    answer(request.expect("a request")).await
}

async fn verify(state: Shared, fields: Fields) {
    let [mode, topic, callback] =
        ["hub.mode", "hub.topic", "hub.callback"].map(|name| &fields[name]);
    let lease = fields.get("hub.lease_seconds").map_or("", String::as_str);
    let question = [
        ("hub.mode", mode.as_str()),
        ("hub.topic", topic),
        ("hub.challenge", CHALLENGE),
        ("hub.lease_seconds", lease),
    ];
    let meant = ask(callback, &question).await == (200, CHALLENGE.to_owned());
    let place = (topic.clone(), callback.clone());
    match mode.as_str() {
        "subscribe" if meant => {
            let subscriber = Subscriber {
                callback: callback.clone(),
                secret: fields["hub.secret"].clone(),
            };
            lock(&state).active.insert(place, subscriber);
        }
        "unsubscribe" if meant => {
            lock(&state).active.remove(&place);
        }
        _ => {}
    }
}

async fn answer(request: Request<Full<Bytes>>) -> (u16, String) {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let exchange = async {
        let response = client.request(request).await.expect("it answers");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body");
        (
            status,
            String::from_utf8_lossy(&body.to_bytes()).into_owned(),
        )
    };
    timeout(PATIENCE, exchange)
        .await
        .expect("it answers in time")
}

fn signature(method: &str, secret: &str, body: &[u8]) -> String {
    fn digest<M: Mac + KeyInit>(secret: &str, body: &[u8]) -> String {
        let keyed = <M as KeyInit>::new_from_slice(secret.as_bytes()).expect("any length will do");
        let bytes = keyed.chain_update(body).finalize().into_bytes();
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
    let digest = match method {
        "sha1" => digest::<Hmac<Sha1>>,
        "sha256" => digest::<Hmac<Sha256>>,
        "sha384" => digest::<Hmac<Sha384>>,
        "sha512" => digest::<Hmac<Sha512>>,
        other => panic!("no hub signs with {other}"),
    };
    format!("{method}={}", digest(secret, body))
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().expect("no test panics with the hub in hand")
}
