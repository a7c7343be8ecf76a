//! An item of a document as it is compared with what was seen before.

use wire::Item;
use wire::feed::Seen;

use super::edit::{content_digest, half, halves};
use crate::parse;

/// Of two texts, at least this part of their words in common makes them versions of one.
const ALIKE: f32 = 0.5;
/// And less than this part makes them two.
const UNLIKE: f32 = 0.2;

pub(super) struct Sighting<'a> {
    pub(super) item: &'a Item,
    pub(super) title: &'a str,
    /// The content, or the summary where that says more, within the bound.
    pub(super) text: &'a str,
    /// Whether the text was cut, by the feed or by the bound.
    pub(super) truncated: bool,
    pub(super) digest: String,
    /// Digest of the canonical link.
    pub(super) link: Option<String>,
}

impl<'a> Sighting<'a> {
    pub(super) fn new(item: &'a Item, max_text: usize) -> Self {
        let title = item.title.as_deref().unwrap_or_default();
        let (text, truncated) = body(item, max_text);
        Self {
            item,
            title,
            text,
            truncated,
            digest: content_digest(title, text),
            link: item
                .link
                .as_deref()
                .map(|link| half(&parse::canonical(link))),
        }
    }

    /// Whether it is the item that `seen` remembers, though it is named anew. A link that stands on several
    /// items (`shared_link`) says little.
    pub(super) fn is(&self, seen: &Seen, shared_link: bool) -> bool {
        let agree = Agreement::of(self, seen);
        let says_the_same =
            (agree.title && !self.title.is_empty()) || (agree.text && !self.text.is_empty());
        let all = agree.title && agree.text;
        match (&self.link, &seen.link) {
            (Some(here), Some(there)) if here == there => {
                says_the_same || (!shared_link && (agree.date || self.likeness(seen) >= ALIKE))
            }
            (Some(_), Some(_)) => all && agree.date && !self.text.is_empty(),
            _ => {
                (says_the_same && agree.date)
                    || (all && !self.text.is_empty() && !agree.dates_differ)
            }
        }
    }

    /// Whether it is another item than the one that `seen` remembers under the same guid: nothing else of
    /// the two agrees.
    pub(super) fn contradicts(&self, seen: &Seen) -> bool {
        let agree = Agreement::of(self, seen);
        let links_differ = self.link.is_some() && seen.link.is_some() && self.link != seen.link;
        links_differ && !(agree.title || agree.text || agree.date) && self.likeness(seen) < UNLIKE
    }

    /// The part of the words of either that both have; what is remembered of the text counts.
    fn likeness(&self, seen: &Seen) -> f32 {
        let bound = seen.text.as_ref().map_or(0, String::len);
        let here = words(self.title, beginning(self.text, bound));
        let there = words(&seen.title, seen.text.as_deref().unwrap_or_default());
        let common = here.intersection(&there).count();
        let all = here.union(&there).count();
        #[expect(clippy::cast_precision_loss, reason = "texts are bounded")]
        let part = common as f32 / all.max(1) as f32;
        part
    }
}

struct Agreement {
    title: bool,
    text: bool,
    date: bool,
    dates_differ: bool,
}

impl Agreement {
    fn of(sighting: &Sighting<'_>, seen: &Seen) -> Self {
        let (here, there) = (halves(&sighting.digest), halves(&seen.digest));
        let dates = sighting.item.published.zip(seen.published);
        Self {
            title: here.0 == there.0,
            text: here.1 == there.1,
            date: dates.is_some_and(|(here, there)| here == there),
            dates_differ: dates.is_some_and(|(here, there)| here != there),
        }
    }
}

fn words<'t>(title: &'t str, text: &'t str) -> std::collections::HashSet<&'t str> {
    title
        .split_whitespace()
        .chain(text.split_whitespace())
        .collect()
}

/// The item's text, cut to `max_text` bytes, and whether it was cut: its content, unless the summary says more.
fn body(item: &Item, max_text: usize) -> (&str, bool) {
    let summary = item.summary.as_deref().unwrap_or_default();
    let content = item.content.as_deref().unwrap_or_default();
    let text = if summary.len() > content.len() {
        summary
    } else {
        content
    };
    let kept = beginning(text, max_text);
    // A field that fills its bound was cut where it was read.
    let ours = kept.len() < text.len() || kept.len() + 4 > max_text;
    let theirs = ["…", "...", "[…]", "[...]"]
        .iter()
        .any(|end| kept.ends_with(end));
    (kept, ours || theirs)
}

/// At most the first `bytes` bytes, cut between two characters.
pub(super) fn beginning(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}
