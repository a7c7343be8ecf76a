//! Recorded histories of real feeds, served to the real daemon faster than they happened.
//!
//! Every poll of a feed is answered with the next snapshot of its history. What the daemon makes of
//! it is counted by feed and in total, and some of its claims are written down for a person to read. Items
//! and edits are compared with an independent count by a Python program, where there is Python.
//! The recordings are not part of the project; `CLAIMWIRE_RECORDED_FEEDS` says where they are.

#![expect(clippy::print_stderr, reason = "figures are what this is for")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

mod count;
mod histories;
mod server;
mod tally;

#[path = "../support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod follow;
    pub(crate) mod loopback;
    pub(crate) mod topics;
}

use histories::History;
use server::Replay;
use support::daemon::{Backend, Options, PATIENCE, Setup};
use support::follow::Follow;
use tally::Tally;

/// The log is quiet when it has had nothing new for so long and every history has been served.
const QUIET: Duration = Duration::from_secs(5);
/// No history takes this long; a daemon that stands still does.
const STANDSTILL: Duration = Duration::from_secs(120);
const TOPICS: [&str; 6] = [
    "raw",
    "items.confirmed",
    "items.unconfirmed",
    "claims.confirmed",
    "claims.unconfirmed",
    "dead",
];

fn main() -> ExitCode {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded-feeds");
    let folder = std::env::var_os("CLAIMWIRE_RECORDED_FEEDS").map_or(beside, PathBuf::from);
    if !folder.join("INDEX.tsv").exists() {
        eprintln!(
            "skipped: there are no recorded feeds in {}",
            folder.display()
        );
        return ExitCode::SUCCESS;
    }
    let only = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let histories = histories::read(&folder, only.as_deref().unwrap_or_default());
    Runtime::new()
        .expect("a runtime")
        .block_on(replay(histories))
}

async fn replay(histories: Vec<History>) -> ExitCode {
    let snapshots: usize = histories.iter().map(|it| it.snapshots.len()).sum();
    eprintln!("{} feeds, {snapshots} snapshots", histories.len());
    let histories = Arc::new(histories);
    let server = Replay::serve(Arc::clone(&histories)).await;
    let options = Options {
        feeds: &[],
        interval: "",
        sample: false,
        partitions: 8,
    };
    let setup = Setup::new(Backend::Local, &options);
    // One history lists 4,500 items; by default the first 2,000 of a document are read.
    let config = setup
        .config(&options)
        .replacen("[fetch]", "[fetch]\nmax_items = 10000", 1);
    setup.write(&(config + &feed_list(&histories, &server)));

    let started = Instant::now();
    let daemon = setup.start().await;
    let mut follow = Follow::topics(&setup, &daemon, &TOPICS);
    let mut tally = Tally::default();
    let mut last = Instant::now();
    while last.elapsed() < STANDSTILL {
        match follow.within(QUIET).await {
            Some(arrival) => {
                last = arrival.at;
                tally.add(&arrival.record());
            }
            None if server.finished() => break,
            None => {}
        }
    }
    let seconds = last.duration_since(started).as_secs_f64();
    daemon.stop("TERM", PATIENCE).await;

    let polls: BTreeMap<_, _> = histories
        .iter()
        .map(|it| (it.feed.clone(), server.polls(&it.feed)))
        .collect();
    eprint!("{}", tally.table(&polls));
    eprintln!("{seconds:.1} s from the daemon's start to the last record");
    for (feed, left) in server.unserved() {
        eprintln!("{feed}: {left} snapshots were never asked for");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/replay-claims.txt");
    std::fs::create_dir_all(file.parent().expect("it is in target")).expect("target is writable");
    std::fs::write(&file, tally.excerpt()).expect("target is writable");
    eprintln!("some of the claims: {}", file.display());
    count::compared(&histories, &tally)
}

fn feed_list(histories: &[History], server: &Replay) -> String {
    let mut list = String::new();
    for (
        number,
        History {
            feed,
            outlet,
            language,
            ..
        },
    ) in histories.iter().enumerate()
    {
        let url = server.url(feed, number);
        write!(
            list,
            "\n[[feed]]\nid = {feed:?}\nurl = {url:?}\npublisher = {outlet:?}\n\
             language = \"{language}\"\ncountry = \"XX\"\nkind = \"other\"\ninterval = \"10ms\"\n"
        )
        .expect("a string takes everything");
    }
    list
}
