//! The canary: a feed that the daemon makes itself, with a fresh item each interval whose standing is known. It
//! is polled, compared, committed and tagged as any other, and looked for on the tagged topic as a consumer would:
//! what it needs for that is what news need, and where it stays away, news do.
//!
//! Each item is made from the time alone, so any instance can be the one that polls it, and every instance that
//! tags looks out for all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use fetcher::BuiltIn;
use jiff::{SignedDuration, Timestamp};
use sink::{Entry, From, Log};
use tokio_util::sync::CancellationToken;
use wire::feed::PublisherKind;
use wire::{FeedId, FeedSpec, ItemRecord, Language};

/// The id of the feed; its records are marked as a sample too.
pub(crate) const FEED: &str = "claimwire-canary";
/// Where its items belong: NATO announces, and nothing speaks against it.
const TOPIC: &str = "items.confirmed";
/// Items that a document holds: those of polls that came late, too.
const WINDOW: i64 = 10;
/// An item that is not there after so many intervals is missed.
const LATE: u32 = 3;
/// What it may take in any case.
const SLACK: Duration = Duration::from_secs(30);

/// How often there is a fresh item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Canary {
    interval: Duration,
}

impl Canary {
    pub(crate) fn every(interval: Duration) -> Self {
        Self { interval }
    }

    /// The feed as it is followed.
    pub(crate) fn spec(self) -> FeedSpec {
        FeedSpec {
            id: FeedId(FEED.to_owned()),
            url: format!("http://{FEED}.invalid/"),
            publisher: "claimwire canary".to_owned(),
            language: Language::En,
            country: "BE".to_owned(),
            kind: PublisherKind::Wire,
            admiralty: None,
            interval: SignedDuration::try_from(self.interval).ok(),
            credential: None,
            sample: true,
        }
    }

    /// Its documents.
    pub(crate) fn built_in(self) -> BuiltIn {
        BuiltIn {
            feed: FeedId(FEED.to_owned()),
            document: Arc::new(move |now| self.document(now)),
        }
    }

    /// Follows the items to the tagged topic and counts those that do not come; ends when `stop` is cancelled.
    pub(crate) async fn watch(self, log: Log, stop: CancellationToken) -> anyhow::Result<()> {
        let mut follower = log.follow(&[TOPIC], From::End).await?;
        let mut lookout = Lookout::from(self.latest(Timestamp::now()) + 1);
        let mut tick = tokio::time::interval(self.interval);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                entry = follower.next() => {
                    let entry = entry.context("the canary cannot be followed")?;
                    let Some(number) = number(&entry) else { continue };
                    if lookout.came(number) {
                        let since = Timestamp::now().duration_since(self.made(number));
                        metrics::histogram!("claimwire_canary_seconds").record(since.as_secs_f64());
                    }
                }
                _ = tick.tick() => {
                    let late = LATE * self.interval + SLACK;
                    let due = Timestamp::now() - late;
                    let missed = lookout.missed(self.latest(due));
                    metrics::counter!("claimwire_canary_missed_total").increment(missed);
                    if missed > 0 {
                        tracing::error!(
                            missed,
                            "{missed} items of the canary did not come to {TOPIC} within {}s",
                            late.as_secs()
                        );
                    }
                }
            }
        }
    }

    /// The number of the last item that was made at `now`.
    fn latest(self, now: Timestamp) -> i64 {
        (now.as_millisecond()).div_euclid(self.millis())
    }

    /// When the item of this number was made.
    fn made(self, number: i64) -> Timestamp {
        Timestamp::from_millisecond(number.saturating_mul(self.millis())).unwrap_or(Timestamp::MAX)
    }

    fn millis(self) -> i64 {
        i64::try_from(self.interval.as_millis().max(1)).unwrap_or(i64::MAX)
    }

    /// The document with the newest items, and its entity tag.
    fn document(self, now: Timestamp) -> (Vec<u8>, String) {
        let latest = self.latest(now);
        let items = (latest - WINDOW + 1..=latest).rev().map(|number| {
            let made = self.made(number).strftime("%a, %d %b %Y %H:%M:%S +0000");
            format!(
                "<item><guid isPermaLink=\"false\">{number}</guid>\
                 <link>http://{FEED}.invalid/{number}</link><pubDate>{made}</pubDate>\
                 <title>NATO announces exercise {number}</title>\
                 <description>NATO announced exercise {number} on its canary feed.</description></item>"
            )
        });
        let items: String = items.collect();
        let document = format!(
            "<rss version=\"2.0\"><channel><title>claimwire canary</title>\
             <link>http://{FEED}.invalid/</link><description>A fresh item each interval</description>\
             {items}</channel></rss>"
        );
        (document.into_bytes(), format!("\"{latest}\""))
    }
}

/// The number of a canary's item; none for what others say.
fn number(entry: &Entry) -> Option<i64> {
    let value = entry.value.as_deref()?;
    let record: ItemRecord = serde_json::from_slice(value).ok()?;
    let ours = record.source.sample && record.source.feed.0 == FEED && !record.replay;
    ours.then(|| record.title.rsplit(' ').next()?.parse().ok())?
}

/// Which items have come, and which are still to.
struct Lookout {
    /// The first that may still be missed.
    first: i64,
    /// Those after it that have come.
    came: BTreeSet<i64>,
}

impl Lookout {
    /// Looks out for the items from `first` on.
    fn from(first: i64) -> Self {
        Self {
            first,
            came: BTreeSet::new(),
        }
    }

    /// Notes an item; false for one that was made before the lookout began, came before, or is taken for missed.
    fn came(&mut self, number: i64) -> bool {
        number >= self.first && self.came.insert(number)
    }

    /// How many have not come of those that should have, up to the item `due`; each is counted once.
    fn missed(&mut self, due: i64) -> u64 {
        if due < self.first {
            return 0;
        }
        let later = self.came.split_off(&(due + 1));
        let came = std::mem::replace(&mut self.came, later).len() as u64;
        let expected = due.abs_diff(self.first) + 1;
        self.first = due + 1;
        expected - came
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_stays_away_is_missed_once() {
        let mut lookout = Lookout::from(10);
        assert!(!lookout.came(9), "made before");
        assert!(lookout.came(10) && !lookout.came(10));
        assert!(lookout.came(12));
        assert_eq!(lookout.missed(9), 0);
        assert_eq!(lookout.missed(12), 1);
        assert_eq!(lookout.missed(12), 0);
        assert!(!lookout.came(11), "it was taken for missed");
        assert_eq!(lookout.missed(14), 2);
    }

    #[test]
    fn any_instance_makes_the_same_document() {
        let canary = Canary::every(Duration::from_secs(60));
        let now: Timestamp = "2026-11-28T05:00:59Z".parse().expect("a time");
        let (document, tag) = canary.document(now);
        let later = now - SignedDuration::from_secs(58);
        assert_eq!((document, tag), canary.document(later));
        assert_eq!(
            canary.made(canary.latest(now)).to_string(),
            "2026-11-28T05:00:00Z"
        );
    }
}
