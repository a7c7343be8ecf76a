//! `kill -9` at random moments, and every revision on the topics once: one process on the local log,
//! three that share 200 feeds on Kafka. Signals under load; and Kafka goes away, with signals meanwhile.
//!
//! `CLAIMWIRE_TEST_SEED` repeats a run's edits and moments.

#![expect(clippy::print_stderr, reason = "a test binary's own output")]

use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Arguments;
use rand::RngExt as _;

#[path = "exactly_once/away.rs"]
mod away;
#[path = "exactly_once/fleet.rs"]
mod fleet;
#[path = "exactly_once/signals.rs"]
mod signals;

#[path = "support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod feed;
    pub(crate) mod feed_server;
    pub(crate) mod kafka;
    pub(crate) mod loopback;
    pub(crate) mod news;
    pub(crate) mod obligations;
    pub(crate) mod topics;
    pub(crate) mod trial;
}

use support::daemon::{Backend, Options, PATIENCE, Setup, eventually, stays_up};
use support::feed::Format;
use support::feed_server::FeedServer;
use support::news::{self, seeded};
use support::obligations::Topics;
use support::trial;

const KILLS: u32 = 25;
/// Items in a document, and about how long each is.
const WINDOW: usize = 30;
const BYTES: usize = 300;

fn main() {
    let arguments = Arguments::from_args();
    let local = "local::a_revision_is_published_once_whatever_is_killed";
    let mut trials = vec![
        trial::trial(local, survives_kills),
        trial::on_kafka(
            "three_instances_publish_once_whatever_is_killed",
            fleet::survives_kills,
        ),
        trial::on_kafka(
            "nothing_is_lost_and_no_signal_is_missed_while_kafka_is_away",
            away::bears_it,
        ),
    ];
    trials.extend(trial::on_both(
        "nothing_is_lost_by_signals_under_load",
        signals::are_heeded,
    ));
    trial::explain(&trials);
    libtest_mimic::run(&arguments, trials).exit();
}

/// Held by whoever uses the broker: one of the trials kills it.
static BROKER: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn survives_kills() {
    let mut random = seeded("local");
    let feeds = [
        ("herald", Format::Rss),
        ("tribune", Format::Atom),
        ("courier", Format::Json),
    ];
    let feeds = feeds.map(|(id, format)| (id.to_owned(), format));
    let server = Arc::new(FeedServer::start(feeds, WINDOW, BYTES, 3).await);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "150ms",
        sample: false,
        partitions: 3,
    };
    let setup = Setup::new(Backend::Local, &options);

    let mut news = news::coming(&server, &mut random);
    let mut confirmed_between_kills = 0;
    for _ in 0..KILLS {
        let before = server.total(|feed| feed.echoed.len());
        let asked = server.total(|feed| feed.requests.len());
        let mut daemon = setup.start().await;
        // One in five dies while it may still be joining its groups, the others at work.
        if random.random_bool(0.8) {
            eventually(PATIENCE, "feeds are polled", async || {
                server.total(|feed| feed.requests.len()) > asked
            })
            .await;
        }
        let life = Duration::from_millis(random.random_range(300..2500));
        stays_up(&mut daemon, life).await;
        daemon.kill().await;
        confirmed_between_kills += u32::from(server.total(|feed| feed.echoed.len()) > before);
    }
    news.shutdown().await;

    let daemon = setup.start().await;
    let topics = Topics::settled(&server, &setup, &daemon).await;
    eprintln!(
        "local: {KILLS} kills, {confirmed_between_kills} lives that finished a poll, {} versions served, \
         {} revisions, {} claims",
        server.total(|feed| feed.served.len()),
        topics.raw.len(),
        topics.claims.len(),
    );
    assert!(
        confirmed_between_kills > KILLS / 2,
        "the kills left no time to work"
    );
    topics.check(&server);
    daemon.stop("TERM", Duration::from_secs(15)).await;
}
