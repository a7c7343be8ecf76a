//! What of an item changed: digests of its content, words that differ, and items that never rest.

use similar::{Algorithm, DiffTag, capture_diff_slices};
use wire::feed::Seen;
use wire::id::digest;
use wire::revision::{Edit, WordChange, WordDiff};

use super::sighting::{Sighting, beginning};
use crate::volatile;

/// Bytes of a title that are remembered.
const TITLE: usize = 256;
/// Bytes of one item's text that are remembered.
pub(super) const TEXT: usize = 4 * 1024;
/// Places that differ that are shown, and bytes of each of their sides.
const PLACES: usize = 6;
const SIDE: usize = 160;

/// The digest of a title or a text that is not there.
pub(super) const NOTHING: &str = "0000000000000000";

/// An edit adds so much to how restless an item is; a document that does not edit it takes one away.
const UNREST: u32 = 2;
/// An item this restless churns: eight documents in a row edited it, or half of very many.
const CHURNS: u32 = 16;
const MOST_RESTLESS: u32 = 24;
/// Of so many edits of an item that churns, one is reported.
const ONE_IN: u32 = 16;

/// `<title digest><text digest>`, 64 bits each in hexadecimal: an edit of the title alone can be told from
/// one of the text. Blanks count as one, and times that pass not at all.
pub(super) fn content_digest(title: &str, text: &str) -> String {
    half(title) + &half(text)
}

/// The digests of the title and of the text in a content digest.
pub(super) fn halves(digest: &str) -> (&str, &str) {
    digest.split_at_checked(16).unwrap_or((digest, ""))
}

/// The digest of a title or a text; [`NOTHING`] where it says nothing.
pub(super) fn half(text: &str) -> String {
    let lasting = volatile::lasting(text);
    let words: Vec<&str> = lasting.split_whitespace().collect();
    if words.is_empty() {
        return NOTHING.to_owned();
    }
    digest(&[&words.join(" ")])[..16].to_owned()
}

/// What became of an item that was known.
pub(super) enum Fate {
    /// It says what it said.
    Same,
    /// It was edited, or is back after it had been withdrawn, and that is to be reported.
    Edited(Edit),
    /// It was edited, but it churns.
    Skipped,
}

/// What became of the item that `seen` remembers, and how restless it is now.
pub(super) fn fate(seen: &Seen, now: &Sighting<'_>) -> (Fate, u32) {
    let edited = seen.digest != now.digest;
    let restless = if edited {
        (seen.restless + UNREST).min(MOST_RESTLESS)
    } else {
        seen.restless.saturating_sub(1)
    };
    let churning = restless >= CHURNS;
    let edit = || Edit {
        churning: churning || seen.skipped > 0,
        ..edit(seen, now)
    };
    let fate = if seen.withdrawn {
        Fate::Edited(edit())
    } else if edited && churning && seen.skipped + 1 < ONE_IN {
        Fate::Skipped
    } else if edited || (seen.skipped > 0 && !churning) {
        // The latter has come to rest: what it says in the end is reported.
        Fate::Edited(edit())
    } else {
        Fate::Same
    };
    (fate, restless)
}

fn edit(seen: &Seen, now: &Sighting<'_>) -> Edit {
    // What was skipped changed the digest but not what is remembered of the title and the text.
    let title = remembered_title(now.title);
    let (old, new) = (halves(&seen.digest), halves(&now.digest));
    let forgotten = seen.title.is_empty() && old.0 != NOTHING;
    let title_changed = old.0 != new.0 || (seen.skipped > 0 && !forgotten && seen.title != title);
    let words = seen
        .text
        .as_deref()
        .filter(|text| old.1 != new.1 || (seen.skipped > 0 && *text != beginning(now.text, TEXT)))
        .map(|text| differing(text, now.text));
    Edit {
        previous_title: (title_changed && !forgotten).then(|| seen.title.clone()),
        text_changed: old.1 != new.1 || words.is_some(),
        words,
        churning: false,
        skipped: seen.skipped,
    }
}

pub(super) fn remembered_title(title: &str) -> &str {
    beginning(title, TITLE)
}

/// The words that differ between what is remembered of the old text and the new one (Myers, "An O(ND)
/// difference algorithm and its variations", 1986).
fn differing(old: &str, new: &str) -> WordDiff {
    let partial = new.len() > TEXT || old.len() + 4 > TEXT;
    let words = |text| -> Vec<&str> { beginning(text, TEXT).split_whitespace().collect() };
    let (before, after) = (words(old), words(new));
    let mut differences = capture_diff_slices(Algorithm::Myers, &before, &after);
    if partial
        && differences
            .last()
            .is_some_and(|last| last.tag() != DiffTag::Equal)
    {
        // Where both were cut they differ for that reason.
        differences.pop();
    }
    let mut diff = WordDiff {
        partial,
        ..WordDiff::default()
    };
    for difference in differences
        .iter()
        .filter(|difference| difference.tag() != DiffTag::Equal)
    {
        let removed = &before[difference.old_range()];
        let added = &after[difference.new_range()];
        diff.removed += u32::try_from(removed.len()).unwrap_or(u32::MAX);
        diff.added += u32::try_from(added.len()).unwrap_or(u32::MAX);
        if diff.places.len() < PLACES {
            diff.places.push(WordChange {
                removed: beginning(&removed.join(" "), SIDE).to_owned(),
                added: beginning(&added.join(" "), SIDE).to_owned(),
            });
        }
    }
    diff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_passing_times_do_not_change_a_digest() {
        let digest = content_digest("A  title", "Two\n drones. 5 minutes ago");
        assert_eq!(
            digest,
            content_digest("A title", "Two drones. 6 minutes ago")
        );
        assert_ne!(digest, content_digest("A title", "Three drones."));
    }

    #[test]
    fn words_that_differ_are_counted_and_shown_in_place() {
        let diff = differing(
            "Three people were hurt on Monday, police said.",
            "Four people were killed and two hurt on Monday, police said.",
        );
        let place = |removed: &str, added: &str| WordChange {
            removed: removed.to_owned(),
            added: added.to_owned(),
        };
        assert_eq!((diff.added, diff.removed, diff.partial), (4, 1, false));
        assert_eq!(
            diff.places,
            [place("Three", "Four"), place("", "killed and two")]
        );
    }

    #[test]
    fn the_difference_of_long_texts_is_bounded_and_says_that_it_is_partial() {
        let old = "word ".repeat(2_000);
        let new = format!("{}{}", "other ".repeat(400), old);
        let diff = differing(beginning(&old, TEXT), &new);
        assert!(diff.partial && diff.places.len() <= PLACES);
        assert!(diff.places.iter().all(|it| it.added.len() <= SIDE));
        assert_eq!(diff.added, 400);
    }
}
