//! Every error of `errors.md` is raised by librdkafka's mock cluster, once on each of its requests, and
//! must lead to what the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;

use jiff::Timestamp;
use rdkafka::Offset;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr as E};

use super::*;
use crate::kafka::health::Health;
use crate::settings::{KafkaSettings, Security};

const TABLE: &str = include_str!("../../../errors.md");

/// What a broker says to a transactional producer (Kafka's `Errors`).
const ERRORS: [E; 48] = [
    E::RD_KAFKA_RESP_ERR_UNKNOWN,
    E::RD_KAFKA_RESP_ERR_INVALID_MSG,
    E::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    E::RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
    E::RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
    E::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
    E::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
    E::RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
    E::RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
    E::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    E::RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
    E::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
    E::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
    E::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    E::RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
    E::RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
    E::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
    E::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
    E::RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS,
    E::RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
    E::RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
    E::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    E::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    E::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
    E::RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
    E::RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
    E::RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
    E::RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT,
    E::RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
    E::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
    E::RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER,
    E::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
    E::RD_KAFKA_RESP_ERR_INVALID_TXN_STATE,
    E::RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING,
    E::RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT,
    E::RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS,
    E::RD_KAFKA_RESP_ERR_TRANSACTION_COORDINATOR_FENCED,
    E::RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    E::RD_KAFKA_RESP_ERR_SECURITY_DISABLED,
    E::RD_KAFKA_RESP_ERR_OPERATION_NOT_ATTEMPTED,
    E::RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
    E::RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
    E::RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE,
    E::RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
    E::RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
    E::RD_KAFKA_RESP_ERR_INVALID_RECORD,
    E::RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED,
    E::RD_KAFKA_RESP_ERR_PRODUCER_FENCED,
];

/// A row of the table: the error's number, and what it means on each request.
struct Row {
    number: i32,
    meanings: Vec<(&'static str, &'static str)>,
}

#[test]
fn every_error_of_a_broker_lands_in_its_documented_class() {
    let rows = rows();
    let documented: BTreeSet<i32> = rows.iter().map(|row| row.number).collect();
    let known: BTreeSet<i32> = ERRORS.iter().map(|error| *error as i32).collect();
    assert_eq!(documented, known, "the table and the list agree");
    let mut cases = Vec::new();
    for row in &rows {
        let error = ERRORS.into_iter().find(|error| *error as i32 == row.number);
        let error = error.expect("the sets are equal");
        let meanings = row.meanings.iter();
        cases.extend(meanings.map(|(request, meaning)| (error, *request, *meaning)));
    }
    // Most of it is waiting.
    let wrong: Vec<String> = thread::scope(|scope| {
        let share = cases.len().div_ceil(8);
        let shares: Vec<_> = cases
            .chunks(share)
            .map(|share| scope.spawn(|| share.iter().filter_map(wrong).collect::<Vec<_>>()))
            .collect();
        let found = shares.into_iter().map(|share| share.join());
        found
            .flat_map(|wrong| wrong.expect("no case panics"))
            .collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong about a case: an error, the request that it answers, and what the table says.
fn wrong((error, request, meaning): &(E, &str, &str)) -> Option<String> {
    let seen = outcome(*error, key(request));
    let number = *error as i32;
    (seen != *meaning).then(|| format!("{number} on {request}: {seen}, not {meaning}"))
}

/// What a transaction comes to when the first such request is answered with the error.
fn outcome(error: E, request: RDKafkaApiKey) -> &'static str {
    let mock = MockCluster::new(1).expect("the mock cluster starts");
    for topic in ["mock.in", "mock.out"] {
        mock.create_topic(topic, 1, 1).expect("the topic is made");
    }
    let cluster = cluster(&mock.bootstrap_servers());
    let stop = AtomicBool::new(false);
    let producer = Producer::new(&cluster, "mock").expect("the settings are valid");
    if matches!(request, RDKafkaApiKey::InitProducerId) {
        mock.request_errors(request, &[error]);
    }
    loop {
        match producer.init() {
            Ok(true) => break,
            Ok(false) => {}
            Err(failed) => return name(&failed),
        }
    }
    // The first transaction of a producer finds everything out; the second is the usual one.
    let offsets = offsets(&cluster);
    let records = [record("a"), record("b")];
    let commit = || producer.commit(&cluster, records.iter(), Some(&offsets), false, &stop);
    commit().expect("nothing is wrong yet");
    if !matches!(request, RDKafkaApiKey::InitProducerId) {
        mock.request_errors(request, &[error]);
    }
    match commit() {
        Ok(()) => "again",
        Err(failed) => name(&failed),
    }
}

fn name(failed: &Failed) -> &'static str {
    match failed {
        Failed::Aborted { .. } => "abort",
        Failed::Refused { .. } => "dead",
        Failed::Unknown { .. } => "renew",
        Failed::Paused(_) => "pause",
        Failed::Unusable(_) | Failed::Stopped => "end",
    }
}

fn key(request: &str) -> RDKafkaApiKey {
    match request {
        "Produce" => RDKafkaApiKey::Produce,
        "InitProducerId" => RDKafkaApiKey::InitProducerId,
        "AddPartitionsToTxn" => RDKafkaApiKey::AddPartitionsToTxn,
        "AddOffsetsToTxn" => RDKafkaApiKey::AddOffsetsToTxn,
        "TxnOffsetCommit" => RDKafkaApiKey::TxnOffsetCommit,
        "EndTxn" => RDKafkaApiKey::EndTxn,
        other => panic!("the table has a column {other}"),
    }
}

fn rows() -> Vec<Row> {
    let mut lines = TABLE.lines().filter(|line| line.starts_with('|'));
    let cells = |line: &'static str| -> Vec<&'static str> {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().trim_matches('`')).collect()
    };
    let head = lines
        .by_ref()
        .map(cells)
        .find(|cells| cells.contains(&"Produce"));
    let head = head.expect("the table has a column a request");
    let rows = lines.map(cells).filter(|cells| cells.len() == head.len());
    rows.filter_map(|cells| {
        let meanings = head.iter().copied().zip(cells.iter().copied()).skip(2);
        Some(Row {
            number: cells[1].parse().ok()?,
            meanings: meanings.filter(|(_, meaning)| *meaning != "–").collect(),
        })
    })
    .collect()
}

fn cluster(brokers: &str) -> Cluster {
    let settings = KafkaSettings {
        brokers: brokers.to_owned(),
        prefix: "mock.".into(),
        instance: "mock".into(),
        security: Security::default(),
        replication: 1,
        commit_interval: Duration::ZERO,
        properties: BTreeMap::from([("retry.backoff.ms".into(), "1".into())]),
    };
    Cluster {
        base: client::common(&settings).expect("the settings are valid"),
        settings,
        health: Arc::<Health>::default(),
        partitions: BTreeMap::from([("in".to_owned(), 1), ("out".to_owned(), 1)]),
        state: BTreeSet::new(),
    }
}

fn offsets(cluster: &Cluster) -> Offsets {
    let mut config = cluster.base.clone();
    config.set("group.id", "mock.group");
    let consumer: BaseConsumer = config.create().expect("the settings are valid");
    let mut positions = TopicPartitionList::new();
    positions
        .add_partition_offset("mock.in", 0, Offset::Offset(1))
        .expect("a valid offset");
    let group = consumer.group_metadata().expect("it has a group");
    Offsets { positions, group }
}

fn record(key: &str) -> Record {
    Record {
        topic: "out".into(),
        key: key.into(),
        partition_key: None,
        value: Some(b"value".to_vec()),
        headers: Vec::new(),
        timestamp: Timestamp::UNIX_EPOCH,
    }
}
