//! What became of the histories: counts, and claims to read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use serde_json::Value;
use wire::record::Origin;
use wire::revision::Change;
use wire::{ClaimRecord, DeadLetter, ItemRecord, Revision};

use super::support::topics::Record;

/// The same claims every time, as long as the rules are the same.
const SEED: u64 = 20;
const AT_RANDOM: usize = 20;
const OF_EACH_STATUS: usize = 8;

#[derive(Default)]
pub(crate) struct Tally {
    feeds: BTreeMap<String, Counts>,
    details: BTreeMap<String, usize>,
    claims: BTreeMap<String, Vec<String>>,
    revisions: BTreeMap<String, Vec<Value>>,
}

#[derive(Default)]
struct Counts {
    items: usize,
    edits: usize,
    withdrawn: usize,
    dead: usize,
    relevant: BTreeSet<String>,
    claims: BTreeMap<String, usize>,
}

const STATUSES: [&str; 5] = [
    "confirmed",
    "unconfirmed",
    "denied",
    "disputed",
    "not_a_claim",
];

impl Tally {
    pub(crate) fn add(&mut self, record: &Record) {
        match record.topic.as_str() {
            "raw" => {
                let revision: Revision = record.decode();
                self.revision(&revision);
                let feed = self.revisions.entry(revision.source.feed.0);
                feed.or_default().push(record.value.clone());
            }
            "dead" => self.dead(&record.decode()),
            "items.confirmed" | "items.unconfirmed" => {
                let item: ItemRecord = record.decode();
                self.feed(&item.source.feed.0).relevant.insert(item.item.0);
            }
            _ => self.claim(&record.decode()),
        }
    }

    fn feed(&mut self, feed: &str) -> &mut Counts {
        self.feeds.entry(feed.to_owned()).or_default()
    }

    fn revision(&mut self, revision: &Revision) {
        let counts = self.feed(&revision.source.feed.0);
        match revision.change {
            None => counts.items += 1,
            Some(Change::Edited(_) | Change::Returned(_)) => counts.edits += 1,
            Some(Change::Withdrawn { .. }) => counts.withdrawn += 1,
        }
    }

    fn dead(&mut self, letter: &DeadLetter) {
        let feed = match &letter.origin {
            Origin::Feed { feed, .. } => feed.0.clone(),
            Origin::Record { topic, .. } | Origin::Output { topic, .. } => topic.clone(),
        };
        self.feed(&feed).dead += 1;
    }

    fn claim(&mut self, record: &ClaimRecord) {
        let (status, detail) = (name(record.claim.status), name(record.claim.status_detail));
        *self
            .feed(&record.source.feed.0)
            .claims
            .entry(status.clone())
            .or_default() += 1;
        *self
            .details
            .entry(format!("{status}/{detail}"))
            .or_default() += 1;
        let decided = record.claim.evidence.first();
        let decided = decided
            .map(|it| format!("{} {}", it.rule, it.cue))
            .unwrap_or_default();
        let publisher = &record.source.publisher;
        let text = record.text.replace('\n', " ");
        let line = format!(
            "{status}/{detail} [{publisher}, {}] {text} ({decided})",
            record.language
        );
        self.claims.entry(status).or_default().push(line);
    }

    /// What was published of a feed, in order, and how many of its documents went to `dead`.
    pub(crate) fn published(&self, feed: &str) -> (&[Value], usize) {
        let revisions = self.revisions.get(feed).map_or(&[][..], Vec::as_slice);
        let dead = self.feeds.get(feed).map_or(0, |counts| counts.dead);
        (revisions, dead)
    }

    /// A line a feed and their sum, then claims by status and detail.
    pub(crate) fn table(&self, polls: &BTreeMap<String, usize>) -> String {
        let mut table = format!(
            "{:<48} {:>6} {:>7} {:>6} {:>9} {:>5} {:>8}",
            "feed", "polls", "items", "edits", "withdrawn", "dead", "relevant"
        );
        for status in STATUSES {
            write!(table, " {status:>11}").expect("a string takes everything");
        }
        table.push('\n');
        let mut total = Counts::default();
        let nothing = Counts::default();
        for (feed, &polls) in polls {
            let counts = self.feeds.get(feed).unwrap_or(&nothing);
            table.push_str(&counts.line(feed, polls));
            total.take(counts);
        }
        table.push_str(&total.line("total", polls.values().sum()));
        for (detail, count) in &self.details {
            writeln!(table, "{detail:<48} {count:>6}").expect("a string takes everything");
        }
        table
    }

    /// Claims taken at random from all, then some of each status.
    pub(crate) fn excerpt(&self) -> String {
        let mut random = StdRng::seed_from_u64(SEED);
        let all: Vec<_> = self.claims.values().flatten().collect();
        let mut text = format!("{AT_RANDOM} of {} claims, at random\n\n", all.len());
        for line in all.sample(&mut random, AT_RANDOM) {
            writeln!(text, "{line}").expect("a string takes everything");
        }
        for (status, lines) in &self.claims {
            writeln!(text, "\n{status}: {}\n", lines.len()).expect("a string takes everything");
            for line in lines.sample(&mut random, OF_EACH_STATUS) {
                writeln!(text, "{line}").expect("a string takes everything");
            }
        }
        text
    }
}

impl Counts {
    fn take(&mut self, other: &Self) {
        self.items += other.items;
        self.edits += other.edits;
        self.withdrawn += other.withdrawn;
        self.dead += other.dead;
        self.relevant.extend(other.relevant.iter().cloned());
        for (status, count) in &other.claims {
            *self.claims.entry(status.clone()).or_default() += count;
        }
    }

    fn line(&self, feed: &str, polls: usize) -> String {
        let Self {
            items,
            edits,
            withdrawn,
            dead,
            ..
        } = self;
        let relevant = self.relevant.len();
        let mut line = format!(
            "{feed:<48} {polls:>6} {items:>7} {edits:>6} {withdrawn:>9} {dead:>5} {relevant:>8}"
        );
        for status in STATUSES {
            let count = self.claims.get(status).copied().unwrap_or_default();
            write!(line, " {count:>11}").expect("a string takes everything");
        }
        line + "\n"
    }
}

/// What a value of an enumeration is called in a record.
fn name(value: impl serde::Serialize) -> String {
    let value = serde_json::to_value(value).expect("a name is JSON");
    value.as_str().unwrap_or_default().to_owned()
}
