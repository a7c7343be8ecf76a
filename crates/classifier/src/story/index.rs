//! By which shingles items are found: for each, the newest items that have it.

use std::collections::{HashMap, VecDeque};

/// Items that are kept of those with one sign, the newest: past them are more copies of their stories, or the words
/// are boilerplate.
const KEPT: usize = 16;

/// Items by their signs.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The newest item that has a sign: of most signs the only one.
    newest: HashMap<u32, u32>,
    /// Those before it, from the newest to the oldest; where there are none, there is no entry.
    older: HashMap<u32, VecDeque<u32>>,
}

impl Index {
    /// Adds an item, newer than all there are.
    pub(super) fn add(&mut self, item: u32, signs: impl Iterator<Item = u32>) {
        for sign in signs {
            if let Some(before) = self.newest.insert(sign, item) {
                let older = self.older.entry(sign).or_default();
                older.push_front(before);
                older.truncate(KEPT - 1);
            }
        }
    }

    /// At most [`KEPT`] items that have `sign`, the newest first.
    pub(super) fn with(&self, sign: u32) -> impl Iterator<Item = u32> {
        let newest = self.newest.get(&sign);
        let older = newest.and_then(|_| self.older.get(&sign));
        newest
            .into_iter()
            .chain(older.into_iter().flatten())
            .copied()
    }

    /// Forgets an item; `signs` are those that it was added with.
    pub(super) fn forget(&mut self, item: u32, signs: impl Iterator<Item = u32>) {
        for sign in signs {
            let older = self.older.get_mut(&sign);
            match (older, self.newest.get_mut(&sign)) {
                (Some(older), Some(newest)) => {
                    if *newest != item {
                        older.retain(|it| *it != item);
                    } else if let Some(before) = older.pop_front() {
                        *newest = before;
                    }
                    if older.is_empty() {
                        self.older.remove(&sign);
                    }
                }
                (None, Some(newest)) if *newest == item => {
                    self.newest.remove(&sign);
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(index: &Index, sign: u32) -> Vec<u32> {
        index.with(sign).collect()
    }

    #[test]
    fn what_was_forgotten_is_not_found_whether_oldest_or_newest() {
        let items = [(7, vec![1, 2]), (8, vec![1]), (9, vec![2, 1])];
        let mut index = Index::default();
        for (item, signs) in items {
            index.add(item, signs.into_iter());
        }
        assert_eq!(with(&index, 1), [9, 8, 7]);
        assert_eq!(with(&index, 2), [9, 7]);
        index.forget(7, [1, 2].into_iter());
        assert_eq!(with(&index, 1), [9, 8]);
        assert_eq!(with(&index, 2), [9]);
        index.forget(9, [2, 1].into_iter());
        assert_eq!(with(&index, 1), [8]);
        assert!(with(&index, 2).is_empty());
        index.forget(8, [1].into_iter());
        assert!(index.newest.is_empty() && index.older.is_empty());
    }

    #[test]
    fn of_many_items_with_a_sign_the_newest_are_kept() {
        let mut index = Index::default();
        let items = 0..3 * KEPT as u32;
        items
            .clone()
            .for_each(|item| index.add(item, [1].into_iter()));
        let newest: Vec<u32> = items.clone().rev().take(KEPT).collect();
        assert_eq!(with(&index, 1), newest);
        // Those that were not kept are forgotten as well as those that were.
        items.for_each(|item| index.forget(item, [1].into_iter()));
        assert!(index.newest.is_empty() && index.older.is_empty());
    }
}
