//! What the Kafka log does with a broker.

use std::collections::BTreeMap;
use std::time::Duration;

use sink::{Cleanup, Error, Log, Security, Settings, Start, TopicSpec};

use crate::kafka;
use crate::place::{
    Place, after, assigned, batch, follow, numbered, received, record, take, topics, value,
};

pub(crate) async fn a_second_log_of_the_same_instance_fences_the_first(place: Place) {
    let log = place.open().await;
    let mut first = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let leases = assigned(&mut first, 2).await;
    let commit = batch(vec![record("out", "k", "first")], vec![(leases[0], 0)]);
    first
        .appender()
        .commit(commit.clone())
        .await
        .expect("it commits");
    // A group of another topic's members, so that only the transactional id is shared.
    let again = place.open().await;
    let mut second = again
        .join("g", "other", Start::Committed)
        .await
        .expect("it joins");
    let theirs = received_or_assigned(&mut second).await;
    let commit_of_second = batch(vec![record("out", "k", "second")], vec![(theirs, 0)]);
    second
        .appender()
        .commit(commit_of_second)
        .await
        .expect("it commits");
    let outcome = loop {
        match first.appender().commit(commit.clone()).await {
            // The rebalance may come first.
            Err(Error::Lost) => {
                let lease = received_or_assigned(&mut first).await;
                let commit = batch(vec![record("out", "k", "zombie")], vec![(lease, 0)]);
                match first.appender().commit(commit).await {
                    Err(Error::Lost) => {}
                    outcome => break outcome,
                }
            }
            outcome => break outcome,
        }
    };
    assert!(
        matches!(&outcome, Err(Error::Fatal(why)) if why.contains("kafka.instance")),
        "{outcome:?}"
    );
    second.leave().await;
}

pub(crate) async fn an_unreachable_broker_is_named(place: Place) {
    let mut settings = place.on_kafka().clone();
    settings.brokers = "127.0.0.1:1".into();
    let refusal = refusal(Settings::Kafka(settings), &topics()).await;
    assert!(refusal.contains("127.0.0.1:1"), "{refusal}");
}

pub(crate) async fn wrong_credentials_are_named(place: Place) {
    let Some(settings) = with_password(&place, "wrong") else {
        return;
    };
    let refusal = refusal(settings, &topics()).await;
    assert!(refusal.contains("user claimwire"), "{refusal}");
    assert!(!refusal.contains("wrong"), "{refusal}");
}

pub(crate) async fn right_credentials_open_the_log(place: Place) {
    let Some(settings) = with_password(&place, kafka::PASSWORD) else {
        return;
    };
    let log = Log::open(&settings, &topics()).await.expect("it opens");
    log.append(vec![record("out", "k", "v")])
        .await
        .expect("it appends");
    let entries = take(&mut follow(&log, &["out"]).await, 1).await;
    assert_eq!(value(&entries[0]), "v");
    log.close().await;
}

pub(crate) async fn a_topic_that_cannot_be_created_is_named(place: Place) {
    let mut settings = place.on_kafka().clone();
    settings.replication = 3;
    let prefix = settings.prefix.clone();
    let refusal = refusal(Settings::Kafka(settings), &topics()).await;
    assert!(refusal.contains(&format!("{prefix}in")), "{refusal}");
    assert!(refusal.contains("kafka.replication"), "{refusal}");
}

pub(crate) async fn a_topic_that_differs_is_left_alone(place: Place) {
    place.open().await.close().await;
    let mut wanted = topics();
    for topic in &mut wanted {
        topic.partitions += 2;
        topic.cleanup = Cleanup::Delete {
            age: Duration::from_secs(60),
            bytes: Some(1 << 20),
        };
    }
    let log = Log::open(&place.settings, &wanted).await.expect("it opens");
    let partitions: BTreeMap<String, u32> = topics()
        .into_iter()
        .map(
            |TopicSpec {
                 name, partitions, ..
             }| (name, partitions),
        )
        .collect();
    for (topic, partitions) in partitions {
        assert_eq!(log.partitions(&topic), partitions, "{topic}");
    }
    log.append(vec![record("out", "k", "v")])
        .await
        .expect("it appends");
    log.close().await;
}

pub(crate) async fn a_commit_outlasts_the_broker_being_killed(place: Place) {
    // A broker of somebody else's is not ours to kill.
    if kafka::sasl_brokers().is_none() {
        return;
    }
    let log = place.open().await;
    log.append(numbered("in", 0..10)).await.expect("it appends");
    let mut member = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut member, 10).await;
    let appender = member.appender();
    let commit = batch(numbered("out", 0..10), after(&leases, &entries));
    tokio::task::spawn_blocking(kafka::kill)
        .await
        .expect("it is killed");
    let (outcome, ()) = tokio::join!(appender.commit(commit), async {
        tokio::task::spawn_blocking(kafka::restart)
            .await
            .expect("it comes back");
    });
    if outcome.is_err() {
        // What was not committed is handed out again.
        let (leases, entries) = received(&mut member, 10).await;
        let commit = batch(numbered("out", 0..10), after(&leases, &entries));
        appender.commit(commit).await.expect("it commits");
    }
    log.append(vec![record("out", "k", "end")])
        .await
        .expect("it appends");
    let entries = take(&mut follow(&log, &["out"]).await, 11).await;
    assert_eq!(value(&entries[10]), "end", "nothing twice, nothing missing");
    member.leave().await;
    log.close().await;
}

async fn received_or_assigned(member: &mut sink::Member) -> sink::Lease {
    loop {
        if let sink::Event::Assigned(leases) = member.next().await.expect("the log goes on") {
            return leases[0];
        }
    }
}

fn with_password(place: &Place, password: &str) -> Option<Settings> {
    let mut settings = place.on_kafka().clone();
    settings.brokers = kafka::sasl_brokers()?;
    settings.security = Security {
        sasl_mechanism: Some("PLAIN".into()),
        username: Some(kafka::USER.into()),
        password: Some(password.into()),
        ..Security::default()
    };
    Some(Settings::Kafka(settings))
}

async fn refusal(settings: Settings, topics: &[TopicSpec]) -> String {
    let Err(refusal) = Log::open(&settings, topics).await else {
        panic!("the log opened");
    };
    refusal.to_string()
}
