//! The contract with consumers: headers as documented, values as their schemas say.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::{Record, read};

const TOPICS: [(&str, &str); 9] = [
    ("feeds", "feed"),
    ("feed-state", "feed-state"),
    ("stories", "story"),
    ("raw", "raw"),
    ("items.confirmed", "item"),
    ("items.unconfirmed", "item"),
    ("claims.confirmed", "claim"),
    ("claims.unconfirmed", "claim"),
    ("dead", "dead"),
];

pub(crate) async fn contract(backend: Backend) {
    let feeds = [("herald", Format::Rss), ("wreck", Format::Atom)];
    let feeds = feeds.map(|(id, format)| (id.to_owned(), format));
    let server = FeedServer::start(feeds, 20, 600, 1).await;
    for _ in 0..3 {
        server.publish("herald");
    }
    server.break_down("wreck", b"no feed");
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    for topic in ["claims.unconfirmed", "dead"] {
        eventually(PATIENCE, topic, async || {
            !read(&setup, &daemon, &[topic]).await.is_empty()
        })
        .await;
    }

    for (topic, schema) in TOPICS {
        let schema = schema_of(schema);
        for record in read(&setup, &daemon, &[topic]).await {
            let errors: Vec<_> = schema
                .iter_errors(&record.value)
                .map(|error| error.to_string())
                .collect();
            assert!(errors.is_empty(), "{topic}: {errors:?}");
            envelope(topic, &record);
        }
    }

    let raw = read(&setup, &daemon, &["raw"]).await;
    let item = read(&setup, &daemon, &["items.unconfirmed"]).await;
    let tagged = item.first().expect("an item with an unconfirmed claim");
    let source = raw
        .iter()
        .find(|it| it.key == tagged.key)
        .expect("it comes from raw");
    assert_eq!(
        trace_id(tagged),
        trace_id(source),
        "raw and tagged are one trace"
    );
}

fn envelope(topic: &str, record: &Record) {
    let header = |name: &str| match record.headers.get(name) {
        Some(value) if !value.is_empty() => value.as_str(),
        _ => panic!("{topic} has no `{name}`: {:?}", record.headers),
    };
    assert_eq!(header("ce_specversion"), "1.0");
    assert_eq!(header("content-type"), "application/json");
    for name in ["ce_id", "ce_source", "ce_type", "ce_time"] {
        header(name);
    }
    header("ce_time")
        .parse::<jiff::Timestamp>()
        .expect("ce_time is a time (RFC 3339)");
    if !["feeds", "feed-state"].contains(&topic) {
        trace_id(record);
    }
    if topic.starts_with("items.") || topic.starts_with("claims.") {
        for name in ["claim-status", "lang", "story-id"] {
            header(name);
        }
        assert_eq!(header("lang"), "en");
        // A claim need not name anybody itself.
        let entities = &record.headers["entities"];
        assert!(entities.contains("org.nato") || topic.starts_with("claims."));
    }
}

/// The trace id of a `traceparent`, whose parts have fixed lengths (W3C Trace Context §3.2).
fn trace_id(record: &Record) -> &str {
    let parts: Vec<_> = record.headers["traceparent"].split('-').collect();
    let lengths: Vec<_> = parts.iter().map(|part| part.len()).collect();
    assert_eq!(lengths, [2, 32, 16, 2], "{parts:?}");
    parts[1]
}

fn schema_of(name: &str) -> jsonschema::Validator {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/schema");
    let file = folder.join(format!("{name}.json"));
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    jsonschema::validator_for(&schema).expect("a schema is valid")
}
