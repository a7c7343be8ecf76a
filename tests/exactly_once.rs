//! `kill -9` at random moments, and every revision on the topics once.
//!
//! The feed server knows every version it served, and which of them the daemon came to take for
//! done: those whose validators it sent back. What such a version held must be on `raw`, whatever
//! was killed in between, and nothing may be there twice.
//!
//! `CLAIMWIRE_TEST_SEED` repeats a run's edits and moments.

#![expect(clippy::print_stderr, reason = "a test binary's own output")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::Arguments;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::interval;
use wire::revision::Change;
use wire::{ClaimRecord, ItemRecord, Revision};

#[path = "support"]
mod support {
    pub(crate) mod daemon;
    pub(crate) mod feed;
    pub(crate) mod feed_server;
    pub(crate) mod kafka;
    pub(crate) mod loopback;
    pub(crate) mod topics;
    pub(crate) mod trial;
}

use support::daemon::{Backend, Options, PATIENCE, Setup, eventually, stays_up};
use support::feed::{self, Format, Wording};
use support::feed_server::FeedServer;
use support::topics::{Record, read};
use support::trial;

const KILLS: u32 = 25;
/// Items in a document, and about how long each is.
const WINDOW: usize = 30;
const BYTES: usize = 300;

fn main() {
    let arguments = Arguments::from_args();
    let name = "a_revision_is_published_once_whatever_is_killed";
    let trials = trial::on_both(name, survives_kills);
    trial::explain(&trials);
    libtest_mimic::run(&arguments, trials.into()).exit();
}

async fn survives_kills(backend: Backend) {
    let seed = std::env::var("CLAIMWIRE_TEST_SEED").map_or_else(
        |_| rand::random(),
        |seed| seed.parse().expect("the seed is a number"),
    );
    eprintln!("{backend:?}: CLAIMWIRE_TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

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
    let setup = Setup::new(backend, &options);

    let mut news = JoinSet::new();
    news.spawn(evolve(Arc::clone(&server), StdRng::seed_from_u64(seed)));
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
    eventually(
        2 * PATIENCE,
        "every feed is polled to its last version",
        async || server.caught_up(),
    )
    .await;
    let on_raw = read(&setup, &daemon, &["raw"]).await.len();
    eventually(PATIENCE, "every revision is tagged", async || {
        read(&setup, &daemon, &ITEMS).await.len() >= on_raw
    })
    .await;
    let topics = Topics {
        raw: read(&setup, &daemon, &["raw"]).await,
        items: read(&setup, &daemon, &ITEMS).await,
        claims: read(&setup, &daemon, &CLAIMS).await,
    };
    eprintln!(
        "{:?}: {KILLS} kills, {confirmed_between_kills} lives that finished a poll, {} versions served, \
         {} revisions, {} claims",
        setup.backend,
        server.total(|feed| feed.served.len()),
        topics.raw.len(),
        topics.claims.len(),
    );
    assert!(
        confirmed_between_kills > KILLS / 2,
        "the kills left no time to work"
    );
    check_raw(&server, &topics);
    check_tags(&topics);
    daemon.stop("TERM", Duration::from_secs(15)).await;
}

const ITEMS: [&str; 2] = ["items.confirmed", "items.unconfirmed"];
const CLAIMS: [&str; 2] = ["claims.confirmed", "claims.unconfirmed"];

struct Topics {
    raw: Vec<Record>,
    items: Vec<Record>,
    claims: Vec<Record>,
}

/// News come in and are edited until the task is aborted.
async fn evolve(server: Arc<FeedServer>, mut random: StdRng) {
    let mut tick = interval(Duration::from_millis(60));
    loop {
        tick.tick().await;
        let id = &server.ids()[random.random_range(0..server.ids().len())];
        let current = server.current(id);
        if current.is_empty() || random.random_bool(0.4) {
            server.publish(id);
        } else {
            let wording = current[random.random_range(0..current.len())];
            server.edit(id, wording.item);
        }
    }
}

/// `raw` holds what the daemon takes for done, once, in order, and nothing else.
fn check_raw(server: &FeedServer, topics: &Topics) {
    let mut published: BTreeMap<(String, usize), Vec<u32>> = BTreeMap::new();
    let mut places: BTreeMap<(String, usize), u32> = BTreeMap::new();
    for record in &topics.raw {
        let revision: Revision = record.decode();
        let feed = revision.source.feed.0.clone();
        assert!(
            !matches!(revision.change, Some(Change::Withdrawn { .. })),
            "nothing was withdrawn: {revision:?}"
        );
        let wording = Wording::of(&revision.text).expect("raw holds what was served");
        let words = (revision.title.clone(), revision.text.clone());
        assert_eq!(words, server.look(&feed, |feed| feed.words(wording)));
        assert!(
            server.look(&feed, |feed| feed.was_served(wording)),
            "{feed} never said {wording:?}"
        );
        let guid = feed::guid(&feed, wording.item);
        assert_eq!(revision.guid.as_deref(), Some(guid.as_str()));

        let key = (feed, wording.item);
        let partition = *places.entry(key.clone()).or_insert(record.partition);
        assert_eq!(partition, record.partition, "{key:?} is on two partitions");
        let wordings = published.entry(key.clone()).or_default();
        wordings.push(wording.revision);
        let count = u32::try_from(wordings.len()).expect("a test has few revisions");
        assert_eq!(
            revision.revision, count,
            "revisions of {key:?} are consecutive from 1"
        );
    }
    for (key, wordings) in &published {
        assert!(
            wordings.is_sorted_by(|a, b| a < b),
            "{key:?} was published as {wordings:?}"
        );
    }
    for id in server.ids() {
        let has = |wording: &Wording| {
            let wordings = published.get(&(id.clone(), wording.item));
            wordings.is_some_and(|wordings| wordings.contains(&wording.revision))
        };
        server.look(id, |feed| {
            for version in &feed.echoed {
                let served = &feed.served[version];
                assert!(
                    served.whole,
                    "{id}: version {version} was not read to its end"
                );
                let missing: Vec<_> = served.wordings.iter().filter(|it| !has(it)).collect();
                assert!(
                    missing.is_empty(),
                    "{id}: a poll of version {version} lost {missing:?}"
                );
            }
        });
        for wording in server.current(id) {
            let last = published[&(id.clone(), wording.item)].last();
            assert_eq!(
                last,
                Some(&wording.revision),
                "{id}: the latest of item {}",
                wording.item
            );
        }
    }
}

/// Every revision is tagged once, and each of its claims is there once.
fn check_tags(topics: &Topics) {
    let raw: Vec<Revision> = topics.raw.iter().map(Record::decode).collect();
    let revisions: BTreeSet<_> = raw
        .iter()
        .map(|it| (it.item.clone(), it.revision))
        .collect();
    let mut tagged = BTreeSet::new();
    let mut expected = BTreeSet::new();
    for record in &topics.items {
        let item: ItemRecord = record.decode();
        let name = (item.item.clone(), item.revision);
        assert!(revisions.contains(&name), "{name:?} is not on raw");
        assert!(tagged.insert(name.clone()), "{name:?} is tagged twice");
        let claims = 0..item.tags.claims.len();
        expected.extend(claims.map(|index| format!("{}/{}/{index}", item.item, item.revision)));
    }
    assert_eq!(
        tagged, revisions,
        "every revision is relevant here, and so tagged"
    );

    let mut claims = BTreeSet::new();
    for record in &topics.claims {
        let claim: ClaimRecord = record.decode();
        assert!(
            claims.insert(claim.id.clone()),
            "{} is there twice",
            claim.id
        );
    }
    assert_eq!(claims, expected);
}
