//! Pushes instead of polls, where a feed names a hub (WebSub, W3C Recommendation of 23 January 2018).
//!
//! Each subscription has a secret of its own and a callback address that is made from it, so a request
//! that the hub did not send finds no address, and one whose body the hub did not send has no signature.
//! Whoever serves the callback hands what arrives to [`Fetcher::verify`] and [`Fetcher::push`]; the task that
//! follows the feed does the rest, so a push is settled and committed as a poll is.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use jiff::Timestamp;
use reqwest::header::{self, HeaderMap};
use tokio::sync::oneshot;
use url::{Url, form_urlencoded};
use wire::FeedId;
use wire::websub::Subscription;

use crate::fetch::Fetcher;
use crate::hosts::{self, Turn};
use crate::poll::PollError;
use crate::status::redacted;

pub(crate) mod lease;
pub(crate) mod lines;
pub(crate) mod offer;
mod signature;

use lines::{End, Entry, Note, Push};

/// How long a hub waits for a push to be committed before it is told to send it again.
const COMMITTED_WITHIN: Duration = Duration::from_secs(10);
/// How long a hub may take to ask whether a subscription is to end.
const VERIFIED_WITHIN: Duration = Duration::from_secs(10);
/// The longest challenge that is repeated, and the longest reason that is logged.
const LONGEST_WORD: usize = 1024;

/// How pushes are asked for.
#[derive(Clone, Debug)]
pub struct WebSub {
    /// Where hubs reach this instance: `http` or `https`, without query. A feed's own callback is two path
    /// segments below: its id, and a word that only the hub knows.
    pub callback: Url,
    /// For how long a hub is asked to push; it is asked anew when four fifths of what it grants are over.
    pub lease: Duration,
    /// The shortest time between two polls of a feed whose hub delivers.
    pub poll: Duration,
}

impl WebSub {
    pub(crate) fn can_be_called(&self) -> bool {
        let url = &self.callback;
        let bare = url.username().is_empty() && url.password().is_none();
        let plain = url.query().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && bare && plain
    }
}

/// What a hub is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 200: yes, this was asked for. The body is the challenge, and nothing that a browser would run.
    Challenge(String),
    /// 202: taken, or dropped as forged; a forger learns nothing.
    Accepted,
    /// 400: nothing that can be read.
    Malformed,
    /// 404: this was never asked for.
    NotAsked,
    /// 410: the feed has no such subscription any more.
    Gone,
    /// 503: not now, or not at this instance, so it is to be sent again.
    Later,
}

impl Fetcher {
    /// What a hub is answered that asks by GET, at `…/<feed>/<word>?<query>`, whether a subscription is meant
    /// or is to end, or says that it is denied (§5.2, §5.3).
    #[must_use]
    pub fn verify(&self, feed: &str, word: &str, query: &str) -> Reply {
        let ask = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(key, _)| key == name);
            found.map(|(_, value)| value.into_owned())
        };
        let Some(entry) = self.shared.lines.find(feed, word) else {
            return match self.shared.board.shows(feed) {
                true => Reply::NotAsked,
                false => Reply::Later,
            };
        };
        if ask("hub.topic").as_deref() != Some(&entry.topic) {
            return Reply::NotAsked;
        }
        let challenge = ask("hub.challenge").filter(|it| (1..=LONGEST_WORD).contains(&it.len()));
        let mode = ask("hub.mode").unwrap_or_default();
        match (mode.as_str(), challenge, &entry.end) {
            ("subscribe", Some(challenge), End::Feed(notes)) => {
                let seconds = ask("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
                let lease = seconds.map(Duration::from_secs);
                match notes.try_send(Note::Granted { lease }) {
                    Ok(()) => Reply::Challenge(challenge),
                    Err(_) => Reply::Later,
                }
            }
            ("unsubscribe", Some(challenge), End::Leaving(ended)) => {
                // Whoever waits for it may have given up; the answer is the same.
                let _ = ended.try_send(());
                Reply::Challenge(challenge)
            }
            ("denied", _, End::Feed(notes)) => {
                let reason = ask("hub.reason").unwrap_or_default();
                let shown = reason.chars().filter(|it| !it.is_control());
                let reason = shown.take(LONGEST_WORD).collect();
                match notes.try_send(Note::Denied { reason }) {
                    Ok(()) => Reply::Accepted,
                    Err(_) => Reply::Later,
                }
            }
            ("denied", ..) => Reply::Accepted,
            _ => Reply::NotAsked,
        }
    }

    /// What a hub is answered that sends a document by POST (§7). It is accepted once what it brought is
    /// committed; one with no signature or a wrong one is accepted too, dropped, and counted.
    pub async fn push<B>(&self, feed: &str, word: &str, headers: &HeaderMap, body: B) -> Reply
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        let Some(entry) = self.shared.lines.find(feed, word) else {
            return match self.shared.board.shows(feed) {
                true => Reply::Gone,
                false => Reply::Later,
            };
        };
        let End::Feed(notes) = &entry.end else {
            return Reply::Gone;
        };
        let (committed, done) = oneshot::channel();
        match self.read_push(&entry, headers, body, committed).await {
            Ok(Some(push)) => {
                if notes.try_send(Note::Pushed(push)).is_err() {
                    return Reply::Later;
                }
            }
            Ok(None) => {
                metrics::counter!("claimwire_pushes_total", "outcome" => "forged").increment(1);
                tracing::debug!(
                    feed.id = feed,
                    "a push for feed {feed} has no right signature"
                );
                return Reply::Accepted;
            }
            Err(error) => {
                metrics::counter!("claimwire_pushes_total", "outcome" => "unread").increment(1);
                tracing::debug!(feed.id = feed, %error, "a push for feed {feed} was not read: {error}");
                return Reply::Malformed;
            }
        }
        match tokio::time::timeout(COMMITTED_WITHIN, done).await {
            Ok(Ok(())) => Reply::Accepted,
            _ => Reply::Later,
        }
    }

    /// The push, read under the caps that hold for an answer; nothing where its signature is wrong.
    async fn read_push<B>(
        &self,
        entry: &Entry,
        headers: &HeaderMap,
        body: B,
        committed: oneshot::Sender<()>,
    ) -> Result<Option<Push>, PollError>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Display,
    {
        let bodies = &self.shared.http.bodies;
        let broken = |error: B::Error| PollError::Connect(error.to_string());
        let received = bodies.receive(headers, body, broken);
        let received = tokio::time::timeout(self.shared.settings.total_timeout, received);
        let received = received.await.map_err(|_| PollError::Timeout)??;
        if !signature::is_right(headers, &entry.secret, &received.bytes) {
            return Ok(None);
        }
        let (bytes, memory) = bodies.decode(received).await?;
        let content_type = headers.get(header::CONTENT_TYPE);
        Ok(Some(Push {
            bytes,
            content_type: content_type
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
            memory,
            committed,
        }))
    }

    /// Asks the hub to end a subscription that has not lapsed, and waits until it has asked back, though not for
    /// long: a hub that does not is told with 410 when it next pushes, and a lease ends by itself.
    pub async fn unsubscribe(&self, feed: &FeedId, subscription: &Subscription) {
        let here = self.shared.settings.websub.as_ref();
        let is_here = here.is_some_and(|own| own.callback.as_str() == subscription.callback);
        if !is_here || !lease::holds(subscription, Timestamp::now()) {
            return;
        }
        let mut leaving = self.shared.lines.leave(feed, subscription);
        let hub = redacted(&subscription.hub);
        let ended = async {
            let turn = self.hub_turn(subscription).await;
            self.ask_hub(turn, feed, subscription, "unsubscribe")
                .await?;
            tokio::time::timeout(VERIFIED_WITHIN, leaving.confirmed())
                .await
                .map_err(|_| PollError::Timeout)
        };
        match ended.await {
            Ok(()) => tracing::info!(
                feed.id = %feed, hub.url = hub, "feed {feed} is no longer subscribed to at {hub}"
            ),
            Err(error) => tracing::info!(
                feed.id = %feed, hub.url = hub, %error,
                "the hub {hub} did not end the subscription to feed {feed}, which will lapse: {error}"
            ),
        }
    }

    /// The right to ask the subscription's hub.
    pub(crate) async fn hub_turn(&self, subscription: &Subscription) -> Turn {
        let host = Url::parse(&subscription.hub).map(|url| hosts::authority(&url));
        self.turns.turn(host.unwrap_or_default()).await
    }

    /// Sends the hub a request (§5.1). The secret goes along also where the hub is not asked by `https`: who
    /// can read it there could read an unsigned push as well, and everybody else still cannot forge one.
    pub(crate) async fn ask_hub(
        &self,
        turn: Turn,
        feed: &FeedId,
        subscription: &Subscription,
        mode: &str,
    ) -> Result<(), PollError> {
        let url = Url::parse(&subscription.hub);
        let url = url.map_err(|error| PollError::Address(error.to_string()))?;
        let form = self.form(feed, subscription, mode);
        self.shared.http.send(url, form, &self.turns, turn).await
    }

    fn form(&self, feed: &FeedId, subscription: &Subscription, mode: &str) -> String {
        let callback = lease::callback(feed, subscription);
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("hub.mode", mode)
            .append_pair("hub.topic", &subscription.topic)
            .append_pair("hub.callback", &callback);
        if let (Some(own), "subscribe") = (&self.shared.settings.websub, mode) {
            form.append_pair("hub.secret", &subscription.secret.0)
                .append_pair("hub.lease_seconds", &own.lease.as_secs().to_string());
        }
        form.finish()
    }
}
