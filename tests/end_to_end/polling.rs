//! What becomes of edits, repetitions and garbage.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use wire::record::Origin;
use wire::revision::Change;
use wire::tagged::ItemStanding;
use wire::{DeadLetter, FeedState, ItemRecord, Revision};

use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::{Record, read};

const FEED: &str = "herald";

/// A server with one feed of two items, and a config that polls it five times a second.
async fn one_feed(backend: Backend) -> (FeedServer, Setup) {
    let server = FeedServer::start([(FEED.to_owned(), Format::Rss)], 20, 300, 1).await;
    server.publish(FEED);
    server.publish(FEED);
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    (server, setup)
}

pub(crate) async fn edited_headline(backend: Backend) {
    let (server, setup) = one_feed(backend).await;
    let daemon = setup.start().await;
    eventually(PATIENCE, "the first document is taken", async || {
        server.caught_up()
    })
    .await;

    server.edit(FEED, 0);
    eventually(PATIENCE, "the edit is taken", async || server.caught_up()).await;
    let wording = server.current(FEED)[0];
    let raw: Vec<Revision> = read(&setup, &daemon, &["raw"])
        .await
        .iter()
        .map(Record::decode)
        .collect();
    let of_item: Vec<_> = raw.iter().filter(|it| it.item == raw_id(&raw, 0)).collect();
    assert_eq!(of_item.len(), 2);
    let (first, second) = (of_item[0], of_item[1]);
    assert_eq!((first.revision, second.revision), (1, 2));
    assert_eq!(second.title, wording.title());
    let Some(Change::Edited(edit)) = &second.change else {
        panic!("{:?}", second.change)
    };
    assert_eq!(edit.previous_title.as_ref(), Some(&first.title));
    assert!(edit.text_changed && edit.words.is_some(), "{edit:?}");

    let topics = ["items.confirmed", "items.unconfirmed"];
    eventually(PATIENCE, "the edit is tagged", async || {
        read(&setup, &daemon, &topics).await.len() == 3
    })
    .await;
    for record in read(&setup, &daemon, &topics).await {
        let item: ItemRecord = record.decode();
        let topic = match item
            .tags
            .claim_status
            .expect("its sentences are claims")
            .status
        {
            ItemStanding::Confirmed => "items.confirmed",
            ItemStanding::Unconfirmed => "items.unconfirmed",
        };
        assert_eq!(record.topic, topic);
    }
}

/// The id of the item that was published first of all.
fn raw_id(raw: &[Revision], number: usize) -> wire::ItemId {
    let guid = crate::support::feed::guid(FEED, number);
    let found = raw.iter().find(|it| it.guid.as_deref() == Some(&guid));
    found.expect("the item is on raw").item.clone()
}

pub(crate) async fn unchanged_feed(backend: Backend) {
    let (server, setup) = one_feed(backend).await;
    let daemon = setup.start().await;
    eventually(PATIENCE, "the first document is taken", async || {
        server.caught_up()
    })
    .await;
    let items = ["items.confirmed", "items.unconfirmed"];
    eventually(PATIENCE, "both items are tagged", async || {
        read(&setup, &daemon, &items).await.len() == 2
    })
    .await;
    let before = places(&setup, &daemon).await;
    let asked = server.look(FEED, |feed| feed.not_modified);
    eventually(PATIENCE, "five more polls are answered 304", async || {
        server.look(FEED, |feed| feed.not_modified) >= asked + 5
    })
    .await;
    assert_eq!(places(&setup, &daemon).await, before);

    server.look(FEED, |feed| {
        let last = feed.requests.last().expect("it was polled");
        assert_eq!(last.if_none_match, Some(feed.etag()));
        assert_eq!(last.if_modified_since, Some(feed.last_modified()));
        let agent = last.user_agent.as_deref().expect("it says who it is");
        assert!(agent.to_lowercase().contains("claimwire"), "{agent}");
    });
    let states = read(&setup, &daemon, &["feed-state"]).await;
    let state: FeedState = states.last().expect("a poll was committed").decode();
    assert_eq!(state.etag, Some(server.look(FEED, |feed| feed.etag())));
    assert_eq!(state.seen.len(), 2);
}

/// The place of every record on the topics that a poll writes to.
async fn places(setup: &Setup, daemon: &Daemon) -> BTreeSet<(String, u32, u64)> {
    let topics = [
        "feed-state",
        "raw",
        "items.confirmed",
        "items.unconfirmed",
        "dead",
    ];
    let records = read(setup, daemon, &topics).await.into_iter();
    records
        .map(|it| (it.topic, it.partition, it.offset))
        .collect()
}

pub(crate) async fn unparsable_document(backend: Backend) {
    const GARBAGE: &[u8] = b"\x00\x01 Internal error \xff\xfe: no feed here";
    let (server, setup) = one_feed(backend).await;
    let daemon = setup.start().await;
    eventually(PATIENCE, "the first document is taken", async || {
        server.caught_up()
    })
    .await;
    server.break_down(FEED, GARBAGE);
    eventually(PATIENCE, "the garbage is kept", async || {
        !read(&setup, &daemon, &["dead"]).await.is_empty()
    })
    .await;
    let letter: DeadLetter = read(&setup, &daemon, &["dead"]).await[0].decode();
    assert_eq!(
        BASE64_STANDARD.decode(&letter.bytes).expect("base64"),
        GARBAGE
    );
    assert_eq!(letter.size, GARBAGE.len() as u64);
    assert!(
        matches!(&letter.origin, Origin::Feed { feed, .. } if feed.0 == FEED),
        "{letter:?}"
    );

    server.repair(FEED);
    let item = server.publish(FEED);
    eventually(2 * PATIENCE, "the feed recovers", async || {
        server.caught_up()
    })
    .await;
    let raw: Vec<Revision> = read(&setup, &daemon, &["raw"])
        .await
        .iter()
        .map(Record::decode)
        .collect();
    assert_eq!(
        raw.len(),
        3,
        "nothing is lost or repeated by the breakdown: {raw:?}"
    );
    raw_id(&raw, item);
}
