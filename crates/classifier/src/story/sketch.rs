//! What is kept of a text to know it again.

use wire::Entity;
use wire::story::Sketch;

/// Words of the lead that are kept; where a text goes on after them, all of its copies do.
const LEAD: usize = 128;
/// Words in a shingle.
const SHINGLE: usize = 4;
/// A body of fewer words says too little without its title.
const BODY: usize = 12;

/// The sketch of a text and the entities in it. It depends on nothing else, so it is equal on every
/// machine.
#[must_use]
pub fn sketch(title: &str, body: &str, entities: &[Entity]) -> Sketch {
    let mut lead = Lead::default();
    if words(body).nth(BODY - 1).is_none() {
        words(title).take(LEAD).for_each(|word| lead.push(word));
    }
    words(body).take(LEAD).for_each(|word| lead.push(word));
    let words: Vec<&str> = lead.words().collect();
    let named = entities.iter().filter(|entity| entity.is_linked());
    Sketch {
        shingles: hashes(lead.shingles().map(hash)),
        numbers: hashes(numbers(&words).iter().map(|number| hash_of(number))),
        entities: hashes(named.map(|entity| hash_of(&entity.id))),
    }
}

/// Words in lower case, each closed by a zero byte, in one string; Russian is written with and without its ё.
#[derive(Default)]
struct Lead {
    letters: String,
    /// Where each word ends, its zero byte included.
    ends: Vec<usize>,
}

impl Lead {
    fn push(&mut self, word: &str) {
        if word.is_ascii() {
            let letters = word
                .bytes()
                .map(|byte| char::from(byte.to_ascii_lowercase()));
            self.letters.extend(letters);
        } else {
            self.letters += &word.to_lowercase().replace('ё', "е");
        }
        self.letters.push('\0');
        self.ends.push(self.letters.len());
    }

    fn starts(&self) -> impl Iterator<Item = usize> {
        std::iter::once(0).chain(self.ends.iter().copied())
    }

    fn words(&self) -> impl Iterator<Item = &str> {
        let words = self.starts().zip(&self.ends);
        words.map(|(start, end)| &self.letters[start..*end - 1])
    }

    /// The bytes of every so many words that follow each other.
    fn shingles(&self) -> impl Iterator<Item = &[u8]> {
        let shingles = self.starts().zip(self.ends.iter().skip(SHINGLE - 1));
        shingles.map(|(start, end)| &self.letters.as_bytes()[start..*end])
    }
}

/// Runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// The numbers among the words. Three digits after a number are its thousands: `89,440` is one number.
fn numbers(words: &[&str]) -> Vec<String> {
    let mut numbers: Vec<String> = Vec::new();
    let mut continues = false;
    for word in words {
        let digits = word.bytes().all(|byte| byte.is_ascii_digit());
        match numbers.last_mut() {
            Some(number) if continues && digits && word.len() == 3 => number.push_str(word),
            _ if digits => numbers.push((*word).to_owned()),
            _ => {}
        }
        continues = digits;
    }
    numbers
}

fn hashes(hashes: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut hashes: Vec<u32> = hashes.collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn hash_of(word: &str) -> u32 {
    hash(&[word.as_bytes(), &[0]].concat())
}

/// 64-bit FNV-1a folded to 32 bits (draft-eastlake-fnv) of words that are each closed by a zero byte: what is on the
/// log outlives the version that wrote it, so the hash is one that stays.
fn hash(words: &[u8]) -> u32 {
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sketch_is_the_same_in_every_version() {
        let sketch = sketch("", "Four words make one.", &[]);
        assert_eq!(sketch.shingles, [hash(b"four\0words\0make\0one\0")]);
        assert_eq!(hash_of("a"), 0xbddf_13e3);
    }

    #[test]
    fn case_marks_and_yo_do_not_count() {
        let one = sketch("", "Всё, что «известно»: ничего!", &[]);
        let other = sketch("", "все что известно ничего", &[]);
        assert_eq!(one, other);
    }

    #[test]
    fn a_short_body_is_read_with_its_title() {
        let one = sketch("Air alert in Kyiv", "Take shelter.", &[]);
        let other = sketch("Air alert in Lviv", "Take shelter.", &[]);
        assert_ne!(one.shingles, other.shingles);
    }

    #[test]
    fn thousands_are_one_number() {
        let words = ["about", "89", "440", "5", "and", "440"];
        assert_eq!(numbers(&words), ["89440", "5", "440"]);
    }
}
