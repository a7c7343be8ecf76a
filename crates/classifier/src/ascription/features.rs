//! The features of the source and the content of a cue, by name.

use std::ops::Range;

use super::reading::Reading;

/// How many marks, cues and verbs stand in a sentence up to each of its tokens.
#[derive(Debug)]
pub(crate) struct Sums {
    sentence: Range<usize>,
    cued: Vec<bool>,
    sums: Vec<[usize; 4]>,
}

impl Sums {
    /// The sums of a sentence whose tokens belong to cues where `cued` says so.
    pub(crate) fn new(reading: &Reading<'_>, sentence: &Range<usize>, cued: Vec<bool>) -> Self {
        let mut sum = [0; 4];
        let mut sums = vec![sum];
        for (index, at) in sentence.clone().enumerate() {
            let begins = cued[index] && (index == 0 || !cued[index - 1]);
            let is = [
                reading.text.word(at) == ",",
                reading.is_quote(at),
                begins,
                VERBS.contains(&reading.class(sentence, at, 0)),
            ];
            for (sum, is) in sum.iter_mut().zip(is) {
                *sum += usize::from(is);
            }
            sums.push(sum);
        }
        Self {
            sentence: sentence.clone(),
            cued,
            sums,
        }
    }

    /// Commas, quotation marks, beginnings of cues and verbs in a range of tokens: up to three, in figures.
    fn within(&self, tokens: &Range<usize>) -> [&'static str; 4] {
        let index = |at: usize| at - self.sentence.start;
        let (first, last) = (index(tokens.start), index(tokens.end.max(tokens.start)));
        std::array::from_fn(|what| few(self.sums[last][what] - self.sums[first][what]))
    }
}

/// Classes of words that are verbs, as far as can be told.
const VERBS: [&str; 11] = [
    "aux", "-ed", "is", "was", "has", "have", "had", "are", "were", "will", "would",
];

/// An attribution to be: its cue, and what surrounds it.
#[derive(Debug)]
pub(crate) struct Scene<'a> {
    pub(crate) reading: &'a Reading<'a>,
    pub(crate) sums: &'a Sums,
    pub(crate) cue: Range<usize>,
}

/// The parts of a name with a space between each two, written over what is in `name`.
pub(super) fn joined<'a>(name: &'a mut String, parts: &[&str]) -> &'a str {
    name.clear();
    for part in parts {
        if !name.is_empty() {
            name.push(' ');
        }
        name.push_str(part);
    }
    name
}

const NUMBERS: [&str; 4] = ["0", "1", "2", "3"];

fn few(number: usize) -> &'static str {
    NUMBERS[number.min(3)]
}

pub(super) fn binned(number: usize) -> &'static str {
    match number {
        0 => "0",
        1 => "1",
        2 => "2",
        3 => "3",
        4..=5 => "4",
        6..=9 => "6",
        10..=19 => "10",
        _ => "20",
    }
}

impl Scene<'_> {
    /// Which side of the cue a token stands on.
    fn side(&self, at: usize) -> &'static str {
        if at < self.cue.start {
            "L"
        } else if at < self.cue.end {
            "K"
        } else {
            "R"
        }
    }

    /// Whether a token belongs to another cue.
    fn is_other(&self, at: usize) -> bool {
        self.sums.cued[at - self.sums.sentence.start] && !self.cue.contains(&at)
    }

    /// The step to token `at` from the one before it.
    pub(crate) fn step(&self, at: usize) -> String {
        let side = self.side(at);
        let mark = |at: usize| match self.reading.text.word(at) {
            "," => ",",
            _ if self.reading.is_quote(at) => "q",
            _ if !self.reading.text.is_wordlike(at) => ".",
            _ if self.is_other(at) => "o",
            _ => "w",
        };
        format!("{side}{}{}", mark(at - 1), mark(at))
    }

    /// Gives `each` the token and the name of every feature of the parts that the sentence's tokens play.
    pub(crate) fn roles(&self, mut each: impl FnMut(usize, &str)) {
        let reading = self.reading;
        let bounds = &self.sums.sentence;
        let cue = &self.cue;
        let word_at = |at: usize| reading.text.is_wordlike(at);
        let head = cue
            .clone()
            .rev()
            .find(|&at| word_at(at))
            .unwrap_or(cue.start);
        let (head_stem, head_word) = (reading.stem(bounds, head, 0), reading.word(bounds, head, 0));
        let first_stem = reading.stem(bounds, cue.start, 0);
        let next = reading.class(bounds, cue.end.max(1) - 1, 1);
        let before = reading.class(bounds, cue.start, -1);
        let words = |range: Range<usize>| range.filter(|&at| word_at(at)).count();
        let left = binned(words(bounds.start..cue.start));
        let right = binned(words(cue.end..bounds.end));
        let quotes_in = |mut range: Range<usize>| {
            if range.any(|at| reading.is_quote(at)) {
                "q"
            } else {
                "-"
            }
        };
        let quotes_left = quotes_in(bounds.start..cue.start);
        let quotes_right = quotes_in(cue.end..bounds.end);
        let mut name = String::new();
        for at in bounds.clone() {
            let side = self.side(at);
            let between = match side {
                "L" => at + 1..cue.start,
                "R" => cue.end..at,
                _ => at..at,
            };
            let distance = binned(between.len());
            let [commas, quotes, others, verbs] = self.sums.within(&between);
            let quoted = if reading.is_quoted(at) { "in" } else { "out" };
            let other = if self.is_other(at) { "other" } else { "none" };
            let class = |offset| reading.class(bounds, at, offset);
            let mut say = |parts: &[&str]| each(at, joined(&mut name, parts));
            say(&["side", side]);
            say(&["distance", side, distance]);
            say(&["distance next", side, distance, next]);
            say(&["distance before", side, distance, before]);
            say(&["distance c", side, distance, class(0)]);
            say(&["c", side, class(0)]);
            say(&["w", side, reading.word(bounds, at, 0)]);
            say(&["c< c", side, class(-1), class(0)]);
            say(&["c c>", side, class(0), class(1)]);
            say(&["c< c c>", side, class(-1), class(0), class(1)]);
            say(&["c<<", side, class(-2)]);
            say(&["c>>", side, class(2)]);
            say(&["commas", side, commas, quotes, distance]);
            say(&["commas c", side, commas, class(0)]);
            say(&["commas before next", side, commas, before, next]);
            say(&["quotes", side, quotes, quoted, before, next]);
            say(&["quoted", side, quoted, quotes_left, quotes_right, other]);
            say(&["others", side, others, commas, other]);
            say(&["others c", side, others, class(0)]);
            say(&["verbs", side, verbs, commas]);
            say(&["verbs c", side, verbs, class(0)]);
            say(&["room", side, left, right]);
            say(&["room commas", side, left, right, commas, quotes]);
            say(&["room distance", side, left, distance]);
            say(&["right distance", side, right, distance]);
            say(&["around", side, before, next, quotes_left, quotes_right]);
            say(&["around right", side, before, next, right]);
            say(&["head", side, head_stem]);
            say(&["head first", side, first_stem, head_stem]);
            say(&["head distance", side, head_stem, distance]);
            say(&["head next", side, head_stem, next]);
            say(&["head before", side, head_stem, before]);
            say(&["head commas", side, head_stem, commas]);
            say(&["head word c", side, head_word, class(0)]);
            say(&["head room", side, head_stem, left, right]);
        }
    }
}
