//! From the moment at which an item is served to the moment at which a consumer can read it tagged.

use std::time::Duration;

use tokio::time::interval;
use wire::ItemRecord;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually};
use crate::support::feed::{Format, Wording};
use crate::support::feed_server::FeedServer;
use crate::support::follow::Follow;

const FEEDS: usize = 20;
const ITEMS: usize = 600;
/// Twenty new items a second.
const PACE: Duration = Duration::from_millis(50);

/// Milliseconds of each of the items, in rising order.
pub(crate) async fn served_to_readable(backend: Backend) -> Vec<f64> {
    let feeds = (0..FEEDS).map(|number| (format!("feed-{number:02}"), Format::Rss));
    let server = FeedServer::start(feeds, 50, 600, 4).await;
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 8,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    let mut follow = Follow::topics(&setup, &daemon, &["items.confirmed", "items.unconfirmed"]);
    // The first documents are empty: what is measured is a daemon at work, not one that starts.
    eventually(PATIENCE, "every feed is polled", async || {
        server.caught_up()
    })
    .await;

    let publish = async {
        let mut tick = interval(PACE);
        for number in 0..ITEMS {
            tick.tick().await;
            server.publish(&server.ids()[number % FEEDS]);
        }
    };
    let consume = async {
        let mut milliseconds = Vec::new();
        for _ in 0..ITEMS {
            let arrival = follow.next().await;
            let record = arrival.decode::<ItemRecord>();
            let wording = Wording::of(&record.text).expect("it is one of ours");
            let feed = &record.source.feed.0;
            let served = server.look(feed, |feed| feed.first_served[&wording.item]);
            milliseconds.push(arrival.at.duration_since(served).as_secs_f64() * 1000.0);
        }
        milliseconds
    };
    let ((), mut milliseconds) = tokio::join!(publish, consume);
    daemon.stop("TERM", PATIENCE).await;
    milliseconds.sort_by(f64::total_cmp);
    milliseconds
}

/// The value that `share` of the sorted values do not exceed (nearest rank).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}
