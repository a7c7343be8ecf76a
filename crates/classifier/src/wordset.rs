//! Sets of words that are asked for every word of a text, and hold few of them.

use rustc_hash::FxHashSet;

/// Of a list of words, which lengths go with which outer bytes: a cheap no for most words that are not in it.
#[derive(Clone, Debug)]
pub(crate) struct Outline(Box<[u64; 256]>);

impl Default for Outline {
    fn default() -> Self {
        Self(Box::new([0; 256]))
    }
}

impl Outline {
    pub(crate) fn add(&mut self, word: &str) {
        let (row, length) = place(word);
        self.0[row] |= length;
    }

    /// Whether a word may be in the list.
    pub(crate) fn may_hold(&self, word: &str) -> bool {
        let (row, length) = place(word);
        self.0[row] & length != 0
    }
}

/// A number made of the first and the last byte, and the bit for the length; the longest words share one.
fn place(word: &str) -> (usize, u64) {
    let bytes = word.as_bytes();
    let outer = |byte: Option<&u8>| byte.copied().unwrap_or_default();
    let row = outer(bytes.first()).wrapping_mul(31) ^ outer(bytes.last());
    (usize::from(row), 1 << bytes.len().min(63))
}

/// A set of words.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordSet {
    outline: Outline,
    words: FxHashSet<String>,
}

impl WordSet {
    pub(crate) fn contains(&self, word: &str) -> bool {
        self.outline.may_hold(word) && self.words.contains(word)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &String> {
        self.words.iter()
    }
}

impl FromIterator<String> for WordSet {
    fn from_iter<I: IntoIterator<Item = String>>(words: I) -> Self {
        let mut set = Self::default();
        for word in words {
            set.outline.add(&word);
            set.words.insert(word);
        }
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_its_words_and_no_others() {
        let words = ["", "a", "not", "не", "nevertheless", "n't"];
        let set: WordSet = words.iter().map(|&word| word.to_owned()).collect();
        assert!(words.iter().all(|word| set.contains(word)));
        for other in ["b", "net", "no", "ні", "nonetheless", "aa"] {
            assert!(!set.contains(other), "{other}");
        }
    }
}
