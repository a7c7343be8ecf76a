//! What a document says that was not known: new items, edits, withdrawals.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use wire::document::ParseStatus;
use wire::feed::Seen;
use wire::id::digest;
use wire::revision::{Change, DocumentQuality, Source};
use wire::{Document, FeedSpec, Item, ItemId, Revision};

/// Items remembered of a feed, at least and at most; between them three times a document's items.
const SEEN: (usize, usize) = (500, 4_000);

/// What a document shows of its feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All that there is.
    Everything,
    /// What is new, and maybe no more.
    News,
}

/// What comparing a document with what was seen before yields.
pub(crate) struct Comparison {
    /// Oldest first.
    pub(crate) revisions: Vec<Revision>,
    pub(crate) seen: Vec<Seen>,
    pub(crate) new: usize,
    pub(crate) revised: usize,
    pub(crate) withdrawn: usize,
}

/// Compares `document` with what the feed showed before. Of two items with one id the first counts. A
/// document lists its newest items first, so it is read from its end.
pub(crate) fn compare(
    spec: &FeedSpec,
    document: &Document,
    before: &[Seen],
    extent: Extent,
    max_text: usize,
    fetched: Timestamp,
) -> Comparison {
    let scribe = Scribe {
        spec,
        document,
        max_text,
        fetched,
    };
    let known: HashMap<&ItemId, &Seen> = before.iter().map(|seen| (&seen.item, seen)).collect();
    let mut met = HashSet::new();
    let mut items: Vec<&Item> = document
        .items
        .iter()
        .filter(|item| says_something(item) && met.insert(&item.id))
        .collect();
    items.reverse();

    let mut revisions = Vec::new();
    let mut present = Vec::with_capacity(items.len());
    let (mut new, mut revised) = (0, 0);
    for item in &items {
        let (text, _) = body(item, max_text);
        let title = item.title.as_deref().unwrap_or_default();
        let digest = content_digest(title, text);
        let (number, change) = match known.get(&item.id) {
            None => (1, None),
            Some(seen) if seen.digest == digest && !seen.withdrawn => (seen.revision, None),
            Some(seen) => (seen.revision + 1, Some(edit(seen, title, &digest))),
        };
        if known.contains_key(&item.id) {
            revised += usize::from(change.is_some());
        } else {
            new += 1;
        }
        if change.is_some() || !known.contains_key(&item.id) {
            revisions.push(scribe.revision(item, number, change));
        }
        present.push(Seen {
            item: item.id.clone(),
            revision: number,
            digest,
            title: title.to_owned(),
            present: true,
            withdrawn: false,
            published: item.published,
        });
    }

    // A document that is not whole says nothing about what it does not hold.
    let whole = extent == Extent::Everything
        && matches!(document.status, ParseStatus::Ok | ParseStatus::Repaired);
    let withdrawn = if whole {
        withdrawals(before, &items)
    } else {
        HashSet::new()
    };
    let mut absent: Vec<Seen> = before
        .iter()
        .filter(|seen| !met.contains(&seen.item))
        .cloned()
        .collect();
    for seen in &mut absent {
        if withdrawn.contains(&seen.item) {
            seen.revision += 1;
            seen.withdrawn = true;
            revisions.push(scribe.withdrawal(seen));
        }
        seen.present &= !whole;
    }

    // Nor does it tell how many items the feed usually holds.
    let usual = if whole { items.len() * 3 } else { before.len() };
    let room = usual.clamp(SEEN.0, SEEN.1).saturating_sub(present.len());
    let forgotten = absent.len().saturating_sub(room);
    let seen = absent.into_iter().skip(forgotten).chain(present).collect();
    Comparison {
        revisions,
        seen,
        new,
        revised,
        withdrawn: withdrawn.len(),
    }
}

/// `<title digest><text digest>`, 64 bits each in hexadecimal, over text with blanks collapsed: an edit of
/// the title alone can be told from one of the text.
fn content_digest(title: &str, text: &str) -> String {
    let half = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        digest(&[&words.join(" ")])[..16].to_owned()
    };
    half(title) + &half(text)
}

fn edit(seen: &Seen, title: &str, digest: &str) -> Change {
    Change::Edited {
        previous_title: (seen.title != title).then(|| seen.title.clone()),
        text_changed: seen.digest.get(16..) != digest.get(16..),
    }
}

/// Items that the last document held and this one, oldest first in `items`, does not, though an item that
/// was listed and published before them is still there. A ranked front page drops items for other
/// reasons, so a document that is not in order of time withdraws nothing; nor does one that lost a
/// great part of its items at once, which is a feed that was rebuilt.
fn withdrawals(before: &[Seen], items: &[&Item]) -> HashSet<ItemId> {
    let in_order = items.windows(2).all(|pair| {
        pair[0].published.is_none()
            || pair[1].published.is_none()
            || pair[0].published <= pair[1].published
    });
    if !in_order {
        return HashSet::new();
    }
    let here: HashSet<&ItemId> = items.iter().map(|item| &item.id).collect();
    let mut older: Option<&Seen> = None;
    let mut vanished = HashSet::new();
    let mut held = 0;
    for seen in before.iter().filter(|seen| seen.present && !seen.withdrawn) {
        held += 1;
        if here.contains(&seen.item) {
            older = Some(seen);
        } else if let Some(older) = older
            && (older.published.is_none()
                || seen.published.is_none()
                || older.published <= seen.published)
        {
            vanished.insert(seen.item.clone());
        }
    }
    if vanished.len() > (held / 4).max(3) {
        HashSet::new()
    } else {
        vanished
    }
}

/// The item's text, content before summary, cut to `max_text` bytes, and whether it was cut.
fn body(item: &Item, max_text: usize) -> (&str, bool) {
    let text = item
        .content
        .as_deref()
        .or(item.summary.as_deref())
        .unwrap_or_default();
    let kept = &text[..text.floor_char_boundary(max_text)];
    // A field that fills its bound was cut where it was read.
    let ours = kept.len() < text.len() || kept.len() + 4 > max_text;
    let theirs = ["…", "...", "[…]", "[...]"]
        .iter()
        .any(|end| kept.ends_with(end));
    (kept, ours || theirs)
}

fn says_something(item: &Item) -> bool {
    item.title.is_some()
        || item.content.is_some()
        || item.summary.is_some()
        || item.link.is_some()
        || item.guid.is_some()
}

struct Scribe<'a> {
    spec: &'a FeedSpec,
    document: &'a Document,
    max_text: usize,
    fetched: Timestamp,
}

impl Scribe<'_> {
    fn revision(&self, item: &Item, number: u32, change: Option<Change>) -> Revision {
        let (text, truncated) = body(item, self.max_text);
        Revision {
            item: item.id.clone(),
            revision: number,
            id_origin: item.id_origin,
            guid: item.guid.clone(),
            source: self.source(),
            title: item.title.clone().unwrap_or_default(),
            text: text.to_owned(),
            truncated,
            link: item.link.clone(),
            authors: item.authors.clone(),
            categories: item.categories.clone(),
            enclosures: item.enclosures.clone(),
            published: item.published,
            updated: item.updated,
            fetched: self.fetched,
            change,
            document: self.quality(),
        }
    }

    fn withdrawal(&self, seen: &Seen) -> Revision {
        Revision {
            item: seen.item.clone(),
            revision: seen.revision,
            // What the id was made from is not remembered; the id itself is what counts here.
            id_origin: wire::id::IdOrigin::Guid,
            guid: None,
            source: self.source(),
            title: seen.title.clone(),
            text: String::new(),
            truncated: false,
            link: None,
            authors: Vec::new(),
            categories: Vec::new(),
            enclosures: Vec::new(),
            published: seen.published,
            updated: None,
            fetched: self.fetched,
            change: Some(Change::Withdrawn),
            document: self.quality(),
        }
    }

    fn source(&self) -> Source {
        let spec = self.spec;
        Source {
            feed: spec.id.clone(),
            url: spec.url.clone(),
            publisher: spec.publisher.clone(),
            language: spec.language,
            country: spec.country.clone(),
            kind: spec.kind,
            admiralty: spec.admiralty,
            sample: spec.sample,
        }
    }

    fn quality(&self) -> DocumentQuality {
        DocumentQuality {
            status: self.document.status,
            quality: self.document.quality,
            repairs: self.document.repairs.clone(),
            gap_suspected: false,
        }
    }
}
