//! What is known of a predicate, as named facts: the features that [`crate::commitment`] weighs.
//!
//! Names are for people: `governor=want~` reads *governed by a negated "want"*. A trailing `~` marks a negated
//! governor, a leading `not-` a negated predicate.

use crate::commitment::Signatures;
use crate::grammar::Tag;
use crate::predicate::{Group, Sentence};

mod noun;
mod surroundings;
mod verbs;

/// Words before a predicate in which a modal or a negation colours it.
const CONTEXT: usize = 8;
/// Words before a predicate in which the mark of its clause is looked for.
const CLAUSE_REACH: usize = 40;

/// The features of the predicate at word `at`.
pub(crate) fn of(sentence: &Sentence<'_>, signatures: &Signatures, at: usize) -> Vec<String> {
    let mut features = Features {
        sentence,
        signatures,
        at,
        found: Vec::with_capacity(128),
    };
    features.word();
    let group = features.group();
    let kind = if group.is_some() { "verb" } else { "noun" };
    if let Some(group) = &group {
        features.auxiliaries(group);
    } else {
        features.phrase();
        features.subject_of();
    }
    features.governor(group.as_ref(), kind);
    features.clause(kind);
    features.context(kind);
    features.neighbours();
    features.colours();
    features.governors();
    features.verbs(kind);
    features.times();
    features.found.sort_unstable();
    features.found.dedup();
    features.found
}

struct Features<'a> {
    sentence: &'a Sentence<'a>,
    signatures: &'a Signatures,
    at: usize,
    found: Vec<String>,
}

impl<'a> Features<'a> {
    fn add(&mut self, feature: impl Into<String>) {
        self.found.push(feature.into());
    }

    /// The class of a word, or of the last part of a compound: *now-cancelled*.
    fn class(&self, at: usize) -> &'a str {
        let form = self.sentence.form(at);
        let of = |form: &'a str| {
            let lemma = self.signatures.of(self.sentence.grammar.lemma(form));
            lemma.or_else(|| self.signatures.of(form))
        };
        let last = || form.rsplit_once('-').and_then(|(_, last)| of(last));
        of(form).or_else(last).unwrap_or("other")
    }

    fn near(&self, by: isize) -> Option<usize> {
        let at = self.at.checked_add_signed(by)?;
        (at < self.sentence.words.len()).then_some(at)
    }

    /// The word itself and its neighbours.
    fn word(&mut self) {
        let sentence = self.sentence;
        let form = sentence.form(self.at);
        let tag = sentence.tag(self.at).name();
        self.add("any");
        self.add(format!("word={form}"));
        self.add(format!("lemma={}", sentence.lemma(self.at)));
        self.add(format!("tag={tag}"));
        self.add(format!("class={}", self.class(self.at)));
        let letters: Vec<char> = form.chars().collect();
        for length in [3, 4] {
            if letters.len() > length + 1 {
                let ending: String = letters[letters.len() - length..].iter().collect();
                self.add(format!("ending={ending}"));
            }
        }
        for by in [-2, -1, 1, 2] {
            let near = self.near(by).map_or("none", |near| {
                if sentence.tag(near) == Tag::Number {
                    "number"
                } else {
                    sentence.form(near)
                }
            });
            self.add(format!("word{by:+}={near}"));
        }
        for by in [-2, -1, 1] {
            let near = self
                .near(by)
                .map_or("none", |near| sentence.tag(near).name());
            self.add(format!("tag{by:+}={near}"));
            if by == 1 {
                self.add(format!("tags={tag},{near}"));
            }
        }
    }

    /// The auxiliaries, when the predicate is a verb or a base form joined to one: *to buy and lease*.
    fn group(&self) -> Option<Group<'a>> {
        let sentence = self.sentence;
        let tag = sentence.tag(self.at);
        if tag.is_verb() || tag == Tag::Do {
            return Some(sentence.group(self.at));
        }
        let joined = tag == Tag::Noun
            && self.at > 0
            && sentence.tag(self.at - 1) == Tag::Conjunction
            && sentence.grammar.is_base(sentence.form(self.at));
        joined
            .then(|| sentence.group(self.at))
            .filter(|group| group.joined)
    }

    fn auxiliaries(&mut self, group: &Group<'_>) {
        let tag = self.sentence.tag(self.at).name();
        let summary = group.summary();
        self.add(format!("group={summary}"));
        self.add(format!("group={summary},{tag}"));
        for (holds, name) in [
            (group.negated, "negated"),
            (group.be, "be"),
            (group.have, "perfect"),
            (group.does, "do"),
            (group.joined, "joined"),
            (group.to.is_some(), "infinitive"),
            (group.is_negative(), "negative"),
        ] {
            if holds {
                self.add(name);
            }
        }
        if !group.modal.is_empty() {
            let how = match (group.negated, group.have) {
                (true, _) => "not-",
                (false, true) => "perfect-",
                (false, false) => "plain-",
            };
            self.add(format!("modal={}", group.modal));
            self.add(format!("modal={how}{}", group.modal));
        }
        if !group.quantifier.is_empty() {
            self.add(format!("quantifier={}", group.quantifier));
        }
        if !group.inverted.is_empty() {
            self.add(format!("inverted={}", group.inverted));
        }
        for adverb in &group.adverbs {
            self.add(format!("adverb={adverb}"));
        }
    }

    fn governor(&mut self, group: Option<&Group<'_>>, kind: &str) {
        let sentence = self.sentence;
        let governed = sentence.governor(self.at, group);
        let relation = governed.relation;
        self.add(format!("{kind}:relation={relation}"));
        if relation.starts_with("gerund-") && self.at > 0 {
            self.add(format!("gerund-after={}", sentence.form(self.at - 1)));
        }
        let Some(by) = governed.by else { return };
        let lemma = sentence.lemma(by);
        let class = self.class(by);
        let over = sentence.tag(by).is_verb().then(|| sentence.group(by));
        let (negative, summary) = match &over {
            Some(over) => (over.is_negative(), over.summary()),
            None => {
                let negative = (by.saturating_sub(3)..by)
                    .any(|at| matches!(sentence.form(at), "no" | "not" | "any"));
                (negative, "noun".to_owned())
            }
        };
        let mark = if negative { "~" } else { "" };
        let not = if group.is_some_and(Group::is_negative) {
            "not-"
        } else {
            ""
        };
        self.add(format!("{kind}:governor={lemma}"));
        self.add(format!("{kind}:governor={lemma}{mark}"));
        self.add(format!("{kind}:governor={relation},{lemma}"));
        self.add(format!("{kind}:class={class}"));
        self.add(format!("{kind}:class={relation},{class}{mark}"));
        self.add(format!("{kind}:class={not}{class}{mark}"));
        self.add(format!("{kind}:governor-group={summary}"));
        self.add(format!("{kind}:governor-group={summary},{class}"));
        let tag = sentence.tag(by).name();
        self.add(format!("{kind}:governor-tag={relation},{tag}"));
        if negative {
            self.add(format!("{kind}:governor-negative"));
            self.add(format!("{kind}:governor-negative={relation}"));
        }
        let Some(over) = over else { return };
        if !over.modal.is_empty() {
            self.add(format!("{kind}:governor-modal={}", over.modal));
        }
        if !over.quantifier.is_empty() {
            self.add(format!("{kind}:governor-quantifier={}", over.quantifier));
        }
        let Some(next) = sentence.governor_of_verb(by, &over) else {
            return;
        };
        let next_group = sentence.tag(next).is_verb().then(|| sentence.group(next));
        let negative = next_group.as_ref().is_some_and(Group::is_negative);
        let next_mark = if negative { "~" } else { "" };
        let next_class = self.class(next);
        self.add(format!("{kind}:second={}", sentence.lemma(next)));
        self.add(format!("{kind}:second-class={next_class}{next_mark}"));
        self.add(format!("{kind}:classes={class}<{next_class}{next_mark}"));
        if let Some(group) = next_group.filter(|group| !group.modal.is_empty()) {
            self.add(format!("{kind}:second-modal={}", group.modal));
        }
    }

    /// The mark of the clause that the predicate stands in, and how many verbs stand between.
    fn clause(&mut self, kind: &str) {
        let sentence = self.sentence;
        let mut verbs = 0;
        for at in (self.at.saturating_sub(CLAUSE_REACH)..self.at).rev() {
            let form = sentence.form(at);
            if sentence.grammar.is_clause_mark(form) {
                self.add(format!("{kind}:clause={form},{}", verbs.min(2)));
                break;
            }
            if sentence.is_border(at) {
                self.add(format!("border={form}"));
                break;
            }
            let tag = sentence.tag(at);
            verbs += usize::from(tag.is_verb() && !tag.is_auxiliary());
        }
        if sentence.tag(0) == Tag::Subordinator {
            self.add(format!("opening={}", sentence.form(0)));
        }
    }

    /// What colours a stretch of the sentence: modals and negation near by, a question.
    fn context(&mut self, kind: &str) {
        let sentence = self.sentence;
        let length = sentence.words.len();
        if (length.saturating_sub(3)..length).any(|at| sentence.form(at) == "?") {
            self.add(format!("{kind}:question"));
            self.add("question");
        }
        for at in self.at.saturating_sub(CONTEXT)..self.at {
            match sentence.tag(at) {
                Tag::Modal => self.add(format!("modal-before={}", sentence.form(at))),
                Tag::Negator => self.add("negation-before"),
                _ => {}
            }
        }
        for at in self.at + 1..(self.at + CONTEXT).min(length) {
            if sentence.tag(at) == Tag::Modal {
                self.add(format!("{kind}:modal-after={}", sentence.form(at)));
            }
        }
    }
}
