//! What a daemon owes after a run: the feed server knows every version it served, and which of them the
//! daemon came to take for done, for it sent their validators back. What such a version held must be
//! on `raw`, whatever happened in between, in order and with its words as served, and nothing may be
//! anywhere twice.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::{Instant, interval};
use wire::revision::Change;
use wire::{ClaimRecord, ItemRecord, Revision, StoryRecord};

use super::daemon::{Daemon, PATIENCE, Setup, eventually};
use super::feed::{self, Wording};
use super::feed_server::FeedServer;
use super::topics::{Record, read};

const ITEMS: [&str; 2] = ["items.confirmed", "items.unconfirmed"];
const CLAIMS: [&str; 2] = ["claims.confirmed", "claims.unconfirmed"];

/// Everything that a run left on the topics.
pub(crate) struct Topics {
    pub(crate) raw: Vec<Record>,
    pub(crate) items: Vec<Record>,
    pub(crate) claims: Vec<Record>,
    pub(crate) stories: Vec<Record>,
}

impl Topics {
    /// What is there once every feed was polled to its last version and every revision tagged.
    pub(crate) async fn settled(server: &FeedServer, setup: &Setup, daemon: &Daemon) -> Self {
        eventually(
            3 * PATIENCE,
            "every feed is polled to its last version",
            async || server.caught_up(),
        )
        .await;
        let on_raw = read(setup, daemon, &["raw"]).await.len();
        let (mut tagged, mut grown) = (0, Instant::now());
        let mut tick = interval(Duration::from_secs(1));
        while tagged < on_raw {
            tick.tick().await;
            let now = read(setup, daemon, &ITEMS).await.len();
            if now > tagged {
                (tagged, grown) = (now, Instant::now());
            }
            assert!(
                grown.elapsed() < PATIENCE,
                "{tagged} of {on_raw} revisions are tagged, and no more are"
            );
        }
        Self {
            raw: read(setup, daemon, &["raw"]).await,
            items: read(setup, daemon, &ITEMS).await,
            claims: read(setup, daemon, &CLAIMS).await,
            stories: read(setup, daemon, &["stories"]).await,
        }
    }

    /// Fails on the first thing that is missing, twice, in the wrong order or not as it was served.
    pub(crate) fn check(&self, server: &FeedServer) {
        check_raw(server, self);
        check_tags(self);
        check_stories(self);
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

/// Every item is on `stories` once, with the story that each of its records names.
fn check_stories(topics: &Topics) {
    let mut stories = BTreeMap::new();
    for record in &topics.stories {
        let told: StoryRecord = record.decode();
        let before = stories.insert(told.item.clone(), told.story.id);
        assert!(before.is_none(), "{} is told twice", told.item);
    }
    for record in &topics.items {
        let item: ItemRecord = record.decode();
        let told = stories.get(&item.item);
        assert_eq!(told, Some(&item.story.id), "the story of {}", item.item);
    }
}
