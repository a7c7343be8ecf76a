//! Items that the publisher took back, told from those that a feed has no more room for.

use std::collections::HashSet;

use jiff::Timestamp;
use wire::feed::Seen;

/// The places in `before` of items that the last document held and this one does not, though an item that
/// was listed before them and is no younger is still there, with the confidence in each. `places` are where
/// the items of the new document, oldest first, stand in `before`.
///
/// A feed that is not in order of time drops items for other reasons, so it withdraws nothing, a few pinned
/// items aside; nor does one that lost a great part of its items at once, which was cut or rebuilt.
pub(super) fn withdrawn(before: &[Seen], places: &[Option<usize>]) -> Vec<(usize, f32)> {
    let Some(listed) = in_order(before, places) else {
        return Vec::new();
    };
    let here: HashSet<usize> = places.iter().flatten().copied().collect();
    let stays: Vec<bool> = listed.iter().map(|place| here.contains(place)).collect();
    let Some(oldest) = stays.iter().position(|stays| *stays) else {
        return Vec::new();
    };
    let vanished: Vec<usize> = (oldest..listed.len()).filter(|at| !stays[*at]).collect();
    let held = listed.len();
    let arrivals = places.iter().filter(|place| place.is_none()).count();
    if vanished.len() > (held / 4).max(1) || fell_off_behind_pins(before, &listed, &stays, arrivals)
    {
        return Vec::new();
    }
    // Without its newest items and with nothing new, it may be a copy of the document that was kept too long.
    let stale = arrivals == 0
        && vanished
            .first()
            .is_some_and(|at| held - at == vanished.len());
    let several = 1.0 - ratio(vanished.len(), held);
    let told = |at: usize| {
        let older = listed[..at].iter().zip(&stays).filter(|(_, stays)| **stays);
        let dated = older
            .clone()
            .all(|(place, _)| before[*place].published.is_some())
            && before[listed[at]].published.is_some();
        let order = 1.0 - 0.5_f32.powi(i32::try_from(older.count()).unwrap_or(i32::MAX));
        let confidence =
            order * several * if dated { 1.0 } else { 0.8 } * if stale { 0.6 } else { 1.0 };
        (listed[at], (confidence * 100.0).round() / 100.0)
    };
    vanished.into_iter().map(told).collect()
}

/// The places of what the last document held, oldest first, without what is pinned out of its order. None
/// where more than a tenth of it is: that is a ranking.
fn in_order(before: &[Seen], places: &[Option<usize>]) -> Option<Vec<usize>> {
    let listed: Vec<usize> = (0..before.len())
        .filter(|place| before[*place].present)
        .collect();
    let pins = (listed.len() / 10).max(1);
    // What both documents hold must stand in the same order in both.
    let shared: Vec<usize> = places
        .iter()
        .flatten()
        .copied()
        .filter(|place| before[*place].present)
        .collect();
    let steady = rising(&shared);
    if shared.len() - steady.len() > pins {
        return None;
    }
    let moved: HashSet<usize> = (0..shared.len())
        .filter(|at| !steady.contains(at))
        .map(|at| shared[at])
        .collect();
    let dated: Vec<(usize, Timestamp)> = listed
        .iter()
        .filter_map(|place| Some((*place, before[*place].published?)))
        .collect();
    let dates: Vec<Timestamp> = dated.iter().map(|(_, date)| *date).collect();
    let steady = rising(&dates);
    if dated.len() - steady.len() > pins {
        return None;
    }
    let pinned: HashSet<usize> = (0..dated.len())
        .filter(|at| !steady.contains(at))
        .map(|at| dated[at].0)
        .collect();
    let is_steady = |place: &usize| !moved.contains(place) && !pinned.contains(place);
    Some(listed.into_iter().filter(is_steady).collect())
}

/// Whether what vanished is what as many arrivals push out of a document whose oldest items are pinned to
/// its end. Dates tell a pinned item by the time between it and its neighbour; without them it may be one.
fn fell_off_behind_pins(
    before: &[Seen],
    listed: &[usize],
    stays: &[bool],
    arrivals: usize,
) -> bool {
    let pins = stays.iter().take_while(|stays| **stays).count();
    let gone = stays[pins..].iter().take_while(|stays| !**stays).count();
    if pins == 0
        || gone == 0
        || stays[pins + gone..].contains(&false)
        || arrivals < gone
        || pins > (listed.len() / 5).max(1)
    {
        return false;
    }
    let seconds = |pair: &[usize]| {
        let (earlier, later) = (before[pair[0]].published?, before[pair[1]].published?);
        Some(later.duration_since(earlier).as_secs())
    };
    let Some(behind) = seconds(&listed[pins - 1..=pins]) else {
        return true;
    };
    let mut usual: Vec<i64> = listed[pins..].windows(2).filter_map(seconds).collect();
    usual.sort_unstable();
    usual
        .get(usual.len() / 2)
        .is_none_or(|usual| behind > 4 * usual)
}

/// The positions of a longest subsequence that never falls (Fredman, "On computing the length of longest
/// increasing subsequences", 1975).
fn rising<T: Ord>(values: &[T]) -> HashSet<usize> {
    // `ends[n]` is where the subsequence of length n + 1 with the least end ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut before = vec![None; values.len()];
    for at in 0..values.len() {
        let length = ends.partition_point(|end| values[*end] <= values[at]);
        before[at] = length.checked_sub(1).map(|shorter| ends[shorter]);
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    std::iter::successors(ends.last().copied(), |at| before[*at]).collect()
}

fn ratio(part: usize, whole: usize) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "documents hold few thousand items"
    )]
    let ratio = part as f32 / whole.max(1) as f32;
    ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longest_rising_subsequence_leaves_out_what_is_pinned() {
        let kept = |values: &[i32]| {
            let mut kept: Vec<i32> = rising(values).into_iter().map(|at| values[at]).collect();
            kept.sort_unstable();
            kept
        };
        assert_eq!(kept(&[1, 2, 9, 3, 3, 4]), [1, 2, 3, 3, 4]);
        assert_eq!(kept(&[5, 1, 2, 3]), [1, 2, 3]);
        assert_eq!(kept(&[]), [0; 0]);
        assert_eq!(kept(&[3, 2, 1]).len(), 1);
    }
}
