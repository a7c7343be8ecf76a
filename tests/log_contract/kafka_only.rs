//! What the Kafka log does with a broker.

use std::collections::BTreeMap;
use std::time::Duration;

use sink::{Cleanup, Error, Event, Lease, Log, Member, Security, Settings, Start, TopicSpec};

use crate::LIMIT;
use crate::kafka;
use crate::place::{
    Place, after, assigned, batch, follow, numbered, received, record, revoked, take, topics, value,
};
use crate::proxy::{Api, Fault, Proxy, Side, Way};

/// Two processes under one name overtake each other; neither writes anything twice, both stay, and
/// readiness names what to change.
pub(crate) async fn two_logs_of_one_instance_overtake_each_other_and_say_so(place: Place) {
    let log = place.open().await;
    let again = place.open().await;
    // A group of another topic's members, so that only the transactional id is shared.
    let mut first = Holder::join(&log, "in").await;
    let mut second = Holder::join(&again, "other").await;
    let mut written = Vec::new();
    for round in 0..3 {
        for holder in [&mut first, &mut second] {
            let value = format!("{round}/{}", written.len());
            holder.commit(&value).await;
            written.push(value);
        }
    }
    let said = [log.ready().await, again.ready().await];
    assert!(
        said.iter()
            .any(|ready| matches!(ready, Err(why) if why.contains("kafka.instance"))),
        "{said:?}"
    );
    let entries = take(&mut follow(&log, &["out"]).await, written.len()).await;
    assert_eq!(entries.iter().map(value).collect::<Vec<_>>(), written);
    first.member.leave().await;
    second.member.leave().await;
}

/// A member that holds something.
struct Holder {
    member: Member,
    lease: Lease,
}

impl Holder {
    async fn join(log: &Log, topic: &str) -> Self {
        let joined = log.join("g", topic, Start::Committed).await;
        let mut member = joined.expect("it joins");
        let lease = assigned_one(&mut member).await;
        Self { member, lease }
    }

    /// Commits one record to `out`, as often as that takes.
    async fn commit(&mut self, text: &str) {
        loop {
            let commit = batch(vec![record("out", "k", text)], vec![(self.lease, 0)]);
            match self.member.appender().commit(commit).await {
                Ok(()) => return,
                Err(Error::Lost) => self.lease = assigned_one(&mut self.member).await,
                Err(fatal) => panic!("{fatal}"),
            }
        }
    }
}

async fn assigned_one(member: &mut Member) -> Lease {
    loop {
        if let Event::Assigned(leases) = member.next().await.expect("the log goes on") {
            return leases[0];
        }
    }
}

/// Otherwise the next batch of the partition that stays would move its position past them.
pub(crate) async fn what_a_batch_held_of_partitions_that_stay_is_read_again(place: Place) {
    let log = place.open().await;
    log.append(numbered("in", 0..10)).await.expect("it appends");
    let mut first = log
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let (leases, entries) = received(&mut first, 10).await;
    let other = Log::open(&place.instance("two"), &topics()).await;
    let other = other.expect("the log opens");
    let second = other
        .join("g", "in", Start::Committed)
        .await
        .expect("it joins");
    let taken = revoked(&mut first).await;
    let torn = batch(Vec::new(), after(&leases, &entries));
    let outcome = first.appender().commit(torn).await;
    assert!(matches!(outcome, Err(Error::Lost)), "{outcome:?}");
    let kept: Vec<&str> = entries
        .iter()
        .filter(|entry| !taken.contains(&entry.partition))
        .map(value)
        .collect();
    assert!(!kept.is_empty(), "ten keys fall on both partitions");
    let (_, again) = received(&mut first, kept.len()).await;
    assert_eq!(again.iter().map(value).collect::<Vec<_>>(), kept);
    first.leave().await;
    second.leave().await;
}

/// librdkafka waits for a lost answer to its `JoinGroup` as long as a rebalance may take, without a heartbeat, and
/// keeps what it was handed for its own; only a refused commit says that the group has given it to others.
pub(crate) async fn a_member_whose_group_went_on_without_it_joins_anew(place: Place) {
    let Some(detour) = kafka::detour() else {
        return;
    };
    let proxy = Proxy::start(vec![(detour.advertised, detour.port)]).await;
    let mut settings = place.on_kafka().clone();
    settings.brokers = format!("127.0.0.1:{}", detour.advertised);
    let patience = 10 * LIMIT;
    settings.properties = BTreeMap::from([
        ("session.timeout.ms".into(), "2000".into()),
        ("heartbeat.interval.ms".into(), "500".into()),
        (
            "max.poll.interval.ms".into(),
            patience.as_millis().to_string(),
        ),
    ]);
    let log = Log::open(&Settings::Kafka(settings), &topics()).await;
    let log = log.expect("the log opens");
    let mut first = Holder::join(&log, "in").await;

    let answer = Fault {
        api: Api::JoinGroup,
        side: Side::Answer,
        way: Way::Drop,
        times: 1,
    };
    let other = Log::open(&place.instance("two"), &topics()).await;
    let other = other.expect("the log opens");
    let joined = other.join("g", "in", Start::Committed).await;
    let mut second = joined.expect("it joins");
    let handle = proxy.handle();
    let (is_lost, _) = tokio::join!(handle.harm(answer, LIMIT), assigned(&mut second, 2));
    assert!(is_lost, "the first never asked to join again");

    // It lets go of one when the first is back.
    let (taken, ()) = tokio::join!(revoked(&mut second), first.commit("at last"));
    assert_eq!(taken, [first.lease.partition]);
    let entries = take(&mut follow(&other, &["out"]).await, 1).await;
    assert_eq!(value(&entries[0]), "at last");
    first.member.leave().await;
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
