//! The verbs of the sentence around a predicate, and the words that tell its time.

use super::Features;
use crate::grammar::Tag;

/// Words to each side in which a word of time is looked for.
const TIME_REACH: usize = 20;
/// Verbs before a predicate, and after it, that are told apart by number.
const COUNTED: usize = 6;

impl Features<'_> {
    /// The sentence's first verb, the nearest to each side, and how many stand there.
    pub(super) fn verbs(&mut self, kind: &str) {
        let sentence = self.sentence;
        let own = self.at;
        let is_verb = |&at: &usize| sentence.tag(at).is_verb() || sentence.tag(at) == Tag::Modal;
        let all = (0..sentence.words.len()).filter(is_verb);
        if let Some(first) = all.clone().next() {
            self.add(format!("first-verb={}", sentence.tag(first).name()));
            self.add(format!("first-verb-class={}", self.class(first)));
            let before = all.clone().take_while(|&at| at < own).count();
            let after = all.clone().filter(|&at| at > own).count();
            self.add(format!("verbs-before={}", before.min(COUNTED)));
            self.add(format!("verbs-after={}", after.min(COUNTED)));
        }
        let before = (0..own).rev().find(is_verb);
        let after = all.clone().find(|&at| at > own);
        for (side, verb) in [("before", before), ("after", after)] {
            let (lemma, tag, class) = verb.map_or(("none", "none", "none"), |at| {
                (sentence.lemma(at), sentence.tag(at).name(), self.class(at))
            });
            self.add(format!("verb-{side}={lemma}"));
            self.add(format!("verb-{side}-tag={tag}"));
            self.add(format!("{kind}:verb-{side}-class={class}"));
            if let Some(at) = verb.filter(|&at| sentence.tag(at).is_verb()) {
                let group = sentence.group(at).summary();
                self.add(format!("{kind}:verb-{side}-group={group}"));
            }
        }
    }

    /// Words near by that tell a time: *yesterday*, *next*.
    pub(super) fn times(&mut self) {
        let sentence = self.sentence;
        let own = self.at;
        let tag = sentence.tag(own).name();
        let end = (own + TIME_REACH).min(sentence.words.len());
        for at in (own.saturating_sub(TIME_REACH)..end).filter(|&at| at != own) {
            let form = sentence.form(at);
            if self.signatures.tells_time(form) {
                let side = if at < own { "earlier" } else { "later" };
                self.add(format!("{side}-time={form}"));
                self.add(format!("{side}-time={form},{tag}"));
            }
        }
    }
}
