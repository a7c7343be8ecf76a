//! What is on the topics, read as a consumer reads them.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::daemon::{Backend, Daemon, Setup};

/// A record as a consumer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// Without the prefix.
    pub(crate) topic: String,
    pub(crate) partition: u32,
    pub(crate) offset: u64,
    pub(crate) key: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) value: Value,
}

impl Record {
    /// The value as one of our types.
    pub(crate) fn decode<T: DeserializeOwned>(&self) -> T {
        serde_json::from_value(self.value.clone()).expect("the value is what its topic holds")
    }
}

/// Everything committed on the topics, in offset order within a partition: over HTTP from the local
/// log, with a consumer of our own from Kafka.
pub(crate) async fn read(setup: &Setup, daemon: &Daemon, topics: &[&str]) -> Vec<Record> {
    match &setup.backend {
        Backend::Local => over_http(daemon, topics).await,
        Backend::Kafka(brokers) => {
            let (brokers, prefix) = (brokers.clone(), setup.prefix.clone());
            let topics: Vec<_> = topics
                .iter()
                .map(|topic| format!("{prefix}{topic}"))
                .collect();
            tokio::task::spawn_blocking(move || from_kafka(&brokers, &prefix, &topics))
                .await
                .expect("the consumer does not panic")
        }
    }
}

/// What `/v1/records` has of the topics.
pub(crate) async fn over_http(daemon: &Daemon, topics: &[&str]) -> Vec<Record> {
    let topics: String = topics
        .iter()
        .map(|topic| format!("topic={topic}&"))
        .collect();
    let path = format!("/v1/records?{topics}from=beginning&follow=false");
    daemon.get(&path).await.lines().map(from_line).collect()
}

/// A line of `/v1/records`.
pub(crate) fn from_line(line: &str) -> Record {
    let record: Value = serde_json::from_str(line).expect("a line is a JSON object");
    let number = |name: &str| record[name].as_u64().expect("a record has a place");
    let headers = record["headers"].as_object().expect("a record has headers");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Record {
        topic: text(&record["topic"]),
        partition: u32::try_from(number("partition")).expect("a small number"),
        offset: number("offset"),
        key: text(&record["key"]),
        headers: headers
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        value: record["value"].clone(),
    }
}

/// A consumer of committed records that is told when it has them all.
pub(crate) fn consumer(brokers: &str) -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "claimwire-tests")
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.partition.eof", "true")
        .set("allow.auto.create.topics", "false")
        .create()
        .expect("the consumer's settings are valid")
}

/// Every partition of the topics, from its beginning.
pub(crate) fn from_beginning(consumer: &BaseConsumer, topics: &[String]) -> TopicPartitionList {
    let mut partitions = TopicPartitionList::new();
    for topic in topics {
        let metadata = consumer
            .fetch_metadata(Some(topic), Duration::from_secs(10))
            .expect("the broker answers");
        let of_topic = metadata.topics()[0].partitions();
        assert!(!of_topic.is_empty(), "there is no topic {topic}");
        for partition in of_topic {
            partitions
                .add_partition_offset(topic, partition.id(), Offset::Beginning)
                .expect("a valid offset");
        }
    }
    partitions
}

fn from_kafka(brokers: &str, prefix: &str, topics: &[String]) -> Vec<Record> {
    let consumer = consumer(brokers);
    let partitions = from_beginning(&consumer, topics);
    consumer.assign(&partitions).expect("the partitions exist");
    let (mut records, mut ended) = (Vec::new(), 0);
    while ended < partitions.count() {
        match consumer.poll(Duration::from_secs(30)) {
            Some(Ok(message)) => records.push(from_message(&message, prefix)),
            Some(Err(KafkaError::PartitionEOF(_))) => ended += 1,
            Some(Err(error)) => panic!("reading {topics:?}: {error}"),
            None => panic!("{topics:?} have no end"),
        }
    }
    records
}

/// A Kafka message as a record.
pub(crate) fn from_message(message: &BorrowedMessage<'_>, prefix: &str) -> Record {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text is UTF-8");
    let headers = message
        .headers()
        .into_iter()
        .flat_map(|headers| headers.iter());
    Record {
        topic: message.topic().trim_start_matches(prefix).to_owned(),
        partition: u32::try_from(message.partition()).expect("a partition"),
        offset: u64::try_from(message.offset()).expect("an offset"),
        key: message.key().map(text).unwrap_or_default(),
        headers: headers
            .map(|header| {
                (
                    header.key.to_owned(),
                    header.value.map(text).unwrap_or_default(),
                )
            })
            .collect(),
        value: message.payload().map_or(Value::Null, |value| {
            serde_json::from_slice(value).expect("a value is JSON")
        }),
    }
}
