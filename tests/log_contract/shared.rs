//! What both backends do.

use std::collections::BTreeSet;

use sink::{Error, Event, From, Lease, Log, Record, Start};
use tokio::task::JoinSet;

use crate::place::{
    Place, after, assigned, batch, follow, numbered, received, record, revoked, take, tombstone,
    topics, value,
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

pub(crate) async fn positions_resume_after_the_log_is_opened_again(place: Place) {
    let log = place.open().await;
    log.append(numbered("in", 0..10)).await.expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut member, 10).await;
    member
        .appender()
        .commit(batch(numbered("out", 0..10), after(&leases, &entries)))
        .await
        .expect("it commits");
    member.leave().await;
    log.close().await;

    let log = place.open().await;
    log.append(numbered("in", 10..13))
        .await
        .expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (_, entries) = received(&mut member, 3).await;
    let read: BTreeSet<&str> = entries.iter().map(value).collect();
    assert_eq!(read, BTreeSet::from(["10", "11", "12"]));
    member.leave().await;
    log.close().await;
}

pub(crate) async fn a_member_that_lost_a_partition_cannot_commit_for_it(place: Place) {
    let log = place.open().await;
    let mut first = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let leases = assigned(&mut first, 2).await;
    let second_log = another(&place, &log).await;
    let mut second = second_log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    // Both have to be driven for the partitions to move.
    let (revoked, taken) = tokio::join!(revoked(&mut first), assigned(&mut second, 1));
    assert_eq!(revoked, [taken[0].partition]);
    let (lost, kept): (Vec<Lease>, Vec<Lease>) = leases
        .iter()
        .partition(|lease| revoked.contains(&lease.partition));
    let lost = lost[0];
    let outcome = first
        .appender()
        .commit(batch(vec![record("out", "k", "refused")], vec![(lost, 1)]))
        .await;
    assert!(matches!(outcome, Err(Error::Lost)), "{outcome:?}");
    first
        .appender()
        .commit(batch(vec![record("out", "k", "kept")], vec![(kept[0], 0)]))
        .await
        .expect("what it holds it may commit for");
    second
        .appender()
        .commit(batch(
            vec![record("out", "k", "taken")],
            vec![(taken[0], 0)],
        ))
        .await
        .expect("the new holder may commit");
    let entries = take(&mut follow(&log, &["out"]).await, 2).await;
    assert_eq!(
        entries.iter().map(value).collect::<Vec<_>>(),
        ["kept", "taken"]
    );
    first.leave().await;
    second.leave().await;
}

pub(crate) async fn a_second_member_takes_over_and_sees_everything(place: Place) {
    let log = place.open().await;
    log.append(numbered("in", 0..20)).await.expect("it appends");
    let mut first = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut first, 20).await;
    // Only one partition's work is committed; the other's is for the next member to do again.
    let done = leases[0].partition;
    let mut positions = after(&leases, &entries);
    positions.retain(|(lease, _)| lease.partition == done);
    let commit = batch(vec![record("out", "k", "done")], positions);
    first.appender().commit(commit).await.expect("it commits");
    let second_log = another(&place, &log).await;
    let mut second = second_log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    first.leave().await;
    let left: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| entry.partition != done)
        .map(value)
        .collect();
    let (_, seen) = received(&mut second, left.len()).await;
    assert_eq!(seen.iter().map(value).collect::<BTreeSet<_>>(), left);
    second.leave().await;
}

pub(crate) async fn a_member_that_leaves_and_joins_again_resumes(place: Place) {
    let log = place.open().await;
    for round in 0..3 {
        let numbers = round * 5..round * 5 + 5;
        log.append(numbered("in", numbers.clone()))
            .await
            .expect("it appends");
        let mut member = log
            .join("g", "in", Start::Committed)
            .await
            .expect("it joins");
        let (leases, entries) = received(&mut member, 5).await;
        let mut read: Vec<u32> = entries
            .iter()
            .map(|entry| value(entry).parse().expect("a number"))
            .collect();
        read.sort_unstable();
        assert_eq!(read, numbers.collect::<Vec<_>>());
        member
            .appender()
            .commit(batch(Vec::new(), after(&leases, &entries)))
            .await
            .expect("it commits");
        member.leave().await;
    }
    log.close().await;
}

pub(crate) async fn a_lease_from_before_a_rebalance_is_refused(place: Place) {
    let log = place.open().await;
    let mut first = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let before = assigned(&mut first, 2).await;
    let second_log = another(&place, &log).await;
    let mut second = second_log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (_, taken) = tokio::join!(revoked(&mut first), assigned(&mut second, 1));
    second.leave().await;
    // The partition comes back, under a new lease.
    loop {
        if let Event::Assigned(leases) = first.next().await.expect("the log goes on") {
            assert_eq!(leases[0].partition, taken[0].partition);
            assert!(!before.contains(&leases[0]));
            break;
        }
    }
    let old = before
        .iter()
        .find(|lease| lease.partition == taken[0].partition);
    let old = *old.expect("it was held");
    let outcome = first
        .appender()
        .commit(batch(Vec::new(), vec![(old, 1)]))
        .await;
    assert!(matches!(outcome, Err(Error::Lost)), "{outcome:?}");
    first.leave().await;
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

pub(crate) async fn a_compacted_topic_is_read_from_the_beginning_by_every_member(place: Place) {
    let log = place.open().await;
    let records = (0..6).map(|key| record("state", &format!("key{key}"), "v"));
    log.append(records.collect()).await.expect("it appends");
    for _ in 0..2 {
        let mut member = log
            .join("g", "state", Start::Beginning)
            .await
            .expect("it joins");
        let (leases, entries) = received(&mut member, 6).await;
        member
            .appender()
            .commit(batch(
                vec![record("out", "k", "v")],
                after(&leases, &entries),
            ))
            .await
            .expect("it commits");
        member.leave().await;
    }
    log.close().await;
}

pub(crate) async fn headers_nulls_and_binary_come_back_as_they_were(place: Place) {
    let log = place.open().await;
    let bytes: Vec<u8> = (0..=255).collect();
    let whole = Record {
        headers: vec![
            ("ce_id".into(), b"1".to_vec()),
            ("empty".into(), Vec::new()),
            ("twice".into(), bytes.clone()),
            ("twice".into(), b"again".to_vec()),
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

pub(crate) async fn a_batch_of_positions_alone_is_committed(place: Place) {
    let log = place.open().await;
    log.append(numbered("in", 0..6)).await.expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut member, 6).await;
    member
        .appender()
        .commit(batch(Vec::new(), after(&leases, &entries)))
        .await
        .expect("it commits");
    member.leave().await;
    log.append(vec![record("in", "key0", "next")])
        .await
        .expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (_, entries) = received(&mut member, 1).await;
    assert_eq!(value(&entries[0]), "next");
    member.leave().await;
    log.close().await;
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

pub(crate) async fn many_appenders_commit_side_by_side(place: Place) {
    let log = place.open().await;
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let leases = assigned(&mut member, 2).await;
    let mut tasks = JoinSet::new();
    for task in 0..16_u64 {
        let (appender, lease) = (member.appender(), leases[0]);
        tasks.spawn(async move {
            for number in 0..10 {
                let record = record("out", &format!("task{task}"), &number.to_string());
                let batch = batch(vec![record], vec![(lease, 0)]);
                appender.commit(batch).await.expect("it commits");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no appender panics");
    }
    let entries = take(&mut follow(&log, &["out"]).await, 160).await;
    for task in 0..16 {
        let key = format!("task{task}").into_bytes();
        let of_task: Vec<u32> = entries
            .iter()
            .filter(|entry| entry.key == key)
            .map(|entry| value(entry).parse().expect("a number"))
            .collect();
        assert_eq!(of_task, (0..10).collect::<Vec<_>>());
    }
    member.leave().await;
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
    assert!(log.ready().await);
    log.close().await;
}

/// The log as a second instance opens it; the local one is shared within its process.
async fn another(place: &Place, log: &Log) -> Log {
    let settings = place.instance("two");
    match &settings {
        sink::Settings::Local(_) => log.clone(),
        sink::Settings::Kafka(_) => Log::open(&settings, &topics()).await.expect("it opens"),
    }
}
