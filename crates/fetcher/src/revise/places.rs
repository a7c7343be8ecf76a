//! Which remembered item each item of a document is.
//!
//! An item keeps the id under which it was first seen. Feeds give items new guids, drop guids, begin to give
//! them, put them on several items or use one again; so an item that goes by an unknown id is looked for
//! among those that no item of the document goes by: by its link, its title and its text.

use std::collections::{HashMap, HashSet};

use wire::ItemId;
use wire::feed::Seen;
use wire::id::IdOrigin;

use super::edit::{NOTHING, halves};
use super::sighting::Sighting;

/// For each of `sightings`, the place in `before` of the item that it is.
pub(super) fn of(sightings: &[Sighting<'_>], before: &[Seen]) -> Vec<Option<usize>> {
    let aliases = before
        .iter()
        .enumerate()
        .filter_map(|(place, seen)| Some((seen.alias.as_ref()?, place)));
    let names = before
        .iter()
        .enumerate()
        .map(|(place, seen)| (&seen.item, place));
    // A first name is told before an alias.
    let by_id: HashMap<&ItemId, usize> = aliases.chain(names).collect();
    let mut taken = HashSet::new();
    let mut places: Vec<Option<usize>> = sightings
        .iter()
        .map(|sighting| {
            let place = *by_id.get(&sighting.item.id)?;
            let by_guid = sighting.item.id_origin == IdOrigin::Guid;
            let another = by_guid && sighting.contradicts(&before[place]);
            (!another && taken.insert(place)).then_some(place)
        })
        .collect();
    if places.contains(&None) && taken.len() < before.len() {
        let known = Known::new(sightings, before, &taken);
        for (sighting, place) in sightings.iter().zip(&mut places) {
            if place.is_none() {
                *place = known.find(sighting, &taken);
                taken.extend(*place);
            }
        }
    }
    places
}

/// The remembered items that no item of the document goes by, by what they may be recognised by.
struct Known<'a> {
    before: &'a [Seen],
    by_trait: HashMap<&'a str, Vec<usize>>,
    /// Links that stand on several items, remembered or in the document.
    shared: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(sightings: &'a [Sighting<'_>], before: &'a [Seen], taken: &HashSet<usize>) -> Self {
        let mut by_trait = HashMap::<&str, Vec<usize>>::new();
        for (place, seen) in before.iter().enumerate().rev() {
            if !taken.contains(&place) {
                for name in traits(seen.link.as_deref(), &seen.digest) {
                    by_trait.entry(name).or_default().push(place);
                }
            }
        }
        let mut shared = HashSet::new();
        let here = sightings.iter().filter_map(|it| it.link.as_deref());
        let there = before
            .iter()
            .filter(|seen| seen.present)
            .filter_map(|it| it.link.as_deref());
        for links in [here.collect::<Vec<_>>(), there.collect()] {
            let mut met = HashSet::new();
            shared.extend(links.into_iter().filter(|link| !met.insert(*link)));
        }
        Self {
            before,
            by_trait,
            shared,
        }
    }

    /// The one that `sighting` is; of several, the one that was listed last.
    fn find(&self, sighting: &Sighting<'_>, taken: &HashSet<usize>) -> Option<usize> {
        let link = sighting.link.as_deref();
        let is_shared = link.is_some_and(|link| self.shared.contains(link));
        traits(link, &sighting.digest)
            .filter_map(|name| self.by_trait.get(name))
            .flatten()
            .copied()
            .filter(|place| !taken.contains(place))
            .find(|place| sighting.is(&self.before[*place], is_shared))
    }
}

/// Link, text and title, most telling first.
fn traits<'a>(link: Option<&'a str>, digest: &'a str) -> impl Iterator<Item = &'a str> {
    let (title, text) = halves(digest);
    let said = [text, title].into_iter().filter(|half| *half != NOTHING);
    link.into_iter().chain(said)
}
