//! Records of the log as `/v1/records` and `tail` show them.

use std::time::Duration;

use futures::{Stream, StreamExt as _, stream};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sink::{Entry, Follower, From, Log};
use tokio::time::Instant;
use url::form_urlencoded;
use wire::claim::Status;

use crate::cli;

/// The topics that are always there.
const TOPICS: [&str; 9] = [
    "feeds",
    "feed-state",
    "stories",
    "raw",
    "items.confirmed",
    "items.unconfirmed",
    "claims.confirmed",
    "claims.unconfirmed",
    "dead",
];

/// The topics that are read where none is named.
pub(crate) const CLAIMS: [&str; 2] = ["claims.confirmed", "claims.unconfirmed"];

/// A reader that does not follow ends when nothing older than its request has come for this long.
const QUIET: Duration = Duration::from_secs(2);

/// Which records somebody wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Query {
    pub(crate) topics: Vec<String>,
    pub(crate) from: From,
    pub(crate) follow: bool,
    pub(crate) filter: Filter,
}

/// Which of the records that are read are passed on, by their headers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) entity: Option<String>,
    pub(crate) status: Option<Status>,
}

impl Filter {
    pub(crate) fn passes(&self, entry: &Entry) -> bool {
        let header = |name: &str| {
            let found = entry.headers.iter().find(|(known, _)| known == name);
            found
                .and_then(|(_, value)| std::str::from_utf8(value).ok())
                .unwrap_or_default()
        };
        self.status
            .is_none_or(|status| header("claim-status") == status.name())
            && self.entity.as_deref().is_none_or(|id| {
                header("entities")
                    .split(',')
                    .any(|mentioned| mentioned.trim() == id)
            })
    }
}

impl Query {
    /// The query of a URL: `topic` any number of times, `from` (`beginning`, `end`, `last:N`),
    /// `follow`, `entity`, `status`.
    ///
    /// # Errors
    /// One line on what is wrong with it, naming what is right.
    pub(crate) fn parse(query: &str, log: &Log) -> Result<Self, String> {
        Self::read(query, |topic| log.partitions(topic) > 0)
    }

    fn read(query: &str, known: impl Fn(&str) -> bool) -> Result<Self, String> {
        let mut parsed = Self {
            topics: Vec::new(),
            from: From::End,
            follow: true,
            filter: Filter::default(),
        };
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match key.as_ref() {
                "topic" => parsed.topics.push(topic(&value, &known)?),
                "from" => parsed.from = from(&value)?,
                "follow" => {
                    parsed.follow = value
                        .parse()
                        .map_err(|_| format!("follow is true or false, not \"{value}\""))?;
                }
                "entity" => parsed.filter.entity = Some(value.into_owned()),
                "status" => {
                    let status = cli::status(&value);
                    parsed.filter.status =
                        Some(status.map_err(|valid| format!("status is {valid}"))?);
                }
                other => {
                    return Err(format!(
                        "unknown parameter \"{other}\"; there are topic, from, follow, entity and status"
                    ));
                }
            }
        }
        if parsed.topics.is_empty() {
            parsed.topics = CLAIMS.map(str::to_owned).to_vec();
        }
        parsed.topics.dedup();
        Ok(parsed)
    }
}

/// The topic that is meant, with or without a prefix.
///
/// # Errors
/// One line that names the topics there are.
pub(crate) fn topic(name: &str, known: impl Fn(&str) -> bool) -> Result<String, String> {
    let marks = name
        .match_indices(['.', '-', '_'])
        .map(|(at, _)| &name[at + 1..]);
    std::iter::once(name)
        .chain(marks)
        .find(|name| known(name))
        .map(str::to_owned)
        .ok_or_else(|| {
            format!(
                "unknown topic \"{name}\"; there are {} and those of the configured routes",
                TOPICS.join(", ")
            )
        })
}

fn from(value: &str) -> Result<From, String> {
    match (value, value.strip_prefix("last:").map(str::parse)) {
        ("beginning", _) => Ok(From::Beginning),
        ("end", _) => Ok(From::End),
        (_, Some(Ok(records))) => Ok(From::Last(records)),
        _ => Err(format!("from is beginning, end or last:N, not \"{value}\"")),
    }
}

/// The records that `query` asks for, each read when it is asked for. One that does not follow ends
/// where the log ended when this was called; a log that fails ends either.
///
/// # Errors
/// [`sink::Error::Fatal`] when the log cannot go on.
pub(crate) async fn stream(
    log: &Log,
    query: Query,
) -> Result<impl Stream<Item = Entry> + Send + 'static, sink::Error> {
    let topics: Vec<&str> = query.topics.iter().map(String::as_str).collect();
    let follower = log.follow(&topics, query.from).await?;
    let until = (!query.follow).then(Timestamp::now);
    let filter = query.filter;
    let entries = stream::unfold(follower, move |mut follower| async move {
        let entry = match until {
            None => follower.next().await,
            Some(until) => next_until(&mut follower, until).await?,
        };
        match entry {
            Ok(entry) => Some((entry, follower)),
            Err(error) => {
                tracing::warn!("a reader of records is cut off: {error}");
                None
            }
        }
    });
    Ok(Box::pin(entries.filter(move |entry| {
        std::future::ready(filter.passes(entry))
    })))
}

/// The next record that is not younger than `until`; none when there is no more.
async fn next_until(
    follower: &mut Follower,
    until: Timestamp,
) -> Option<Result<Entry, sink::Error>> {
    let quiet = Instant::now() + QUIET;
    loop {
        match tokio::time::timeout_at(quiet, follower.next()).await {
            Err(_) => return None,
            Ok(Ok(entry)) if entry.timestamp > until => {}
            Ok(entry) => return Some(entry),
        }
    }
}

/// A record that is on no log as one line of JSON: topic, key, headers and value.
pub(crate) fn written(record: &sink::Record) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = record.headers.iter();
    let headers: Map<String, Value> = headers
        .map(|(name, value)| (name.to_string(), text(value).into()))
        .collect();
    let value: Value = record
        .value
        .as_deref()
        .and_then(|value| serde_json::from_slice(value).ok())
        .unwrap_or_default();
    serde_json::json!({
        "topic": record.topic, "key": text(&record.key), "timestamp": record.timestamp,
        "headers": headers, "value": value
    })
    .to_string()
}

#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    partition: u32,
    offset: u64,
    key: String,
    timestamp: Timestamp,
    headers: Map<String, Value>,
    value: Value,
}

/// A record as one line of JSON. A value that is no JSON stands as a string.
pub(crate) fn line(entry: &Entry) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let value = match entry.value.as_deref() {
        None => Value::Null,
        Some(bytes) => serde_json::from_slice(bytes).unwrap_or_else(|_| Value::String(text(bytes))),
    };
    let headers = entry
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), text(value).into()));
    let line = Line {
        topic: &entry.topic,
        partition: entry.partition,
        offset: entry.offset,
        key: text(&entry.key),
        timestamp: entry.timestamp,
        headers: headers.collect(),
        value: without_secrets(&entry.topic, value),
    };
    serde_json::to_string(&line).expect("a record's parts are all JSON")
}

/// A value as it is shown: what a hub signs with is in a feed's state and nobody else's business.
fn without_secrets(topic: &str, mut value: Value) -> Value {
    if topic == "feed-state"
        && let Some(secret) = value.pointer_mut("/websub/secret")
    {
        *secret = Value::String("(hidden)".to_owned());
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Query, String> {
        Query::read(query, |topic| TOPICS.contains(&topic))
    }

    #[test]
    fn a_topic_may_carry_its_prefix() {
        let query = read("topic=claimwire.claims.confirmed&topic=dead").unwrap();
        assert_eq!(query.topics, ["claims.confirmed", "dead"]);
    }

    #[test]
    fn without_a_topic_both_claims_topics_are_followed() {
        let query = read("").unwrap();
        assert_eq!(query.topics, CLAIMS);
        assert!(query.follow);
    }

    #[test]
    fn a_mistake_names_what_is_right() {
        insta::assert_snapshot!(read("topic=claims").unwrap_err(), @r#"unknown topic "claims"; there are feeds, feed-state, stories, raw, items.confirmed, items.unconfirmed, claims.confirmed, claims.unconfirmed, dead and those of the configured routes"#);
        insta::assert_snapshot!(read("from=last").unwrap_err(), @r#"from is beginning, end or last:N, not "last""#);
        insta::assert_snapshot!(read("status=false").unwrap_err(), @"status is one of confirmed, unconfirmed, denied, disputed, not_a_claim");
        insta::assert_snapshot!(read("folow=true").unwrap_err(), @r#"unknown parameter "folow"; there are topic, from, follow, entity and status"#);
    }

    #[test]
    fn records_are_filtered_by_their_headers() {
        let header =
            |name: &'static str, value: &str| (name.into(), value.as_bytes().to_vec().into());
        let entry = Entry {
            topic: "claims.unconfirmed".to_owned(),
            partition: 0,
            offset: 7,
            key: b"0123".to_vec(),
            value: Some(b"{}".to_vec()),
            headers: vec![
                header("claim-status", "denied"),
                header("entities", "org.nato,place.kyiv"),
            ],
            timestamp: Timestamp::UNIX_EPOCH,
        };
        assert!(
            read("status=denied&entity=place.kyiv")
                .unwrap()
                .filter
                .passes(&entry)
        );
        assert!(!read("status=disputed").unwrap().filter.passes(&entry));
        assert!(!read("entity=org.nat").unwrap().filter.passes(&entry));
        insta::assert_snapshot!(line(&entry), @r#"{"topic":"claims.unconfirmed","partition":0,"offset":7,"key":"0123","timestamp":"1970-01-01T00:00:00Z","headers":{"claim-status":"denied","entities":"org.nato,place.kyiv"},"value":{}}"#);
    }
}
