//! The sample wire: invented feeds that evolve, served from inside the process over real HTTP.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::feed::PublisherKind;
use wire::{FeedId, FeedSpec, Language};

mod render;

/// How often a sample feed is polled.
const INTERVAL: SignedDuration = SignedDuration::from_secs(1);

/// The invented feeds, as `config/sample.toml` has them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    edition_seconds: u32,
    feed: Vec<Feed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feed {
    id: FeedId,
    publisher: String,
    title: String,
    format: Format,
    language: Language,
    country: String,
    kind: PublisherKind,
    outage: Option<Outage>,
    item: Vec<Item>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    Rss,
    Atom,
    Json,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outage {
    from: u32,
    until: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    guid: String,
    at: u32,
    title: String,
    text: String,
    withdrawn: Option<u32>,
    #[serde(default)]
    edit: Vec<Edit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    at: u32,
    title: String,
    text: String,
}

/// A sample wire before it serves. Each feed has a port of its own, so that each is a host of its own
/// to a polite fetcher.
pub(crate) struct SampleWire {
    feeds: Vec<(Feed, TcpListener, SocketAddr)>,
    edition_seconds: u32,
}

/// One feed as it is served.
struct Server {
    feed: Feed,
    address: SocketAddr,
    edition_seconds: u32,
    started: Timestamp,
}

/// One item as a feed shows it at some moment.
struct Shown<'a> {
    guid: String,
    title: &'a str,
    text: &'a str,
    published: Timestamp,
    updated: Timestamp,
}

impl SampleWire {
    /// The sample wire on free ports of loopback.
    pub(crate) async fn bind() -> anyhow::Result<Self> {
        let script: Script = toml::from_str(include_str!("../../../config/sample.toml"))
            .context("config/sample.toml is not a sample wire")?;
        let mut feeds = Vec::new();
        for feed in script.feed {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context(
                "the sample wire finds no free port on 127.0.0.1; disable it in [sample]",
            )?;
            let address = listener
                .local_addr()
                .context("the sample wire's own address")?;
            feeds.push((feed, listener, address));
        }
        Ok(Self {
            feeds,
            edition_seconds: script.edition_seconds,
        })
    }

    /// The addresses that the fetcher must be allowed to reach.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = SocketAddr> {
        self.feeds.iter().map(|(_, _, address)| *address)
    }

    /// The feeds that it serves.
    pub(crate) fn feeds(&self) -> Vec<FeedSpec> {
        let spec = |(feed, _, address): &(Feed, TcpListener, SocketAddr)| FeedSpec {
            id: feed.id.clone(),
            url: format!("http://{address}/{}", feed.id),
            publisher: feed.publisher.clone(),
            language: feed.language,
            country: feed.country.clone(),
            kind: feed.kind,
            admiralty: None,
            interval: Some(INTERVAL),
            credential: None,
            sample: true,
        };
        self.feeds.iter().map(spec).collect()
    }

    /// Serves the feeds; ends when `stop` is cancelled.
    pub(crate) async fn serve(self, stop: CancellationToken) -> anyhow::Result<()> {
        let started = Timestamp::now();
        let mut servers = JoinSet::new();
        for (feed, listener, address) in self.feeds {
            let path = format!("/{}", feed.id);
            let edition_seconds = self.edition_seconds;
            let server = Arc::new(Server {
                feed,
                address,
                edition_seconds,
                started,
            });
            let router = Router::new().route(&path, get(answer)).with_state(server);
            let stop = stop.clone();
            servers.spawn(async move {
                axum::serve(listener, router)
                    .with_graceful_shutdown(stop.cancelled_owned())
                    .await
            });
        }
        while let Some(ended) = servers.join_next().await {
            ended
                .context("the sample wire panicked")?
                .context("the sample wire's server")?;
        }
        Ok(())
    }
}

async fn answer(State(server): State<Arc<Server>>, headers: HeaderMap) -> Response {
    let elapsed = Timestamp::now().duration_since(server.started).as_secs();
    let elapsed = u32::try_from(elapsed).unwrap_or(0);
    let feed = &server.feed;
    if feed.is_out(elapsed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let shown = feed.shown(elapsed, server.edition_seconds, server.started);
    let (media_type, body) = render::document(feed, &server.address.to_string(), &shown);
    let etag = format!("\"{}\"", wire::id::digest(&[&body]));
    if headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|sent| sent.as_bytes() == etag.as_bytes())
    {
        return (StatusCode::NOT_MODIFIED, [(header::ETAG, etag)]).into_response();
    }
    (
        [
            (header::CONTENT_TYPE, media_type.to_owned()),
            (header::ETAG, etag),
        ],
        body,
    )
        .into_response()
}

impl Feed {
    /// Whether the feed is out of order, `elapsed` seconds after the start of the first edition.
    fn is_out(&self, elapsed: u32) -> bool {
        self.outage
            .as_ref()
            .is_some_and(|outage| (outage.from..outage.until).contains(&elapsed))
    }

    /// What the feed shows then, newest first: the running edition above the one before.
    fn shown(&self, elapsed: u32, edition_seconds: u32, started: Timestamp) -> Vec<Shown<'_>> {
        let running = elapsed / edition_seconds;
        let mut shown: Vec<_> = (running.saturating_sub(1)..=running)
            .flat_map(|edition| {
                let begin = edition * edition_seconds;
                let start = started + SignedDuration::from_secs(i64::from(begin));
                self.item
                    .iter()
                    .filter_map(move |item| item.shown(elapsed - begin, start))
            })
            .collect();
        shown.sort_by_key(|item| std::cmp::Reverse(item.published));
        shown
    }
}

impl Item {
    /// The item `elapsed` seconds into the edition that began at `start`, if it is there then.
    fn shown(&self, elapsed: u32, start: Timestamp) -> Option<Shown<'_>> {
        if elapsed < self.at || self.withdrawn.is_some_and(|withdrawn| elapsed >= withdrawn) {
            return None;
        }
        let edit = self.edit.iter().rev().find(|edit| elapsed >= edit.at);
        let (title, text, changed) = match edit {
            Some(edit) => (&edit.title, &edit.text, edit.at),
            None => (&self.title, &self.text, self.at),
        };
        Some(Shown {
            guid: format!("{}-{}", self.guid, start.as_second()),
            title,
            text,
            published: start + SignedDuration::from_secs(i64::from(self.at)),
            updated: start + SignedDuration::from_secs(i64::from(changed)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script() -> Script {
        toml::from_str(include_str!("../../../config/sample.toml")).unwrap()
    }

    fn shown_at(script: &Script, elapsed: u32, guid: &str) -> Option<String> {
        let start = Timestamp::UNIX_EPOCH;
        script.feed.iter().find_map(|feed| {
            let shown = feed.shown(elapsed, script.edition_seconds, start);
            let guid = format!("{guid}-0");
            shown
                .iter()
                .find(|item| item.guid == guid)
                .map(|item| item.title.to_owned())
        })
    }

    #[test]
    fn a_headline_is_edited_as_the_edition_runs() {
        let script = script();
        let before = shown_at(&script, 8, "depot").unwrap();
        let after = shown_at(&script, 9, "depot").unwrap();
        assert_ne!(before, after);
    }

    #[test]
    fn an_item_is_withdrawn_while_older_ones_remain() {
        let script = script();
        assert!(shown_at(&script, 11, "withdrawn").is_some());
        assert!(shown_at(&script, 12, "withdrawn").is_none());
        assert!(shown_at(&script, 12, "earlier").is_some());
    }

    #[test]
    fn a_feed_breaks_and_recovers() {
        let script = script();
        let feed = script
            .feed
            .iter()
            .find(|feed| feed.outage.is_some())
            .unwrap();
        assert_eq!(
            [5, 6, 10, 11].map(|second| feed.is_out(second)),
            [false, true, true, false]
        );
    }

    #[test]
    fn the_next_edition_has_items_of_its_own() {
        let script = script();
        let feed = &script.feed[0];
        let first = feed
            .shown(30, script.edition_seconds, Timestamp::UNIX_EPOCH)
            .len();
        let both = feed.shown(
            script.edition_seconds + 30,
            script.edition_seconds,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(both.len(), 2 * first);
    }
}
