//! Items a second from HTTP to a committed tagged record, and what Kafka takes without us.

use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};

use crate::support::daemon::{Backend, Options, PATIENCE, Setup};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::follow::Follow;
use crate::support::topics::{Record, read};

pub(crate) const FEEDS: usize = 200;
pub(crate) const ITEMS: usize = 50;
pub(crate) const BYTES: usize = 600;
const PARTITIONS: u32 = 8;

/// One run of the daemon over items that are all there when it starts.
pub(crate) struct Run {
    pub(crate) items: usize,
    /// From the first document served to the last tagged item read.
    pub(crate) seconds: f64,
    /// Records of `raw`, items and claims, with their headers left out.
    pub(crate) records: Vec<Record>,
    /// From the start of a process, after `kill -9` of the one before, until it is ready.
    pub(crate) restart_seconds: f64,
}

pub(crate) async fn pipeline(backend: Backend) -> Run {
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:03}"), Format::Rss));
    let server = FeedServer::start(feeds, ITEMS, BYTES, 16).await;
    for id in server.ids() {
        for _ in 0..ITEMS {
            server.publish(id);
        }
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "1h",
        sample: false,
        partitions: PARTITIONS,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    let mut follow = Follow::topics(&setup, &daemon, &["items.confirmed", "items.unconfirmed"]);
    let items = FEEDS * ITEMS;
    let mut last = Instant::now();
    for _ in 0..items {
        last = follow.next().await.at;
    }
    let first = server
        .ids()
        .iter()
        .filter_map(|id| server.look(id, |feed| feed.first_served.values().min().copied()));
    let first = first.min().expect("documents were served");
    drop(follow);

    let topics = [
        "raw",
        "items.confirmed",
        "items.unconfirmed",
        "claims.confirmed",
        "claims.unconfirmed",
    ];
    let records = read(&setup, &daemon, &topics).await;
    daemon.kill().await;
    let restarted = Instant::now();
    let daemon = setup.start().await;
    let restart_seconds = restarted.elapsed().as_secs_f64();
    daemon.stop("TERM", PATIENCE).await;
    Run {
        items,
        seconds: last.duration_since(first).as_secs_f64(),
        records,
        restart_seconds,
    }
}

/// Seconds that a bare idempotent producer takes to have the same keys and values acknowledged, on as
/// many topics with as many partitions.
pub(crate) async fn bare_producer(brokers: &str, records: Vec<Record>) -> f64 {
    let prefix = format!("bare-{}.", std::process::id());
    let mut names: Vec<_> = records
        .iter()
        .map(|it| format!("{prefix}{}", it.topic))
        .collect();
    names.sort();
    names.dedup();
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("valid settings");
    let partitions = i32::try_from(PARTITIONS).expect("few partitions");
    let topics: Vec<_> = names
        .iter()
        .map(|name| NewTopic::new(name, partitions, TopicReplication::Fixed(1)))
        .collect();
    let created = admin.create_topics(&topics, &AdminOptions::new()).await;
    created.expect("the broker creates topics");

    let records: Vec<_> = records
        .into_iter()
        .map(|it| {
            (
                format!("{prefix}{}", it.topic),
                it.key,
                it.value.to_string(),
            )
        })
        .collect();
    config
        .set("enable.idempotence", "true")
        .set("compression.codec", "zstd")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "5");
    let send = move || {
        let producer: ThreadedProducer<DefaultProducerContext> =
            config.create().expect("valid settings");
        let started = Instant::now();
        for (topic, key, value) in &records {
            let mut record = BaseRecord::to(topic).key(key).payload(value);
            while let Err((error, again)) = producer.send(record) {
                let full = KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull);
                assert_eq!(error, full, "the producer refuses a record");
                producer.flush(Duration::from_millis(50)).ok();
                record = again;
            }
        }
        producer
            .flush(PATIENCE)
            .expect("every record is acknowledged");
        started.elapsed().as_secs_f64()
    };
    tokio::task::spawn_blocking(send)
        .await
        .expect("the producer does not panic")
}
