//! Kafka is away for ten minutes while two thousand feeds come due.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;

use crate::process::resident_mib;
use crate::support::daemon::{Backend, Daemon, Options, Setup, eventually, stays_up};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::kafka;
use crate::support::news;
use crate::support::obligations::Topics;

const FEEDS: usize = 2000;
const HOSTS: u8 = 250;
const SPACING: Duration = Duration::from_millis(400);
const SLACK: Duration = Duration::from_millis(200);

/// Keeps Kafka away for `span` and says what it cost.
pub(crate) async fn bear(span: Duration) {
    let brokers = tokio::task::spawn_blocking(kafka::brokers).await;
    let brokers = brokers
        .expect("the broker starts")
        .expect("it was not missing");
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:04}"), Format::Rss));
    let server = Arc::new(FeedServer::start(feeds, 6, 600, HOSTS).await);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "20s",
        sample: false,
        partitions: 12,
    };
    let setup = Setup::new(Backend::Kafka(brokers), &options);
    let spacing = format!("host_spacing = \"{}ms\"", SPACING.as_millis());
    let config = setup.config(&options);
    setup.write(&config.replace("host_spacing = \"0s\"", &spacing));
    for id in server.ids() {
        server.publish(id);
    }
    let mut daemon = setup.start().await;
    eventually(
        Duration::from_secs(300),
        "every feed is polled",
        async || server.caught_up(),
    )
    .await;
    let mut news = news::coming(&server, &mut StdRng::seed_from_u64(1));
    let before = most_memory(&mut daemon, Duration::from_secs(60)).await;

    tokio::task::spawn_blocking(kafka::kill)
        .await
        .expect("it is killed");
    let asked = server.visits();
    let away = most_memory(&mut daemon, span).await;
    let asked = server.visits() - asked;
    let said = daemon
        .get("/metrics")
        .await
        .contains("claimwire_log_broker_up 0");
    let unready = !daemon.is_ready().await;
    news.shutdown().await;
    tokio::task::spawn_blocking(kafka::restart)
        .await
        .expect("it comes back");
    let returned = Instant::now();
    eventually(
        Duration::from_secs(600),
        "every feed is caught up",
        async || server.caught_up(),
    )
    .await;
    let caught_up = returned.elapsed();
    let after = most_memory(&mut daemon, Duration::from_secs(30)).await;
    let topics = Topics::settled(&server, &setup, &daemon).await;
    topics.check(&server);
    let rudeness = server.rudeness(SPACING, SLACK);
    daemon.stop("TERM", Duration::from_secs(15)).await;
    let report = json!({
        "minutes_away": span.as_secs_f64() / 60.0,
        "feeds": FEEDS,
        "resident_mib": { "before": before, "away": away, "after": after },
        "grown": away.max(after) / before - 1.0,
        "requests_while_away": asked,
        "caught_up_seconds": caught_up.as_secs_f64(),
        "requests_too_early": rudeness.len(),
        "metrics_and_readiness_say_so": said && unready,
        "revisions": topics.raw.len(),
    });
    eprintln!("{report:#}");
}

/// The most MiB that the daemon holds within `span`.
async fn most_memory(daemon: &mut Daemon, span: Duration) -> f64 {
    let until = Instant::now() + span;
    let mut most: f64 = 0.0;
    while Instant::now() < until {
        stays_up(daemon, Duration::from_secs(1)).await;
        most = most.max(resident_mib(daemon.pid()));
    }
    most
}
