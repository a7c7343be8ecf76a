//! Kafka goes away under load, signals arrive meanwhile, and nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;

use crate::BROKER;
use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually, stays_up};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::kafka;
use crate::support::news::{self, seeded};
use crate::support::obligations::Topics;

const FEEDS: usize = 60;
const HOSTS: u8 = 20;
const RELOADS: usize = 50;
/// Instances that are told to stop while it is away.
const STOPPED: usize = 4;

pub(crate) async fn bears_it(backend: Backend) {
    // A broker of somebody else's is not ours to kill.
    if kafka::sasl_brokers().is_none() {
        return;
    }
    let _alone = BROKER.lock().await;
    let mut random = seeded("kafka away");
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:02}"), Format::Rss));
    let server = Arc::new(FeedServer::start(feeds, 6, 300, HOSTS).await);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "500ms",
        sample: false,
        partitions: 6,
    };
    let setup = Setup::new(backend, &options);
    let mut daemon = setup.start().await;
    let mut news = news::coming(&server, &mut random);
    eventually(PATIENCE, "feeds are polled", async || {
        server.total(|feed| feed.echoed.len()) > FEEDS
    })
    .await;

    // Away for longer than a transaction lives, with the feed list read again meanwhile.
    kafka_goes().await;
    eventually(PATIENCE, "readiness and metrics say so", async || {
        !daemon.is_ready().await
            && daemon
                .get("/metrics")
                .await
                .contains("claimwire_log_broker_up 0")
    })
    .await;
    for _ in 0..RELOADS {
        daemon.signal("HUP").await;
        stays_up(&mut daemon, Duration::from_millis(20)).await;
    }
    // A feed that has nothing new needs no commit; after this while each has.
    stays_up(&mut daemon, Duration::from_secs(25)).await;
    let before = server.visits();
    stays_up(&mut daemon, Duration::from_secs(5)).await;
    let asked = server.visits() - before;
    assert!(
        asked <= FEEDS / 2,
        "{asked} requests for {FEEDS} feeds whose polls cannot be committed"
    );
    kafka_comes().await;
    daemon.ready().await;
    eventually(2 * PATIENCE, "polls are committed again", async || {
        server.caught_up_with_all_but(FEEDS / 2)
    })
    .await;

    // Away again, and told to stop.
    let mut daemons = vec![daemon];
    for number in 1..STOPPED {
        let another = setup.another(&format!("instance-{number}"), &options);
        daemons.push(another.start().await);
    }
    kafka_goes().await;
    stays_up(&mut daemons[0], Duration::from_secs(2)).await;
    let stops = daemons.into_iter();
    let stops = stops.map(|daemon| daemon.stop("TERM", Duration::from_secs(15)));
    join_all(stops).await;
    news.shutdown().await;
    kafka_comes().await;

    let daemon = setup.start().await;
    let topics = Topics::settled(&server, &setup, &daemon).await;
    eprintln!(
        "kafka away: {} versions served, {} revisions",
        server.total(|feed| feed.served.len()),
        topics.raw.len(),
    );
    topics.check(&server);
    daemon.stop("TERM", Duration::from_secs(15)).await;
}

async fn kafka_goes() {
    tokio::task::spawn_blocking(kafka::kill)
        .await
        .expect("it is killed");
}

async fn kafka_comes() {
    tokio::task::spawn_blocking(kafka::restart)
        .await
        .expect("it comes back");
}
