//! Three instances share the feeds through Kafka's groups, and are killed in turn.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt as _;

use crate::BROKER;
use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually, stays_up};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::news::{self, seeded};
use crate::support::obligations::Topics;

const KILLS: u32 = 25;
const FEEDS: usize = 200;
const HOSTS: u8 = 50;
/// Between two requests to one host, however many feeds and instances there are.
const SPACING: Duration = Duration::from_secs(1);
/// Of a server's clock against a client's, on a machine that is busy.
const SLACK: Duration = Duration::from_millis(500);

pub(crate) async fn survives_kills(backend: Backend) {
    let _alone = BROKER.lock().await;
    let mut random = seeded("three instances");
    let formats = [Format::Rss, Format::Atom, Format::Json];
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:03}"), formats[number % 3]));
    let latency = Duration::from_millis(20);
    let server = Arc::new(FeedServer::start_after(latency, feeds, 6, 300, HOSTS).await);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "3s",
        sample: false,
        partitions: 12,
    };
    let first = Setup::new(backend, &options);
    let setups = [
        first.another("one", &options),
        first.another("two", &options),
        first.another("three", &options),
    ];
    for setup in &setups {
        setup.write(&fleet_config(setup, &options));
    }
    let mut daemons: Vec<Daemon> = Vec::new();
    for setup in &setups {
        daemons.push(setup.start().await);
    }
    let mut news = news::coming(&server, &mut random);
    eventually(PATIENCE, "feeds are polled", async || {
        server.total(|feed| feed.echoed.len()) > FEEDS / 2
    })
    .await;

    for _ in 0..KILLS {
        let victim = random.random_range(0..daemons.len());
        let life = Duration::from_millis(random.random_range(1000..3000));
        stays_up(&mut daemons[victim], life).await;
        let dead = std::mem::replace(&mut daemons[victim], setups[victim].launch());
        dead.kill().await;
    }
    news.shutdown().await;
    for daemon in &mut daemons {
        daemon.ready().await;
    }
    // What no edit came after: it gets through like everything before it.
    for id in server.ids() {
        server.publish(id);
    }
    let topics = Topics::settled(&server, &setups[0], &daemons[0]).await;
    eprintln!(
        "three instances: {KILLS} kills, {} requests, {} versions served, {} revisions, {} claims",
        server.visits(),
        server.total(|feed| feed.served.len()),
        topics.raw.len(),
        topics.claims.len(),
    );
    topics.check(&server);
    let rudeness = server.rudeness(SPACING, SLACK);
    assert!(rudeness.is_empty(), "{rudeness:#?}");
    for daemon in daemons {
        daemon.stop("TERM", Duration::from_secs(15)).await;
    }
}

/// Members of short sessions, so that the partitions of one that is killed move on to the others before
/// it is back as well as after.
fn fleet_config(setup: &Setup, options: &Options<'_>) -> String {
    let config = setup.config(options);
    let spacing = format!("host_spacing = \"{}ms\"", SPACING.as_millis());
    let membership = format!("\"group.instance.id\" = {:?}", setup.instance);
    let sessions = "\"session.timeout.ms\" = \"2500\"\n\"heartbeat.interval.ms\" = \"500\"";
    config
        .replace("host_spacing = \"0s\"", &spacing)
        .replace(&membership, sessions)
}
