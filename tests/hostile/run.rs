//! The real daemon with a handful of good feeds among all the hostile ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::behaviours::{self, Behaviour};
use super::server::HostileServer;
use crate::support::daemon::{Backend, Daemon, Options, Setup, stays_up};
use crate::support::loopback::{Answer, Loopback};

const GOOD: usize = 5;

/// How hard it is made.
pub(crate) struct Pressure {
    /// The daemon's `total_timeout`.
    pub(crate) total: &'static str,
    /// The shortest time after which a hostile feed is asked again.
    pub(crate) again: &'static str,
    /// How long it goes on once every feed has had its outcome.
    pub(crate) after: Duration,
    /// What the slowest outcome may take.
    pub(crate) patience: Duration,
}

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) behaviours: usize,
    /// Feeds without an outcome, by the behaviour's name.
    pub(crate) stuck: Vec<&'static str>,
    /// Behaviours whose outcome is not as it should be, with what it is.
    pub(crate) surprises: Vec<(&'static str, String)>,
    /// The most memory that the daemon held, in MiB (`VmHWM`).
    pub(crate) peak_mib: f64,
    /// How long it took until each feed had an outcome.
    pub(crate) settled: Duration,
    /// Polls of good feeds, and how many of them began more than two seconds late.
    pub(crate) good: (usize, usize),
}

/// Runs it. Panics when the daemon ends.
pub(crate) async fn observed(pressure: &Pressure) -> Outcome {
    let behaviours = Arc::new(behaviours::all());
    let hostile = HostileServer::start(Arc::clone(&behaviours)).await;
    let asked: Arc<Mutex<BTreeMap<String, Vec<Instant>>>> = Arc::default();
    let log = Arc::clone(&asked);
    let good = Loopback::serve(GOOD as u8, move |path, _| {
        let mut asked = log.lock().expect("no test panics with it in hand");
        let times = asked.entry(path.to_owned()).or_default();
        times.push(Instant::now());
        let body = format!(
            "<rss version='2.0'><channel><title>T</title><item><guid>{}</guid><title>N</title></item></channel></rss>",
            times.len()
        );
        Answer {
            body: Bytes::from(body),
            ..Answer::status(200)
        }
    })
    .await;

    let feeds: Vec<_> = (0..GOOD)
        .map(|number| {
            (
                format!("good-{number}"),
                good.url(&format!("good-{number}"), number),
            )
        })
        .collect();
    let options = Options {
        feeds: &feeds,
        interval: "1s",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(Backend::Local, &options);
    let mut config = setup.config(&options).replace(
        "min_interval = \"10ms\"",
        &format!(
            "min_interval = {:?}\ntotal_timeout = {:?}",
            pressure.again, pressure.total
        ),
    );
    for (number, _) in behaviours.iter().enumerate() {
        let url = hostile.url(number, "http");
        write_feed(&mut config, &id(number), &url, pressure.again);
    }
    // TLS is spoken to a server that speaks none.
    write_feed(&mut config, "tls", &hostile.url(0, "https"), pressure.again);
    setup.write(&config);

    let followed = GOOD + behaviours.len() + 1;
    let began = Instant::now();
    let mut daemon = setup.start().await;
    // A feed that never has an outcome is told by name, not by the wait for it.
    let settling = async {
        let mut tick = tokio::time::interval(Duration::from_millis(100));
        loop {
            let outcomes = outcomes(&daemon).await;
            if outcomes.len() == followed && outcomes.values().all(Option::is_some) {
                return began.elapsed();
            }
            tick.tick().await;
        }
    };
    let settled = tokio::time::timeout(pressure.patience, settling).await;
    let settled = settled.unwrap_or(pressure.patience);
    stays_up(&mut daemon, pressure.after).await;

    let outcomes = outcomes(&daemon).await;
    let of = |number| outcomes.get(&id(number)).cloned().flatten();
    let named = || behaviours.iter().enumerate();
    let result = Outcome {
        behaviours: behaviours.len() + 1,
        stuck: named()
            .filter(|(number, _)| of(*number).is_none())
            .map(|(_, behaviour)| behaviour.name)
            .collect(),
        surprises: named()
            .filter_map(|(number, behaviour)| surprise(behaviour, of(number)?))
            .collect(),
        peak_mib: peak_mib(daemon.pid()),
        settled,
        good: lateness(&asked.lock().expect("no test panics with it in hand")),
    };
    daemon.stop("TERM", Duration::from_secs(30)).await;
    result
}

fn surprise(behaviour: &Behaviour, outcome: String) -> Option<(&'static str, String)> {
    let expected = behaviour
        .outcome
        .split('|')
        .any(|part| outcome.contains(part));
    (!expected).then_some((behaviour.name, outcome))
}

fn id(number: usize) -> String {
    format!("hostile-{number:03}")
}

fn write_feed(config: &mut String, id: &str, url: &str, interval: &str) {
    write!(
        config,
        "\n[[feed]]\nid = {id:?}\nurl = {url:?}\npublisher = \"P\"\nlanguage = \"en\"\n\
         country = \"XX\"\nkind = \"other\"\ninterval = {interval:?}\n"
    )
    .expect("a string takes everything");
}

/// How the last poll of each feed ended.
async fn outcomes(daemon: &Daemon) -> BTreeMap<String, Option<String>> {
    let feeds: Vec<Value> =
        serde_json::from_str(&daemon.get("/v1/feeds").await).expect("it is JSON");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    feeds
        .iter()
        .map(|feed| {
            (
                text(&feed["feed"]).unwrap_or_default(),
                text(&feed["last_outcome"]),
            )
        })
        .collect()
}

/// Polls of the good feeds, and those that came two seconds after they were due or later.
fn lateness(asked: &BTreeMap<String, Vec<Instant>>) -> (usize, usize) {
    // The interval of a second is drawn out by up to a tenth.
    let allowed = Duration::from_millis(1_100) + Duration::from_secs(2);
    let polls = asked.values().map(Vec::len).sum();
    let late = asked
        .values()
        .flat_map(|times| times.windows(2))
        .filter(|pair| pair[1] - pair[0] > allowed)
        .count();
    (polls, late)
}

fn peak_mib(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .expect("Linux says VmHWM")
        .trim()
        .trim_end_matches(" kB");
    kib.parse::<f64>().expect("a number of KiB") / 1024.0
}
