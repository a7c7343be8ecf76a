//! The daemon among publishers of every manner: started, left alone, killed, started again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::publisher::{Manner, Publishers, Seen, http_date, skipping};
use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually, stays_up};

pub(crate) const SHORTEST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST: Duration = Duration::from_secs(3);
pub(crate) const SPACING: Duration = Duration::from_millis(400);
pub(crate) const SPREAD: Duration = Duration::from_secs(3);
pub(crate) const CONTACT: &str = "https://example.org/our-crawler";
/// Feeds that share one host.
const CROWD: usize = 4;
/// Feeds with a host of their own and nothing to say.
const PLAIN: usize = 12;
/// How long the daemon is watched after it has learned what there is to learn, and after its restart.
const WATCHED: Duration = Duration::from_secs(4);

/// What was seen of the daemon.
pub(crate) struct Observed {
    pub(crate) seen: Vec<Seen>,
    /// When it was killed.
    pub(crate) killed: Instant,
    /// `/v1/feeds` just before, by feed.
    pub(crate) feeds: HashMap<String, Value>,
    /// Its standard error until then.
    pub(crate) errors: String,
    pub(crate) started: Timestamp,
}

/// One run, of about twenty seconds.
pub(crate) async fn observed() -> Observed {
    let started = Timestamp::now();
    let later = |hours: i64| http_date(started + SignedDuration::from_hours(hours));
    let (hours, days) = skipping(started);
    let mut feeds: Vec<(String, Manner)> = Vec::new();
    let mut feed = |id: &str, manner: Manner| feeds.push((id.to_owned(), manner));
    feed(
        "max-age",
        Manner::Header("cache-control", "public, max-age=7200".to_owned()),
    );
    feed("expires", Manner::Header("expires", later(2)));
    feed("ttl", Manner::Channel("<ttl>120</ttl>".to_owned()));
    let period =
        "<sy:updatePeriod>Dayly</sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>";
    feed("period", Manner::Channel(period.to_owned()));
    feed("skip-hours", Manner::Channel(hours));
    feed("skip-days", Manner::Channel(days));
    feed("too-many", Manner::Refuses(429, Some("7200".to_owned())));
    feed("unavailable", Manner::Refuses(503, Some(later(2))));
    feed("gone", Manner::Refuses(410, None));
    feed("missing", Manner::Refuses(404, None));
    feed("broken", Manner::Refuses(500, None));
    for status in [301, 302, 307, 308] {
        feed(
            &format!("moves-{status}"),
            Manner::Moves(status, format!("/moves-{status}-new")),
        );
    }
    // Filled in once it is known where the other site is.
    feed("leaves", Manner::Moves(301, String::new()));
    feed("silent", Manner::Silent);
    feed("renews", Manner::Renews);
    feed("ignores", Manner::Ignores);
    for number in 0..PLAIN {
        feed(&format!("plain-{number}"), Manner::Steady);
    }

    let hosts = feeds.len() + 2;
    let (crowded, elsewhere) = (feeds.len(), feeds.len() + 1);
    let mut places: Vec<(String, usize)> = Vec::new();
    places.extend(feeds.iter().map(|(id, _)| id.clone()).zip(0..));
    places.extend((0..CROWD).map(|number| (format!("crowd-{number}"), crowded)));
    let publishers = Publishers::start(u8::try_from(hosts).expect("few hosts"), |addresses| {
        let mut manners: HashMap<_, _> = feeds.into_iter().collect();
        let to = format!("http://{}/leaves-new", addresses[elsewhere]);
        manners.insert("leaves".to_owned(), Manner::Moves(301, to));
        let crowd = (0..CROWD).map(|number| (format!("crowd-{number}"), Manner::Slow));
        manners.extend(crowd);
        manners
    })
    .await;

    let options = Options {
        feeds: &[],
        interval: "1s",
        sample: false,
        partitions: 4,
    };
    let setup = Setup::new(Backend::Local, &options);
    setup.write(&config(&setup, &publishers, &places));
    let mut daemon = setup.start().await;
    eventually(
        PATIENCE,
        "the slowest to be learned is learned",
        async || {
            let seen = publishers.seen();
            let times = |path: &str| seen.iter().filter(|seen| seen.path == path).count();
            times("missing") >= 2
                && times("broken") >= 3
                && times("moves-308-new") >= 5
                && times("moves-301-new") >= 5
                && times("leaves-new") >= 4
                && times("silent") >= 3
        },
    )
    .await;
    stays_up(&mut daemon, WATCHED).await;
    let answer: Vec<Value> =
        serde_json::from_str(&daemon.get("/v1/feeds").await).expect("it is a list");
    let by_id = |feed: Value| {
        (
            feed["feed"].as_str().expect("it has a name").to_owned(),
            feed,
        )
    };
    let feeds = answer.into_iter().map(by_id).collect();
    let errors = daemon.errors();
    let killed = Instant::now();
    daemon.kill().await;
    let mut daemon = setup.start().await;
    stays_up(&mut daemon, WATCHED + SPREAD).await;
    daemon.stop("TERM", PATIENCE).await;
    Observed {
        seen: publishers.seen(),
        killed,
        feeds,
        errors,
        started,
    }
}

/// Without intervals of the operator's, so that the publishers' hints count.
fn config(setup: &Setup, publishers: &Publishers, places: &[(String, usize)]) -> String {
    let (port, directory) = (setup.port, setup.log_directory());
    let mut config = format!(
        "[log]\ndirectory = {directory:?}\npartitions = 4\n\n\
         [fetch]\ncontact = {CONTACT:?}\nmin_interval = \"{}ms\"\ndefault_interval = \"{}ms\"\nmax_interval = \"{}ms\"\n\
         host_spacing = \"{}ms\"\nstart_spread = \"{}ms\"\nallow = [\"127.0.0.0/8\"]\n\n\
         [feeds]\nfiles = []\n\n[http]\nlisten = \"127.0.0.1:{port}\"\n",
        SHORTEST.as_millis(),
        SHORTEST.as_millis(),
        LONGEST.as_millis(),
        SPACING.as_millis(),
        SPREAD.as_millis(),
    );
    for (id, host) in places {
        let url = publishers.url(*host, id);
        write!(
            config,
            "\n[[feed]]\nid = {id:?}\nurl = {url:?}\npublisher = \"The {id} Gazette\"\n\
             language = \"en\"\ncountry = \"BE\"\nkind = \"newspaper\"\n"
        )
        .expect("a string takes everything");
    }
    config
}
