//! `make soak`: a fleet of instances on a cluster of three brokers, while everything that can break does,
//! one thing every few seconds: instances are killed, frozen past their sessions, join and leave,
//! brokers are killed and their partitions move, and the proxy between them harms requests and answers
//! of every kind. Afterwards nothing may be missing and nothing twice, no host may have been asked too early or
//! by two at once, and what is fresh gets through.
//!
//! With the argument `away`, Kafka itself is away instead, and two thousand feeds come due meanwhile.
//!
//! The argument is the number of minutes, 15 by default and 10 for `away`; `CLAIMWIRE_TEST_SEED` repeats a run's choices. A
//! line a fault goes to standard error with the time until three items published after it could be
//! read, and JSON to `target/soak.json`.

#![expect(clippy::print_stderr, reason = "a program for people")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

#[path = "soak/away.rs"]
mod away;
#[path = "soak/deck.rs"]
mod deck;
#[path = "soak/fleet.rs"]
mod fleet;
#[path = "bench/process.rs"]
mod process;
#[path = "soak/watch.rs"]
mod watch;

#[path = "support"]
mod support {
    pub(crate) mod cluster;
    pub(crate) mod daemon;
    pub(crate) mod feed;
    pub(crate) mod feed_server;
    pub(crate) mod follow;
    pub(crate) mod kafka;
    pub(crate) mod loopback;
    pub(crate) mod news;
    pub(crate) mod obligations;
    pub(crate) mod proxy;
    pub(crate) mod topics;
}

use fleet::Fleet;
use support::cluster::Cluster;
use support::feed::Format;
use support::feed_server::FeedServer;
use support::kafka;
use support::news::{self, seeded};
use support::obligations::Topics;
use watch::Watch;

const FEEDS: usize = 200;
const HOSTS: u8 = 50;
/// Between two faults.
const PACE: Duration = Duration::from_millis(3500);

/// A fault that was done, and how long it took until fresh items got through.
pub(crate) struct Done {
    pub(crate) what: String,
    pub(crate) at: Duration,
    pub(crate) recovery: Duration,
}

fn main() -> ExitCode {
    if let Some(why) = kafka::missing() {
        eprintln!("no soak: {why}");
        return ExitCode::SUCCESS;
    }
    let away = std::env::args().any(|argument| argument == "away");
    let minutes = std::env::args().find_map(|argument| argument.parse::<f64>().ok());
    let minutes = minutes.unwrap_or(if away { 10.0 } else { 15.0 });
    let span = Duration::from_secs_f64(60.0 * minutes);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    if away {
        runtime.block_on(away::bear(span));
        return ExitCode::SUCCESS;
    }
    let cluster = Cluster::start(runtime.handle());
    let (done, polite) = runtime.block_on(soak(cluster, span));
    runtime.shutdown_background();
    report(&done);
    if polite {
        ExitCode::SUCCESS
    } else {
        eprintln!("a host was asked too early, or by two at once");
        ExitCode::FAILURE
    }
}

async fn soak(cluster: Cluster, span: Duration) -> (Vec<Done>, bool) {
    let mut random = seeded("soak");
    let formats = [Format::Rss, Format::Atom, Format::Json];
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:03}"), formats[number % 3]));
    let latency = Duration::from_millis(20);
    let server = Arc::new(FeedServer::start_after(latency, feeds, 12, 300, HOSTS).await);
    let fleet = Fleet::start(cluster, &server).await;
    let watch = Watch::start(fleet.checker(), Arc::clone(&server));
    let mut news = news::coming(&server, &mut random);
    watch.recovery(&mut random).await;
    eprintln!("the fleet is at work");

    let fleet = Arc::new(fleet);
    let began = Instant::now();
    let mut under_way = JoinSet::new();
    let mut done = Vec::new();
    let mut deck = Vec::new();
    let mut next = tokio::time::Instant::now();
    while began.elapsed() < span {
        next += PACE;
        tokio::select! {
            Some(ended) = under_way.join_next() => {
                next -= PACE;
                done.extend(told(ended));
                continue;
            }
            () = sleep_until(next - PACE) => {}
        }
        if deck.is_empty() {
            deck = deck::shuffled(&mut random);
        }
        let harm = deck.pop().expect("it was just filled");
        let (fleet, watch) = (Arc::clone(&fleet), watch.clone());
        let mut random = StdRng::seed_from_u64(random.random());
        under_way.spawn(async move {
            let what = harm.to_string();
            fleet.suffer(harm, &mut random).await.then_some(())?;
            let at = began.elapsed();
            let struck = Instant::now();
            watch.recovery(&mut random).await;
            Some(Done {
                what,
                at,
                recovery: struck.elapsed(),
            })
        });
    }
    while let Some(ended) = under_way.join_next().await {
        done.extend(told(ended));
    }
    news.shutdown().await;
    eprintln!("the faults are over");
    fleet.heal().await;
    for id in server.ids() {
        server.publish(id);
    }
    let rude = server.rude(fleet::SPACING, fleet::SLACK);
    let (under_way, rude): (Vec<_>, Vec<_>) =
        rude.into_iter().partition(|rude| fleet.was_under_way(rude));
    eprintln!(
        "{} requests, {} too early or while another was under way; {} more were on their way when their \
         instance was stopped, {} times",
        server.visits(),
        rude.len(),
        under_way.len(),
        fleet.freezes()
    );
    for rude in rude.iter().take(10) {
        let at = rude.visit.began - began;
        eprintln!("{:7.1} s  {rude}", at.as_secs_f64());
    }
    let polite = rude.is_empty() && under_way.len() <= fleet.freezes();
    fleet
        .with_one(async |daemon| {
            let topics = Topics::settled(&server, fleet.checker(), daemon).await;
            topics.check(&server);
            eprintln!(
                "{} versions served, {} revisions, {} claims: 0 lost, 0 twice, in order, as served",
                server.total(|feed| feed.served.len()),
                topics.raw.len(),
                topics.claims.len(),
            );
        })
        .await;
    fleet.stop().await;
    (done, polite)
}

fn told(ended: Result<Option<Done>, tokio::task::JoinError>) -> Option<Done> {
    let done = ended.expect("no fault panics")?;
    eprintln!(
        "{:7.1} s  {:<44} {:6.1} s",
        done.at.as_secs_f64(),
        done.what,
        done.recovery.as_secs_f64()
    );
    Some(done)
}

fn report(done: &[Done]) {
    let mut recoveries: Vec<f64> = done
        .iter()
        .map(|done| done.recovery.as_secs_f64())
        .collect();
    recoveries.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * recoveries.len() as f64).ceil() as usize;
        recoveries.get(rank.max(1) - 1).copied().unwrap_or(f64::NAN)
    };
    let (median, p95, longest) = (at(0.5), at(0.95), at(1.0));
    eprintln!(
        "{} faults; recovery: median {median:.1} s, 95 % within {p95:.1} s, longest {longest:.1} s",
        done.len()
    );
    let faults: Vec<_> = done
        .iter()
        .map(|done| {
            json!({
                "fault": done.what,
                "at_seconds": done.at.as_secs_f64(),
                "recovery_seconds": done.recovery.as_secs_f64(),
            })
        })
        .collect();
    let report = json!({
        "faults": faults,
        "recovery_seconds": { "median": median, "p95": p95, "longest": longest },
    });
    let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/soak.json");
    std::fs::write(target, report.to_string()).expect("target is writable");
}
