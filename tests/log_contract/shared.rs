//! What both backends do with records.

use std::collections::BTreeSet;

use sink::{Entry, Error, From, Log, Record, Start};

use crate::place::{
    Place, after, batch, follow, numbered, received, record, take, tombstone, value,
};

pub(crate) async fn a_batch_for_many_topics_is_visible_at_once_or_not_at_all(place: Place) {
    let log = place.open().await;
    log.append(numbered("in", 0..4)).await.expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut member, 4).await;
    let appender = member.appender();
    let outputs = ["out", "other", "state"].map(|topic| record(topic, "k", "one"));
    appender
        .commit(batch(outputs.to_vec(), after(&leases, &entries)))
        .await
        .expect("it commits");
    member.leave().await;
    // The leases are gone with the member: nothing of this batch may ever be seen.
    let refused = ["out", "other", "state"].map(|topic| record(topic, "k", "two"));
    let outcome = appender
        .commit(batch(refused.to_vec(), after(&leases, &entries)))
        .await;
    assert!(matches!(outcome, Err(Error::Lost)), "{outcome:?}");
    let marks = ["out", "other", "state"].map(|topic| record(topic, "k", "three"));
    log.append(marks.to_vec()).await.expect("it appends");
    for topic in ["out", "other", "state"] {
        let mut follower = follow(&log, &[topic]).await;
        let last = loop {
            let entry = follower.next().await.expect("the log goes on");
            assert_ne!(value(&entry), "two");
            if value(&entry) == "three" {
                break entry;
            }
        };
        assert_eq!(last.topic, topic);
    }
    log.close().await;
}

pub(crate) async fn records_of_a_key_keep_their_order(place: Place) {
    let log = place.open().await;
    for round in 0..5 {
        let records = (0..8).map(|key| record("other", &format!("key{key}"), &round.to_string()));
        log.append(records.collect()).await.expect("it appends");
    }
    let entries = take(&mut follow(&log, &["other"]).await, 40).await;
    for key in 0..8 {
        let key = format!("key{key}").into_bytes();
        let of_key: Vec<&str> = entries
            .iter()
            .filter(|entry| entry.key == key)
            .map(value)
            .collect();
        assert_eq!(of_key, ["0", "1", "2", "3", "4"]);
    }
    let partitions: BTreeSet<u32> = entries.iter().map(|entry| entry.partition).collect();
    assert!(
        partitions.len() > 1,
        "eight keys fall on more than one of three partitions"
    );
    log.close().await;
}

pub(crate) async fn the_latest_record_of_each_key_is_restored(place: Place) {
    let log = place.open().await;
    for round in ["old", "new"] {
        let records = (0..6).map(|key| record("state", &format!("key{key}"), round));
        log.append(records.collect()).await.expect("it appends");
    }
    log.append(vec![tombstone("state", "key3")])
        .await
        .expect("it appends");
    let mut restored = BTreeSet::new();
    for partition in 0..2 {
        for entry in log.latest("state", partition).await.expect("it reads") {
            assert_eq!(value(&entry), "new");
            assert_eq!(entry.partition, partition);
            assert_eq!(log.partition("state", &entry.key), partition);
            restored.insert(String::from_utf8(entry.key).expect("the keys are text"));
        }
    }
    assert_eq!(
        restored,
        BTreeSet::from(["key0", "key1", "key2", "key4", "key5"].map(String::from))
    );
    log.close().await;
}

pub(crate) async fn headers_nulls_and_binary_come_back_as_they_were(place: Place) {
    let log = place.open().await;
    let bytes: Vec<u8> = (0..=255).collect();
    let whole = Record {
        headers: vec![
            ("ce_id".into(), b"1".into()),
            ("empty".into(), b"".into()),
            ("twice".into(), bytes.clone().into()),
            ("twice".into(), b"again".into()),
        ],
        key: bytes.clone(),
        value: Some(bytes.clone()),
        timestamp: "2026-07-01T12:00:00.123Z".parse().expect("a timestamp"),
        ..record("out", "", "")
    };
    let empty = Record {
        value: Some(Vec::new()),
        ..record("out", "empty", "")
    };
    log.append(vec![whole.clone(), empty, tombstone("out", "none")])
        .await
        .expect("it appends");
    let entries = take(&mut follow(&log, &["out"]).await, 3).await;
    assert_eq!(entries[0].headers, whole.headers);
    assert_eq!(entries[0].key, whole.key);
    assert_eq!(entries[0].value, whole.value);
    assert_eq!(entries[0].timestamp, whole.timestamp);
    assert_eq!(entries[0].topic, "out");
    assert_eq!(entries[1].value, Some(Vec::new()));
    assert_eq!(entries[2].value, None);
    log.close().await;
}

pub(crate) async fn the_partition_of_a_key_is_the_one_java_gives_it(place: Place) {
    let log = place.open().await;
    // toPositive(murmur2(key)) % 3, from the hashes in Kafka's own UtilsTest.
    for (key, hash) in [
        ("21", -973_932_308_i32),
        ("foobar", -790_332_482),
        ("abc", 479_470_107),
    ] {
        let partition = (hash & 0x7fff_ffff).cast_unsigned() % 3;
        assert_eq!(log.partition("other", key.as_bytes()), partition, "{key}");
    }
    assert_eq!(log.partitions("other"), 3);
    let mut apart = record("other", "not this", "v");
    apart.partition_key = Some(b"abc".to_vec());
    log.append(vec![apart]).await.expect("it appends");
    let entries = take(&mut follow(&log, &["other"]).await, 1).await;
    assert_eq!(entries[0].partition, log.partition("other", b"abc"));
    log.close().await;
}

pub(crate) async fn a_follower_begins_where_it_is_told(place: Place) {
    let log = place.open().await;
    log.append(numbered("out", 0..10))
        .await
        .expect("it appends");
    let mut beginning = log
        .follow(&["out"], From::Beginning)
        .await
        .expect("it follows");
    let mut end = log.follow(&["out"], From::End).await.expect("it follows");
    let mut last = log
        .follow(&["out"], From::Last(4))
        .await
        .expect("it follows");
    log.append(vec![record("out", "k", "after")])
        .await
        .expect("it appends");
    assert_eq!(value(&beginning.next().await.expect("it reads")), "0");
    assert_eq!(value(&end.next().await.expect("it reads")), "after");
    let mut of_last = Vec::new();
    loop {
        let entry = last.next().await.expect("it reads");
        if value(&entry) == "after" {
            break;
        }
        of_last.push(value(&entry).to_owned());
    }
    assert!(!of_last.is_empty() && of_last.len() <= 4, "{of_last:?}");
    assert_eq!(of_last.last().map(String::as_str), Some("9"));
    log.close().await;
}

pub(crate) async fn a_range_ends_where_the_log_ended(place: Place) {
    let log = place.open().await;
    log.append(numbered("out", 0..10))
        .await
        .expect("it appends");
    let whole = entries(&log, From::Beginning).await;
    let values: Vec<&str> = whole.iter().map(value).collect();
    assert_eq!(values, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let rest = entries(&log, From::Offset(whole[7].offset)).await;
    assert_eq!(rest, whole[7..]);
    assert_eq!(entries(&log, From::End).await, []);

    let mut range = log
        .range("out", 0, From::Beginning)
        .await
        .expect("it reads");
    log.append(vec![record("out", "k", "after")])
        .await
        .expect("it appends");
    while let Some(entry) = range.next().await.expect("it reads") {
        assert_ne!(value(&entry), "after");
    }
    assert_eq!(range.next().await.expect("the end stays the end"), None);
    log.close().await;
}

/// The records of `out`, which has one partition.
async fn entries(log: &Log, from: From) -> Vec<Entry> {
    let mut range = log.range("out", 0, from).await.expect("it reads");
    let mut entries = Vec::new();
    while let Some(entry) = range.next().await.expect("it reads") {
        entries.push(entry);
    }
    entries
}

pub(crate) async fn a_big_batch_is_committed_whole(place: Place) {
    let log = place.open().await;
    let value = "x".repeat(1500);
    let records = (0..5000).map(|key| record("other", &format!("key{key}"), &value));
    log.append(records.collect()).await.expect("it appends");
    let entries = take(&mut follow(&log, &["other"]).await, 5000).await;
    let keys: BTreeSet<Vec<u8>> = entries.into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys.len(), 5000);
    log.close().await;
}

pub(crate) async fn an_opened_log_has_everything_it_had(place: Place) {
    for round in 0..3 {
        let log = place.open().await;
        log.append(numbered("other", round * 10..round * 10 + 10))
            .await
            .expect("it appends");
        log.close().await;
    }
    let log = place.open().await;
    let entries = take(&mut follow(&log, &["other"]).await, 30).await;
    let mut numbers: Vec<u32> = entries
        .iter()
        .map(|entry| value(entry).parse().expect("a number"))
        .collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..30).collect::<Vec<_>>());
    log.close().await;
}

pub(crate) async fn a_topic_that_is_not_there_is_an_error(place: Place) {
    let log = place.open().await;
    let outcome = log.append(vec![record("nowhere", "k", "v")]).await;
    assert!(
        matches!(&outcome, Err(Error::Fatal(why)) if why.contains("nowhere")),
        "{outcome:?}"
    );
    assert!(log.join("g", "nowhere", Start::Committed).await.is_err());
    assert!(log.follow(&["nowhere"], From::End).await.is_err());
    assert!(log.latest("nowhere", 0).await.is_err());
    log.append(vec![record("out", "k", "v")])
        .await
        .expect("the log goes on");
    log.close().await;
}

pub(crate) async fn the_log_is_ready_once_open(place: Place) {
    let log = place.open().await;
    assert_eq!(log.ready().await, Ok(()));
    log.close().await;
}
