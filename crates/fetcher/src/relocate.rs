//! A feed that has moved for good (301, 308; RFC 9110 §15.4): when its new address is taken over.

use url::Url;
use wire::schedule::Moved;
use wire::{FeedSpec, FeedState};

use crate::site::site;

/// Polls in a row that must be sent to the same place before it is believed: servers under repair send
/// everybody to a page that says so, and some of them for good.
const SIGHTINGS: u32 = 3;
/// Failures in a row after which an adopted address is given up for the operator's own.
const FAILURES: u32 = 3;

/// What the redirects of a successful poll come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relocation {
    /// Nothing yet.
    None,
    /// From now on it is polled at its new address.
    Adopted,
    /// It belongs to somebody else there, or is no longer encrypted: that is for the operator to decide. Said
    /// once.
    ForOperator,
}

/// Where a feed is polled.
pub(crate) fn address<'a>(spec: &'a FeedSpec, state: &'a FeedState) -> &'a str {
    state.adopted.as_deref().unwrap_or(&spec.url)
}

/// Where the feed has moved to, if only the operator can decide to follow it there.
pub(crate) fn for_operator(state: &FeedState) -> Option<&str> {
    let moved = state.moved.as_ref()?;
    (moved.sightings >= SIGHTINGS).then_some(moved.to.as_str())
}

/// Takes note of where a successful poll was sent for good, and moves the feed there once that has been
/// seen often enough, within its site. Validators stay: the address that is adopted gave them.
pub(crate) fn sighted(spec: &FeedSpec, state: &mut FeedState, moved: Option<Url>) -> Relocation {
    let Some(mut to) = moved else {
        state.moved = None;
        return Relocation::None;
    };
    to.set_fragment(None);
    let to = String::from(to);
    let before = match state.moved.take() {
        Some(moved) if moved.to == to => moved.sightings,
        _ => 0,
    };
    let sightings = (before + 1).min(SIGHTINGS);
    let believed = sightings == SIGHTINGS && before < SIGHTINGS;
    if believed && is_same_publisher(address(spec, state), &to) {
        state.adopted = Some(to).filter(|to| *to != spec.url);
        return Relocation::Adopted;
    }
    state.moved = Some(Moved { to, sightings });
    if believed {
        Relocation::ForOperator
    } else {
        Relocation::None
    }
}

/// Goes back to the operator's address when the adopted one fails again and again, or at once when it is
/// `gone`. Says whether it did.
pub(crate) fn failed(state: &mut FeedState, gone: bool) -> bool {
    let back = state.adopted.is_some() && (gone || state.failures >= FAILURES);
    if back {
        (state.adopted, state.moved) = (None, None);
        (state.etag, state.last_modified, state.body) = (None, None, None);
    }
    back
}

/// Whether the site stays, and its encryption.
fn is_same_publisher(from: &str, to: &str) -> bool {
    let encrypted = |address: &str| address.starts_with("https:");
    site(from) == site(to) && (encrypted(to) || !encrypted(from))
}
