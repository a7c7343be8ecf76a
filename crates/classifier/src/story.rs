//! Which items carry one text: agency copy with edits, cuts and other headlines.
//!
//! Syndication is containment, not resemblance: one feed has the first sentence of what another has
//! whole. So the leads are compared, where every copy has the text, by the share of the shorter one's
//! word shingles that the longer one has (Broder, *On the resemblance and containment of documents*,
//! 1997). Titles are another matter: the headlines of one event share little, and of one series much.
//!
//! Equal words are not enough. A bulletin is the same text every day but for its numbers, so those must
//! agree; and a line that says little, such as an air raid alert, is one story only for some hours.

mod index;
mod sketch;
mod stories;

pub use sketch::sketch;
pub use stories::{Bounds, Stories, Telling};

use jiff::SignedDuration;
use wire::story::Sketch;

/// Of the shorter lead's shingles, how many the longer one must have.
const SAME: f32 = 0.5;
/// The same where the entities agree: names outlast what an editor rewrites.
const SAME_WITH_ENTITIES: f32 = 0.4;
/// Entities that must be in common for that.
const ENTITIES: usize = 2;
/// A lead of fewer shingles is short: it must be had whole, and at nearly the same time. *Five things to know
/// this Monday* is the same but for a word every day.
const SHORT: usize = 16;
const SAME_SHORT: f32 = 1.0;
const SHORT_FOR: SignedDuration = SignedDuration::from_hours(20);
/// A lead of fewer shingles tells no story apart.
const LEAST: usize = 4;
/// Of the numbers in the text that has fewer, how many the other must have.
const NUMBERS: f32 = 0.5;

/// How much of the shorter text the longer one has, from 0 to 1, if the two are one story; `apart` is the
/// time between their publications.
fn same(one: &Sketch, other: &Sketch, apart: SignedDuration) -> Option<f32> {
    let least = one.shingles.len().min(other.shingles.len());
    if least < LEAST || contained(&one.numbers, &other.numbers) < NUMBERS {
        return None;
    }
    let held = contained(&one.shingles, &other.shingles);
    let named = common(&one.entities, &other.entities) >= ENTITIES
        && contained(&one.entities, &other.entities) > 0.99;
    let needed = match (least < SHORT, named) {
        (true, _) if apart.abs() > SHORT_FOR => return None,
        (true, _) => SAME_SHORT,
        (false, true) => SAME_WITH_ENTITIES,
        (false, false) => SAME,
    };
    (held >= needed).then_some(held)
}

/// The share of the smaller set that the larger one has; all of it where it is empty.
fn contained(one: &[u32], other: &[u32]) -> f32 {
    let least = one.len().min(other.len());
    if least == 0 {
        return 1.0;
    }
    common(one, other) as f32 / least as f32
}

/// How many hashes two ascending lists share.
fn common(one: &[u32], other: &[u32]) -> usize {
    let (mut left, mut right, mut shared) = (0, 0, 0);
    // Without a branch on which is less, for which no processor can guess.
    while let (Some(a), Some(b)) = (one.get(left), other.get(right)) {
        shared += usize::from(a == b);
        left += usize::from(a <= b);
        right += usize::from(b <= a);
    }
    shared
}
