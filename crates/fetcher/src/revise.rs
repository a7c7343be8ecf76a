//! What a document says that was not known: new items, edits, withdrawals.

mod edit;
mod places;
mod sighting;
mod withdrawal;

use std::collections::HashSet;

use jiff::Timestamp;
use wire::document::ParseStatus;
use wire::feed::Seen;
use wire::id::IdOrigin;
use wire::revision::{Change, DocumentQuality, Source};
use wire::{Document, FeedSpec, Item, ItemId, Revision};

use crate::parse;
use crate::settings::Settings;
use edit::Fate;
use sighting::Sighting;

/// Items remembered of a feed at least; at most half as many again as are read of one document, which with the
/// default of 2,000 takes less than the megabyte that a record of Kafka may: 230 bytes each beside the words.
const LEAST: usize = 500;
/// The share of what was remembered that a shorter document may make a feed forget: some publishers serve a long
/// list and a short one in turns.
const FADING: usize = 64;
/// Bytes of titles and of texts remembered of all items of a feed: those of the newest.
const TITLES: usize = 128 * 1024;
const TEXTS: usize = 64 * 1024;

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
    /// Edits that were not reported, because the item churns.
    pub(crate) skipped: usize,
    pub(crate) unchanged: usize,
    /// Items of the document that say nothing or are repeated.
    pub(crate) filtered: usize,
    pub(crate) withdrawn: usize,
    /// Whether the last document held items, this one holds some, and none is in both.
    pub(crate) gap_suspected: bool,
}

/// Compares `document` with what the feed showed before. Of two items with one id the first counts.
pub(crate) fn compare(
    spec: &FeedSpec,
    document: &Document,
    before: &[Seen],
    extent: Extent,
    settings: &Settings,
    fetched: Timestamp,
) -> Comparison {
    let scribe = Scribe {
        spec,
        document,
        fetched,
    };
    let sightings = sightings(document, settings.max_text, fetched);
    let places = places::of(&sightings, before);
    let gap_suspected = extent == Extent::Everything
        && !sightings.is_empty()
        && before.iter().any(|seen| seen.present)
        && !places.iter().flatten().any(|place| before[*place].present);

    let mut revisions = Vec::new();
    let mut present = Vec::with_capacity(sightings.len());
    let (mut new, mut revised, mut skipped, mut unchanged) = (0, 0, 0, 0);
    let mut names: HashSet<ItemId> = before.iter().map(|seen| seen.item.clone()).collect();
    for (sighting, place) in sightings.iter().zip(&places) {
        let Some(known) = place.map(|place| &before[place]) else {
            let seen = first_seen(sighting, spec, &mut names);
            revisions.push(scribe.revision(&seen, sighting, None));
            present.push(seen);
            new += 1;
            continue;
        };
        let (fate, restless) = edit::fate(known, sighting);
        let mut seen = seen_again(known, sighting, restless);
        match fate {
            Fate::Same => unchanged += 1,
            Fate::Skipped => {
                seen.skipped += 1;
                skipped += 1;
            }
            Fate::Edited(edit) => {
                seen.revision += 1;
                seen.skipped = 0;
                seen.withdrawn = false;
                remember_words(&mut seen, sighting);
                let change = if known.withdrawn {
                    Change::Returned(edit)
                } else {
                    Change::Edited(edit)
                };
                revisions.push(scribe.revision(&seen, sighting, Some(change)));
                revised += 1;
            }
        }
        present.push(seen);
    }

    // A date that cannot be says nothing about which item is older.
    for seen in &mut present {
        seen.published = seen
            .published
            .filter(|at| parse::is_plausible(*at, fetched));
    }

    // A document that is not whole says nothing about what it does not hold.
    let whole = extent == Extent::Everything
        && matches!(document.status, ParseStatus::Ok | ParseStatus::Repaired);
    let gone = if whole {
        withdrawal::withdrawn(before, &places)
    } else {
        Vec::new()
    };
    let here: HashSet<usize> = places.iter().flatten().copied().collect();
    let mut absent = Vec::new();
    for (place, seen) in before.iter().enumerate() {
        if here.contains(&place) {
            continue;
        }
        let mut seen = Seen {
            text: seen.text.clone().filter(|_| !whole),
            present: seen.present && !whole,
            ..seen.clone()
        };
        if let Some((_, confidence)) = gone.iter().find(|(at, _)| *at == place) {
            seen.revision += 1;
            seen.withdrawn = true;
            revisions.push(scribe.withdrawal(&seen, *confidence));
        }
        absent.push(seen);
    }

    // Nor does it tell how many items the feed usually holds.
    let usual = if whole {
        (sightings.len() * 3).max(before.len() - before.len() / FADING)
    } else {
        before.len()
    };
    let most = settings.max_items + settings.max_items / 2;
    let room = usual.max(LEAST).min(most).saturating_sub(present.len());
    let forgotten = absent.len().saturating_sub(room);
    let mut seen: Vec<Seen> = absent.into_iter().skip(forgotten).chain(present).collect();
    forget_words(&mut seen);
    Comparison {
        revisions,
        seen,
        new,
        revised,
        skipped,
        unchanged,
        filtered: document.items.len() - sightings.len(),
        withdrawn: gone.len(),
        gap_suspected,
    }
}

/// What the document shows, oldest first: it lists its newest items first, unless its dates clearly say otherwise.
fn sightings(document: &Document, max_text: usize, fetched: Timestamp) -> Vec<Sighting<'_>> {
    let mut met = HashSet::new();
    let mut sightings: Vec<Sighting<'_>> = document
        .items
        .iter()
        .filter(|item| says_something(item) && met.insert(&item.id))
        .map(|item| Sighting::new(item, max_text))
        .collect();
    let dates: Vec<Timestamp> = sightings
        .iter()
        .filter_map(|sighting| sighting.item.published)
        .filter(|at| parse::is_plausible(*at, fetched))
        .collect();
    let rising = dates.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let falling = dates.windows(2).filter(|pair| pair[0] > pair[1]).count();
    if rising <= 2 * falling {
        sightings.reverse();
    }
    sightings
}

/// The memory of an item that was not known. Its guid may stand on another item already, which is then
/// named by its link, or by its content.
fn first_seen(sighting: &Sighting<'_>, spec: &FeedSpec, names: &mut HashSet<ItemId>) -> Seen {
    let item = sighting.item;
    let by_link = item.link.as_deref().map(parse::canonical);
    let by_link =
        by_link.map(|link| (IdOrigin::Link, ItemId::new(&spec.id, IdOrigin::Link, &link)));
    let by_content = ItemId::new(&spec.id, IdOrigin::Content, &sighting.digest);
    let (id_origin, id) = [Some((item.id_origin, item.id.clone())), by_link]
        .into_iter()
        .flatten()
        .find(|(_, id)| !names.contains(id))
        .unwrap_or((IdOrigin::Content, by_content));
    names.insert(id.clone());
    let mut seen = Seen {
        item: id,
        id_origin,
        alias: None,
        link: sighting.link.clone(),
        revision: 1,
        digest: sighting.digest.clone(),
        title: String::new(),
        text: None,
        present: true,
        withdrawn: false,
        published: item.published,
        restless: 0,
        skipped: 0,
    };
    remember_words(&mut seen, sighting);
    seen
}

/// The memory of a known item after a document that holds it, before it is decided what to report of it.
fn seen_again(known: &Seen, sighting: &Sighting<'_>, restless: u32) -> Seen {
    let item = sighting.item;
    let mut seen = Seen {
        alias: (item.id != known.item).then(|| item.id.clone()),
        link: sighting.link.clone().or_else(|| known.link.clone()),
        digest: sighting.digest.clone(),
        present: true,
        published: item.published,
        restless,
        ..known.clone()
    };
    if known.text.is_none() && known.skipped == 0 && known.digest == seen.digest {
        // It was off the list, or the budget, for a while.
        remember_words(&mut seen, sighting);
    }
    seen
}

fn remember_words(seen: &mut Seen, sighting: &Sighting<'_>) {
    edit::remembered_title(sighting.title).clone_into(&mut seen.title);
    let text = sighting::beginning(sighting.text, edit::TEXT);
    seen.text = (!text.is_empty()).then(|| text.to_owned());
}

/// Keeps the titles and texts of the newest of `seen`, oldest first, within the feed's bounds.
fn forget_words(seen: &mut [Seen]) {
    let (mut titles, mut left) = (TITLES, TEXTS);
    for seen in seen.iter_mut().rev() {
        match titles.checked_sub(seen.title.len()) {
            Some(rest) => titles = rest,
            None => seen.title.clear(),
        }
        let bytes = seen.text.as_ref().map_or(0, String::len);
        match left.checked_sub(bytes) {
            Some(rest) => left = rest,
            None => seen.text = None,
        }
    }
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
    fetched: Timestamp,
}

impl Scribe<'_> {
    fn revision(&self, seen: &Seen, sighting: &Sighting<'_>, change: Option<Change>) -> Revision {
        let item = sighting.item;
        Revision {
            item: seen.item.clone(),
            revision: seen.revision,
            id_origin: seen.id_origin,
            guid: item.guid.clone(),
            source: self.source(),
            title: sighting.title.to_owned(),
            text: sighting.text.to_owned(),
            truncated: sighting.truncated,
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

    fn withdrawal(&self, seen: &Seen, confidence: f32) -> Revision {
        Revision {
            item: seen.item.clone(),
            revision: seen.revision,
            id_origin: seen.id_origin,
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
            change: Some(Change::Withdrawn { confidence }),
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
