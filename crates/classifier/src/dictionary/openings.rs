//! How names begin: a cheap no for most words of a text, which begin none (after Bloom, 1970).

/// Bits of the table.
const SIZE: usize = 1 << 16;

/// A bit for each three bytes that a name may begin with; some that none begins with share one.
#[derive(Debug)]
pub(super) struct Openings(Box<[u64]>);

impl Openings {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut openings = Self(vec![0; SIZE / 64].into());
        for name in names {
            openings.add(name.as_bytes());
        }
        openings
    }

    /// Whether a name may begin as these bytes do.
    pub(super) fn may_begin(&self, bytes: &[u8]) -> bool {
        let at = |index: usize| bytes.get(index).copied().unwrap_or_default();
        let bit = bit([at(0), at(1), at(2)]);
        self.0[bit / 64] & 1 << (bit % 64) != 0
    }

    /// A name of less than three bytes begins with them and any other.
    fn add(&mut self, name: &[u8]) {
        if let [a, b, c, ..] = *name {
            let bit = bit([a, b, c]);
            self.0[bit / 64] |= 1 << (bit % 64);
            return;
        }
        for next in 0..=u8::MAX {
            self.add(&[name, &[next]].concat());
        }
    }
}

fn bit([a, b, c]: [u8; 3]) -> usize {
    let number = u32::from_le_bytes([a, b, c, 0]);
    (number.wrapping_mul(0x9e37_79b1) >> 16) as usize % SIZE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_begins_where_it_stands_whatever_follows_it() {
        let openings = Openings::new(["kyiv", "eu", "україна"].into_iter());
        for text in ["kyiv", "kyiv said", "eu", "eu and", "eu, too", "україна"] {
            assert!(openings.may_begin(text.as_bytes()), "{text}");
        }
        let others = ["said", "the", "of", "", "with", "people"];
        let begun = others
            .iter()
            .filter(|text| openings.may_begin(text.as_bytes()));
        assert!(begun.count() < others.len() / 2);
    }
}
