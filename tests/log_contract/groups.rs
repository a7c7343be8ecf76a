//! What both backends do with groups.

use std::collections::BTreeSet;

use sink::{Error, Event, Lease, Log, Start};
use tokio::task::JoinSet;

use crate::place::{
    Place, after, assigned, batch, follow, numbered, received, record, revoked, take, topics, value,
};

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

/// The log as a second instance opens it; the local one is shared within its process.
async fn another(place: &Place, log: &Log) -> Log {
    let settings = place.instance("two");
    match &settings {
        sink::Settings::Local(_) => log.clone(),
        sink::Settings::Kafka(_) => Log::open(&settings, &topics()).await.expect("it opens"),
    }
}
