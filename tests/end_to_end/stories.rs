//! The labelled scenarios of `tests/stories`, through the real daemon.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use wire::{ItemRecord, Story};

use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually};
use crate::support::loopback::{Answer, Loopback};
use crate::support::topics::{Record, read};

const ITEMS: [&str; 2] = ["items.confirmed", "items.unconfirmed"];

#[derive(Deserialize)]
struct File {
    scenario: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Scenario {
    items: Vec<Item>,
}

#[derive(Clone, Deserialize)]
struct Item {
    feed: String,
    story: String,
    at: i64,
    title: String,
    text: String,
}

/// Copies come in over three feeds' lives: as labelled at first, a correction that shares no word with what
/// it corrects, and after a restart one more copy.
pub(crate) async fn told_apart(backend: Backend) {
    let file: File = toml::from_str(include_str!("../stories/scenarios.toml")).expect("TOML");
    let items: Vec<Item> = file.scenario.into_iter().flat_map(|it| it.items).collect();
    let served = Arc::new(Mutex::new(items.clone()));
    let answering = Arc::clone(&served);
    let loopback = Loopback::serve(4, move |feed, _| {
        let served = answering.lock().expect("no holder panics");
        answer(served.iter().filter(|item| item.feed == feed))
    })
    .await;
    let feeds: BTreeSet<&String> = items.iter().map(|item| &item.feed).collect();
    let urls: Vec<(String, String)> = feeds
        .iter()
        .enumerate()
        .map(|(number, feed)| ((*feed).clone(), loopback.url(feed, number)))
        .collect();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 3,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    let tagged = tagged(&setup, &daemon, items.len()).await;
    let story = |item: &Item| &tagged[&(item.feed.clone(), item.title.clone(), item.at)].story;
    for one in &items {
        for other in &items {
            let same = story(one) == story(other);
            assert_eq!(
                same,
                one.story == other.story,
                "{} {}",
                one.text,
                other.text
            );
        }
        let first = &story(one).first;
        let opener = tagged.values().find(|it| it.item == first.item);
        let opener = opener.expect("the first item is on the topics");
        assert_eq!(
            (&opener.source.feed, opener.fetched),
            (&first.feed, first.at)
        );
    }

    let original = items[0].clone();
    let story = story(&original).clone();
    let corrected = Item {
        title: "A report on Ukraine is withdrawn".to_owned(),
        text: "This Ukraine report was withdrawn by its agency and should not be used.".to_owned(),
        ..original.clone()
    };
    served.lock().expect("no holder panics")[0] = corrected.clone();
    let revised = self::tagged(&setup, &daemon, items.len() + 1).await;
    let revised = &revised[&(corrected.feed, corrected.title, corrected.at)];
    assert_eq!((revised.revision, &revised.story), (2, &story));
    daemon.stop("TERM", PATIENCE).await;

    let late = Item {
        feed: "bote".to_owned(),
        at: original.at + 600,
        title: "Late".to_owned(),
        ..original
    };
    served.lock().expect("no holder panics").push(late.clone());
    let daemon = setup.start().await;
    let joined = self::tagged(&setup, &daemon, items.len() + 2).await;
    assert_eq!(joined[&(late.feed, late.title, late.at)].story, story);
    let claims = read(&setup, &daemon, &["claims.confirmed", "claims.unconfirmed"]).await;
    for claim in claims {
        let told: Story = serde_json::from_value(claim.value["story"].clone()).expect("a story");
        assert_eq!(claim.headers["story-id"], told.id.0);
    }
    daemon.stop("TERM", PATIENCE).await;
}

/// The tagged items once there are `count`, each by its feed, title and minute.
async fn tagged(
    setup: &Setup,
    daemon: &Daemon,
    count: usize,
) -> BTreeMap<(String, String, i64), ItemRecord> {
    eventually(PATIENCE, "every item is tagged", async || {
        read(setup, daemon, &ITEMS).await.len() >= count
    })
    .await;
    let records = read(setup, daemon, &ITEMS).await;
    assert_eq!(records.len(), count);
    let items = records.iter().map(Record::decode::<ItemRecord>);
    items
        .map(|item| {
            let at = item.published.expect("it is dated").duration_since(epoch());
            let key = (item.source.feed.0.clone(), item.title.clone(), at.as_mins());
            (key, item)
        })
        .collect()
}

fn epoch() -> Timestamp {
    "2026-01-05T00:00:00Z".parse().expect("a valid time")
}

fn answer<'a>(items: impl Iterator<Item = &'a Item>) -> Answer {
    let mut newest_first: Vec<&Item> = items.collect();
    newest_first.sort_by_key(|item| -item.at);
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\
                   <title>Scenario</title><link>https://scenario.example/</link>\
                   <description>Labelled</description>\n"
        .to_owned();
    for Item {
        at, title, text, ..
    } in newest_first
    {
        let published = epoch() + SignedDuration::from_mins(*at);
        let published = published.strftime("%a, %d %b %Y %H:%M:%S +0000");
        writeln!(
            xml,
            "<item><guid isPermaLink=\"false\">{at}</guid><title>{title}</title>\
             <description>{text}</description><pubDate>{published}</pubDate></item>"
        )
        .expect("a string takes everything");
    }
    Answer {
        status: 200,
        headers: vec![(
            "content-type",
            "application/rss+xml; charset=utf-8".to_owned(),
        )],
        body: Bytes::from(xml + "</channel></rss>\n"),
        sent: None,
    }
}
