//! The features of a word as (part of) a cue, by name.

use std::ops::Range;

use super::features::{binned, joined};
use super::reading::Reading;

/// Tokens to either side of a word in which others that may be the sentence's cue are looked for, so that reading
/// stays linear; those next to it may belong to the same cue.
const RIVALS: Range<usize> = 3..30;

/// The step from any token to the next in the chain of cues.
pub(crate) const STEP: &str = "next";

/// Gives `each` the name of every feature of a token as (part of) a cue.
pub(crate) fn features(
    reading: &Reading<'_>,
    sentence: &Range<usize>,
    at: usize,
    mut each: impl FnMut(&str),
) {
    let class = |offset| reading.class(sentence, at, offset);
    let stem = |offset| reading.stem(sentence, at, offset);
    let word = |offset| reading.word(sentence, at, offset);
    let quoted = if reading.is_quoted(at) { "in" } else { "out" };
    let [behind, mark] = reading.marks(sentence, at);
    let quotes = if reading.is_quote(at) || behind.or(mark).is_some() {
        "with"
    } else {
        "without"
    };
    let behind = behind.map_or("-", |mark| binned(at - mark));
    let mark = mark.map_or("-", |mark| binned(mark - at));
    let ahead = |reach: usize, what: &[&str]| {
        (at + 1..sentence.end.min(at + 1 + reach)).any(|at| what.contains(&reading.text.word(at)))
    };
    let suffix = |length: usize| {
        let word = word(0);
        word.char_indices()
            .rev()
            .nth(length - 1)
            .map_or(word, |(at, _)| &word[at..])
    };
    let mut name = String::new();
    let mut say = |parts: &[&str]| each(joined(&mut name, parts));
    say(&["bias"]);
    say(&["w", word(0)]);
    say(&["s", stem(0)]);
    say(&["w<", word(-1)]);
    say(&["w>", word(1)]);
    say(&["w<<", word(-2)]);
    say(&["w>>", word(2)]);
    say(&["w< w", word(-1), word(0)]);
    say(&["w w>", word(0), word(1)]);
    say(&["w w> w>>", word(0), word(1), word(2)]);
    say(&["w<< w< w", word(-2), word(-1), word(0)]);
    say(&["w c>", word(0), class(1)]);
    say(&["s c>", stem(0), class(1)]);
    say(&["c< s", class(-1), stem(0)]);
    say(&["c< s c>", class(-1), stem(0), class(1)]);
    say(&["s c> c>>", stem(0), class(1), class(2)]);
    say(&["c<< c< s", class(-2), class(-1), stem(0)]);
    say(&["s< c", stem(-1), class(0)]);
    say(&["s> c", stem(1), class(0)]);
    say(&["s<< c< c", stem(-2), class(-1), class(0)]);
    say(&["c", class(0)]);
    say(&["c< c", class(-1), class(0)]);
    say(&["c c>", class(0), class(1)]);
    say(&["c< c c>", class(-1), class(0), class(1)]);
    say(&["c<< c< c", class(-2), class(-1), class(0)]);
    say(&["c c> c>>", class(0), class(1), class(2)]);
    say(&["c<< c< c c>", class(-2), class(-1), class(0), class(1)]);
    say(&["c< c c> c>>", class(-1), class(0), class(1), class(2)]);
    say(&["c<<< c<< c< c", class(-3), class(-2), class(-1), class(0)]);
    say(&["end", suffix(3), class(0)]);
    say(&["end c>", suffix(2), class(1)]);
    say(&["end c<", suffix(2), class(-1)]);
    say(&["begin", word(0).get(..4).unwrap_or("-"), class(0)]);
    say(&["quoted c", quoted, class(0)]);
    say(&["quoted s", quoted, stem(0)]);
    say(&["quotes s", quotes, quoted, stem(0)]);
    say(&["quotes c", quotes, quoted, class(-1), class(0), class(1)]);
    let rate = |offset| reading.rate(sentence, at, offset);
    let subject = (at.saturating_sub(3).max(sentence.start)..at)
        .rev()
        .map(|at| reading.class(sentence, at, 0))
        .find(|class| {
            matches!(
                *class,
                "Xx" | "he"
                    | "she"
                    | "they"
                    | "i"
                    | "we"
                    | "who"
                    | "-s"
                    | "x"
                    | "it"
                    | ","
                    | "that"
            )
        })
        .unwrap_or("-");
    say(&["rate", rate(0)]);
    say(&["rate c", rate(0), class(0)]);
    say(&["rate c>", rate(0), class(1)]);
    say(&["c< rate", class(-1), rate(0)]);
    say(&["c< rate c>", class(-1), rate(0), class(1)]);
    say(&["rate subject", rate(0), subject]);
    say(&["s subject", stem(0), subject]);
    say(&["rate quoted", rate(0), quoted, quotes]);
    say(&["rate mark", rate(0), mark]);
    say(&["rate behind", rate(0), behind]);
    say(&["mark c", mark, class(0)]);
    say(&["rate< c", rate(-1), class(0)]);
    say(&["rate< w", rate(-1), word(0)]);
    say(&["rate<< c< c", rate(-2), class(-1), class(0)]);
    say(&["rate> c", rate(1), class(0)]);
    say(&["rate> w", rate(1), word(0)]);
    say(&["rate>> c", rate(2), class(0)]);
    say(&["c c> rate>>", class(0), class(1), rate(2)]);
    say(&["rate< rate rate>", rate(-1), rate(0), rate(1)]);
    if reading.hit(at) != "-" {
        say(&["hit", reading.hit(at)]);
        say(&["hit c", reading.hit(at), class(0)]);
        say(&["hit c>", reading.hit(at), class(1)]);
        say(&["c< hit", class(-1), reading.hit(at)]);
    }
    let tag = reading.tag(at).name();
    for (side, verb) in [
        ("verb<", reading.verb_before(sentence, at)),
        ("verb>", reading.verb_after(sentence, at)),
    ] {
        let Some(verb) = verb else { continue };
        let own = &(verb..verb + 1);
        let (verb_stem, verb_rate) = (reading.stem(own, verb, 0), reading.rate(own, verb, 0));
        let far = binned(verb.abs_diff(at));
        say(&[side, "s t", verb_stem, tag]);
        say(&[side, "s s", verb_stem, stem(0)]);
        say(&[side, "rate rate", verb_rate, rate(0)]);
        say(&[side, "rate t far", verb_rate, tag, far]);
        say(&[side, "rate w far", verb_rate, word(0), far]);
    }
    let rivals = Rivals::new(reading, sentence, at);
    say(&["rivals rate", rivals.left, rivals.right, rate(0)]);
    say(&["rival< rate", rivals.left, rate(0), quoted]);
    say(&["rival> rate", rivals.right, rate(0), quoted]);
    say(&["rival s", rivals.left.max(rivals.right), stem(0)]);
    let place = place(reading, at);
    let length = binned(sentence.len());
    say(&["place rate", place, rate(0)]);
    say(&["place t", place, tag]);
    say(&["length rate", length, rate(0)]);
    say(&["length t", length, tag]);
    if ahead(6, &["that"]) {
        say(&["that rate", rate(0)]);
        say(&["that", stem(0)]);
        say(&["that", class(0)]);
    }
    if ahead(5, &["to"]) {
        say(&["to rate", rate(0)]);
        say(&["to", stem(0)]);
    }
}

/// How often the words around one are cues, at most: a sentence seldom has two.
struct Rivals {
    left: &'static str,
    right: &'static str,
}

impl Rivals {
    fn new(reading: &Reading<'_>, sentence: &Range<usize>, at: usize) -> Self {
        let strongest = |tokens: Range<usize>| {
            let rates = tokens.map(|near| strength(reading.rate(&(near..near + 1), near, 0)));
            rates.max().unwrap_or("0")
        };
        let near = |by: usize| at.saturating_sub(by).max(sentence.start);
        let far = |by: usize| (at + by).min(sentence.end);
        Self {
            left: strongest(near(RIVALS.end)..near(RIVALS.start - 1)),
            right: strongest(far(RIVALS.start)..far(RIVALS.end)),
        }
    }
}

/// A rate in a digit, all that is seldom a cue alike.
fn strength(rate: &str) -> &'static str {
    match rate {
        "80" => "7",
        "65" => "6",
        "50" => "5",
        "35" => "4",
        "20" => "3",
        "10" => "2",
        "5" => "1",
        _ => "0",
    }
}

/// How far into the text a token's sentence stands.
fn place(reading: &Reading<'_>, at: usize) -> &'static str {
    match reading.sentences.partition_point(|one| one.end <= at) {
        0 => "0",
        1..=2 => "1",
        3..=9 => "3",
        _ => "10",
    }
}
