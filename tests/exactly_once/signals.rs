//! SIGTERM and SIGHUP under load, again and again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::BROKER;
use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually, stays_up};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::news::{self, seeded};
use crate::support::obligations::Topics;

const FEEDS: usize = 40;
const HOSTS: u8 = 10;
/// How often each feed is polled.
const EVERY: Duration = Duration::from_millis(500);
const STOPS: usize = 20;
const RELOADS: usize = 50;
/// The grace period of the config, and a moment to go.
const GRACE: Duration = Duration::from_secs(11);

pub(crate) async fn are_heeded(backend: Backend) {
    // On Kafka several share the feeds, and are stopped at once.
    let (instances, _alone) = match backend {
        Backend::Local => (1, None),
        Backend::Kafka(_) => (4, Some(BROKER.lock().await)),
    };
    let mut random = seeded("signals");
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:02}"), Format::Atom));
    let server = Arc::new(FeedServer::start(feeds, 6, 300, HOSTS).await);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "500ms",
        sample: false,
        partitions: 4,
    };
    let first = Setup::new(backend, &options);
    let mut setups: Vec<Setup> = (1..instances)
        .map(|number| first.another(&format!("instance-{number}"), &options))
        .collect();
    setups.insert(0, first);
    let mut news = news::coming(&server, &mut random);

    for _ in 0..STOPS / instances {
        let asked = server.visits();
        let mut daemons: Vec<Daemon> = setups.iter().map(Setup::launch).collect();
        for daemon in &mut daemons {
            daemon.ready().await;
        }
        eventually(PATIENCE, "feeds are polled", async || {
            server.visits() >= asked + FEEDS / 2
        })
        .await;
        join_all(daemons.into_iter().map(|daemon| daemon.stop("TERM", GRACE))).await;
    }

    let mut daemons: Vec<Daemon> = setups.iter().map(Setup::launch).collect();
    for daemon in &mut daemons {
        daemon.ready().await;
    }
    eventually(PATIENCE, "feeds are polled", async || {
        server.caught_up_with_all_but(FEEDS / 2)
    })
    .await;
    let (asked, began) = (server.visits(), Instant::now());
    for _ in 0..RELOADS {
        for daemon in &mut daemons {
            daemon.signal("HUP").await;
            stays_up(daemon, Duration::from_millis(20)).await;
        }
    }
    let rounds = began.elapsed().as_secs_f64() / EVERY.as_secs_f64();
    let usual = FEEDS as f64 * (rounds + 1.0);
    let asked = (server.visits() - asked) as f64;
    assert!(
        asked <= 1.2 * usual,
        "{asked} requests while the feed list was read again, where {usual} are usual"
    );
    news.shutdown().await;
    let topics = Topics::settled(&server, &setups[0], &daemons[0]).await;
    topics.check(&server);
    join_all(daemons.into_iter().map(|daemon| daemon.stop("TERM", GRACE))).await;
}
