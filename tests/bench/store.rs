//! The local log by itself.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use sink::{Cleanup, LocalSettings, Log, Record, Settings, TopicSpec};

const RECORDS: usize = 100;
const BYTES: usize = 1500;
const SPAN: Duration = Duration::from_secs(3);

/// Durable commits a second of 100 records of 1.5 KB each, one after the other.
pub(crate) async fn durable_commits() -> f64 {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let settings = Settings::Local(LocalSettings {
        directory: directory.path().to_owned(),
        prefix: String::new(),
    });
    let topic = TopicSpec {
        name: "raw".to_owned(),
        partitions: 8,
        cleanup: Cleanup::Delete {
            age: Duration::from_hours(1),
            bytes: None,
        },
    };
    let log = Log::open(&settings, &[topic])
        .await
        .expect("an empty directory opens");
    let started = Instant::now();
    let mut commits = 0;
    while started.elapsed() < SPAN {
        log.append((0..RECORDS).map(record).collect())
            .await
            .expect("the disk takes it");
        commits += 1;
    }
    let rate = f64::from(commits) / started.elapsed().as_secs_f64();
    log.close().await;
    rate
}

/// Bytes that do not repeat, as a compressed text's would not.
fn record(number: usize) -> Record {
    Record {
        topic: "raw".to_owned(),
        key: number.to_be_bytes().to_vec(),
        partition_key: None,
        value: Some((0..BYTES).map(|_| rand::random()).collect()),
        headers: Vec::new(),
        timestamp: Timestamp::now(),
    }
}
