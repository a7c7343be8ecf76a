//! What the daemon costs when there is nothing new.

use std::time::Duration;

use crate::process::{cpu_seconds, resident_mib};
use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually, stays_up};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::over_http;

const FEEDS: usize = 1000;
const MANY: usize = 10_000;
const ITEMS: usize = 5;
const SPAN: Duration = Duration::from_secs(10);
/// CPU seconds a second of a daemon that does nothing, at most.
const QUIET: f64 = 0.03;
/// Spans that merging may take, at most.
const SETTLING: u32 = 12;

/// Of a daemon on the local log whose feeds are not due.
pub(crate) struct Idle {
    /// Of a process that has found every feed as it was.
    pub(crate) resident_mib: f64,
    /// Of the process that has just tagged everything that the feeds held.
    pub(crate) busy_mib: f64,
    /// CPU seconds a second.
    pub(crate) cpu: f64,
}

pub(crate) async fn thousand_feeds() -> Idle {
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:04}"), Format::Rss));
    let server = FeedServer::start(feeds, ITEMS, 600, 16).await;
    for id in server.ids() {
        for _ in 0..ITEMS {
            server.publish(id);
        }
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "1h",
        sample: false,
        partitions: 8,
    };
    let setup = Setup::new(Backend::Local, &options);
    let mut daemon = setup.start().await;
    eventually(5 * PATIENCE, "every item is tagged", async || {
        over_http(&daemon, &["items.confirmed", "items.unconfirmed"])
            .await
            .len()
            == FEEDS * ITEMS
    })
    .await;
    let busy_mib = resident_mib(daemon.pid());
    daemon.stop("TERM", PATIENCE).await;
    daemon = setup.start().await;
    let cpu = cpu_of(&mut daemon).await / SPAN.as_secs_f64();
    let idle = Idle {
        resident_mib: resident_mib(daemon.pid()),
        busy_mib,
        cpu,
    };
    daemon.stop("TERM", PATIENCE).await;
    idle
}

/// MiB that a daemon holds which follows ten times as many feeds, with a process that knows them all.
pub(crate) async fn ten_thousand_feeds() -> f64 {
    let feeds = (0..MANY).map(|number| (format!("feed-{number:05}"), Format::Rss));
    let server = FeedServer::start(feeds, ITEMS, 600, 64).await;
    for id in server.ids() {
        for _ in 0..ITEMS {
            server.publish(id);
        }
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "6h",
        sample: false,
        partitions: 8,
    };
    let setup = Setup::new(Backend::Local, &options);
    let daemon = setup.start().await;
    eventually(10 * PATIENCE, "every feed is polled", async || {
        server.total(|feed| feed.requests.len()) == MANY
    })
    .await;
    eventually(10 * PATIENCE, "every item is tagged", async || {
        let metrics = daemon.get("/metrics").await;
        let mut lags = metrics
            .lines()
            .filter_map(|line| line.strip_prefix("claimwire_log_lag_records{"))
            .filter_map(|line| line.rsplit_once(' '))
            .peekable();
        lags.peek().is_some() && lags.all(|(_, lag)| lag == "0")
    })
    .await;
    // Polls under way are committed before it ends.
    daemon.stop("TERM", PATIENCE).await;
    let mut daemon = setup.start().await;
    let resident = settled_mib(&mut daemon).await;
    assert_eq!(
        server.total(|feed| feed.requests.len()),
        MANY,
        "none is due"
    );
    daemon.stop("TERM", PATIENCE).await;
    resident
}

/// What a daemon holds once it does nothing any more: after the restore the log still merges what was written last,
/// and memory is given back some seconds later.
async fn settled_mib(daemon: &mut Daemon) -> f64 {
    for _ in 0..SETTLING {
        let busy = cpu_of(daemon).await;
        if busy < QUIET * SPAN.as_secs_f64() {
            break;
        }
    }
    stays_up(daemon, 3 * SPAN).await;
    resident_mib(daemon.pid())
}

/// CPU microseconds that a poll answered 304 costs, beyond `idle_cpu`; and how many were answered.
pub(crate) async fn not_modified(idle_cpu: f64) -> (f64, usize) {
    let feeds = (0..100).map(|number| (format!("feed-{number:03}"), Format::Rss));
    let server = FeedServer::start(feeds, 20, 600, 16).await;
    for id in server.ids() {
        server.publish(id);
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "100ms",
        sample: false,
        partitions: 8,
    };
    let setup = Setup::new(Backend::Local, &options);
    let mut daemon = setup.start().await;
    eventually(PATIENCE, "every feed is unchanged", async || {
        server.caught_up()
    })
    .await;
    let before = server.total(|feed| feed.not_modified);
    let cpu = cpu_of(&mut daemon).await - idle_cpu * SPAN.as_secs_f64();
    let polls = server.total(|feed| feed.not_modified) - before;
    daemon.stop("TERM", PATIENCE).await;
    (cpu.max(0.0) * 1e6 / polls as f64, polls)
}

async fn cpu_of(daemon: &mut Daemon) -> f64 {
    let before = cpu_seconds(daemon.pid());
    stays_up(daemon, SPAN).await;
    cpu_seconds(daemon.pid()) - before
}
