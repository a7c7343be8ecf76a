//! By which shingles items are found: for each, the items that have it, the newest first.

use std::collections::{HashMap, VecDeque};

/// Items by their signs. Items are numbered in the order in which they are added, and forgotten in that order;
/// numbers wrap.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// In the order in which they were added.
    postings: VecDeque<Posting>,
    /// The place of the first posting; places wrap.
    first: u32,
    /// The place of a sign's newest posting.
    newest: HashMap<u32, u32>,
}

/// An item has a sign.
#[derive(Debug)]
struct Posting {
    sign: u32,
    item: u32,
    /// How far back the sign's posting before this one stands; 0 where there was none.
    back: u32,
}

impl Index {
    /// Adds an item.
    pub(super) fn add(&mut self, item: u32, signs: impl Iterator<Item = u32>) {
        for sign in signs {
            let place = self.first.wrapping_add(self.postings.len() as u32);
            let before = self.newest.insert(sign, place);
            let back = before.map_or(0, |before| place.wrapping_sub(before));
            self.postings.push_back(Posting { sign, item, back });
        }
    }

    /// The items that have `sign`, the newest first.
    pub(super) fn with(&self, sign: u32) -> impl Iterator<Item = u32> {
        let newest = self.newest.get(&sign);
        let newest = newest.map(|place| place.wrapping_sub(self.first) as usize);
        let places = std::iter::successors(newest, |at| {
            let back = self.postings[*at].back as usize;
            // What stood further back was forgotten.
            at.checked_sub(back).filter(|_| back > 0)
        });
        places.map(|at| self.postings[at].item)
    }

    /// Forgets `item`, the oldest there is.
    pub(super) fn forget(&mut self, item: u32) {
        while let Some(oldest) = self.postings.front()
            && oldest.item == item
        {
            if self.newest.get(&oldest.sign) == Some(&self.first) {
                self.newest.remove(&oldest.sign);
            }
            self.postings.pop_front();
            self.first = self.first.wrapping_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_oldest_go_first() {
        let mut index = Index {
            // Near its end, so that places wrap.
            first: u32::MAX - 1,
            ..Index::default()
        };
        for (item, signs) in [(7, vec![1, 2]), (8, vec![1]), (9, vec![2, 1])] {
            index.add(item, signs.into_iter());
        }
        let with = |index: &Index, sign| index.with(sign).collect::<Vec<_>>();
        assert_eq!(with(&index, 1), [9, 8, 7]);
        assert_eq!(with(&index, 2), [9, 7]);
        index.forget(7);
        assert_eq!(with(&index, 1), [9, 8]);
        assert_eq!(with(&index, 2), [9]);
        index.forget(8);
        index.forget(9);
        assert!(with(&index, 1).is_empty());
        assert!(index.newest.is_empty() && index.postings.is_empty());
    }
}
