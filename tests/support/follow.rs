//! A consumer that stays: records with the moment at which they could be read.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rdkafka::consumer::Consumer as _;
use rdkafka::message::Message as _;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::daemon::{Backend, Daemon, PATIENCE, Setup};
use super::topics::{Record, consumer, from_beginning, from_line};

/// A record as it arrived.
pub(crate) struct Arrival {
    pub(crate) at: Instant,
    bytes: Vec<u8>,
    /// Whether `bytes` is a line of `/v1/records` or a bare value.
    line: bool,
}

/// Follows topics from their beginning until it is dropped.
pub(crate) struct Follow {
    arrivals: mpsc::Receiver<Arrival>,
    stop: Arc<AtomicBool>,
    _readers: JoinSet<()>,
}

impl Arrival {
    /// The value as one of our types.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> T {
        if self.line {
            return self.record().decode();
        }
        serde_json::from_slice(&self.bytes).expect("the value is what its topic holds")
    }

    /// The whole record, where it was read over HTTP.
    pub(crate) fn record(&self) -> Record {
        from_line(std::str::from_utf8(&self.bytes).expect("a line is UTF-8"))
    }
}

impl Follow {
    /// Over HTTP from the local log, with a consumer of our own from Kafka.
    pub(crate) fn topics(setup: &Setup, daemon: &Daemon, topics: &[&str]) -> Self {
        let (arrived, arrivals) = mpsc::channel(1024);
        let stop = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        match &setup.backend {
            Backend::Local => {
                let topics: String = topics
                    .iter()
                    .map(|topic| format!("topic={topic}&"))
                    .collect();
                let url = format!(
                    "http://127.0.0.1:{}/v1/records?{topics}from=beginning&follow=true",
                    daemon.port()
                );
                readers.spawn(follow_http(url, arrived));
            }
            Backend::Kafka(brokers) => {
                follow_brokers(brokers, setup, topics, &stop, arrived, &mut readers);
            }
        }
        Self {
            arrivals,
            stop,
            _readers: readers,
        }
    }

    /// With a consumer of our own from Kafka, whether a daemon runs or not.
    pub(crate) fn on_kafka(setup: &Setup, topics: &[&str]) -> Self {
        let Backend::Kafka(brokers) = &setup.backend else {
            panic!("the log is not on Kafka");
        };
        let (arrived, arrivals) = mpsc::channel(1024);
        let stop = Arc::new(AtomicBool::new(false));
        let mut readers = JoinSet::new();
        follow_brokers(brokers, setup, topics, &stop, arrived, &mut readers);
        Self {
            arrivals,
            stop,
            _readers: readers,
        }
    }

    /// The next record, unless none comes within `limit`.
    pub(crate) async fn within(&mut self, limit: Duration) -> Option<Arrival> {
        let next = timeout(limit, self.arrivals.recv()).await.ok()?;
        Some(next.expect("the reader goes on"))
    }

    /// The next record, which should not take long.
    pub(crate) async fn next(&mut self) -> Arrival {
        self.within(PATIENCE).await.expect("records keep coming")
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

fn follow_brokers(
    brokers: &str,
    setup: &Setup,
    topics: &[&str],
    stop: &Arc<AtomicBool>,
    arrived: mpsc::Sender<Arrival>,
    readers: &mut JoinSet<()>,
) {
    let prefix = &setup.prefix;
    let topics: Vec<_> = topics
        .iter()
        .map(|topic| format!("{prefix}{topic}"))
        .collect();
    let (brokers, stop) = (brokers.to_owned(), Arc::clone(stop));
    readers.spawn_blocking(move || follow_kafka(&brokers, &topics, &stop, &arrived));
}

async fn follow_http(url: String, arrived: mpsc::Sender<Arrival>) {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = url.parse().expect("a valid address");
    let mut body = client
        .get(url)
        .await
        .expect("the daemon answers")
        .into_body();
    let mut rest = Vec::new();
    while let Some(Ok(frame)) = body.frame().await {
        let at = Instant::now();
        rest.extend_from_slice(&frame.into_data().unwrap_or_default());
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            let bytes: Vec<u8> = rest.drain(..=end).collect();
            if arrived
                .send(Arrival {
                    at,
                    bytes,
                    line: true,
                })
                .await
                .is_err()
            {
                return;
            }
        }
    }
}

fn follow_kafka(
    brokers: &str,
    topics: &[String],
    stop: &AtomicBool,
    arrived: &mpsc::Sender<Arrival>,
) {
    let consumer = consumer(brokers);
    consumer
        .assign(&from_beginning(&consumer, topics))
        .expect("the partitions exist");
    while !stop.load(Ordering::Relaxed) {
        // A partition's end is an error to this consumer, and not to us.
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else {
            continue;
        };
        let bytes = message.payload().unwrap_or_default().to_vec();
        let arrival = Arrival {
            at: Instant::now(),
            bytes,
            line: false,
        };
        if arrived.blocking_send(arrival).is_err() {
            return;
        }
    }
}
