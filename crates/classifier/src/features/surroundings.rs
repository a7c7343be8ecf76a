//! What stands around a predicate: words near by, and whatever colours the sentence.

use super::Features;
use crate::grammar::Tag;

/// Words before a predicate, and after it, that are features wherever they stand.
const BEFORE: usize = 6;
const AFTER: usize = 4;
/// Words before a predicate in which what may govern it is looked for.
const GOVERNORS_REACH: usize = 11;
const GOVERNORS: usize = 3;

impl<'a> Features<'a> {
    /// The words near by, in any order, and the tags of the nearest in theirs.
    pub(super) fn neighbours(&mut self) {
        let sentence = self.sentence;
        let length = sentence.words.len();
        for at in self.at.saturating_sub(BEFORE)..self.at {
            self.add(format!("before={}", sentence.lemma(at)));
        }
        for at in self.at + 1..(self.at + 1 + AFTER).min(length) {
            self.add(format!("after={}", sentence.lemma(at)));
        }
        for by in [-4, -3, 3] {
            let lemma = self.near(by).map_or("none", |near| sentence.lemma(near));
            self.add(format!("lemma{by:+}={lemma}"));
        }
        let tags = |range: std::ops::RangeInclusive<isize>| {
            let tags = range.map(|by| self.near(by).map_or("none", |at| sentence.tag(at).name()));
            tags.collect::<Vec<_>>().join(",")
        };
        let (around, before, after) = (tags(-2..=1), tags(-3..=-1), tags(1..=2));
        self.add(format!("tags-around={around}"));
        self.add(format!("tags-before={before}"));
        self.add(format!("tags-after={after}"));
    }

    /// Every word of the sentence that may colour its predicates, and on which side it stands.
    pub(super) fn colours(&mut self) {
        let sentence = self.sentence;
        let own = self.at;
        for at in (0..sentence.words.len()).filter(|&at| at != own) {
            let form = sentence.form(at);
            let colours = matches!(
                sentence.tag(at),
                Tag::Modal | Tag::Negator | Tag::Subordinator
            ) || form == "?"
                || sentence.grammar.is_quantifier(form);
            if colours {
                let side = if at < own { "earlier" } else { "later" };
                self.add(format!("{side}={form}"));
            }
        }
    }

    /// The words before that may govern the predicate, from the nearest: `might>attempt>~` after *no attempt might*.
    pub(super) fn governors(&mut self) {
        let mut chain: Vec<&str> = Vec::with_capacity(GOVERNORS);
        let mut nearest = 0;
        for at in (self.at.saturating_sub(GOVERNORS_REACH)..self.at).rev() {
            if self.sentence.is_border(at) || self.sentence.form(at) == "." {
                break;
            }
            let Some(governor) = self.may_govern(at) else {
                continue;
            };
            if chain.is_empty() {
                nearest = self.at - at;
            }
            chain.push(governor);
            if chain.len() == GOVERNORS {
                break;
            }
        }
        let first = chain.first().copied().unwrap_or("none");
        let tag = self.sentence.tag(self.at).name();
        self.add(format!("nearest={first}"));
        self.add(format!("nearest={first},{}", nearest.min(5)));
        self.add(format!("nearest={first},{tag}"));
        for length in 2..=chain.len() {
            self.add(format!("chain={}", chain[..length].join(">")));
        }
    }

    /// What a word brings to the predicates after it: a modal, a condition, `~` for negation, or its class.
    fn may_govern(&self, at: usize) -> Option<&'a str> {
        let sentence = self.sentence;
        let form = sentence.form(at);
        match sentence.tag(at) {
            Tag::Modal => Some(form),
            Tag::Negator => Some("~"),
            _ if sentence.grammar.is_quantifier(form) => Some("~"),
            _ if matches!(form, "if" | "unless" | "whether") => Some(form),
            _ => Some(self.class(at)).filter(|&class| class != "other"),
        }
    }
}
