//! What stands around an event noun: its noun phrase, the noun that governs it, the verb that it is the subject of.

use super::Features;
use crate::grammar::Tag;

/// Words of the noun phrase before its head.
const PHRASE: usize = 5;
/// Words after an event noun in which the verb it is the subject of is looked for.
const SUBJECT_REACH: usize = 7;
/// The same past whatever stands between: *the departure of the airliner on a tour was delayed*.
const FAR_SUBJECT_REACH: usize = 24;
/// Auxiliaries, negators and adverbs before a verb.
const GROUP: usize = 6;

/// The verb that a noun is the subject of.
struct Predicated<'a> {
    at: usize,
    modal: &'a str,
    negation: &'static str,
    /// `be-` where a form of *be* stands before it, or a headline has left that out: *flight delayed after accident*.
    be: &'static str,
}

impl Predicated<'_> {
    /// Whether it is negated, whether *be* stands before it, and by which modal it is governed.
    fn group(&self) -> String {
        format!("{}{}{}", self.negation, self.be, self.modal)
    }
}

impl<'a> Features<'a> {
    /// What stands in the noun phrase before an event noun, and the noun that governs it.
    pub(super) fn phrase(&mut self) {
        let sentence = self.sentence;
        let before = (self.at.saturating_sub(PHRASE)..self.at).rev();
        let ends = |at: usize| {
            let tag = sentence.tag(at);
            matches!(tag, Tag::Preposition | Tag::To | Tag::Mark) || tag.is_verb()
        };
        let mut determiner = None;
        for at in before.clone().take(PHRASE - 1).take_while(|&at| !ends(at)) {
            let form = sentence.form(at);
            let determines = matches!(
                sentence.tag(at),
                Tag::Determiner | Tag::Negator | Tag::Genitive | Tag::Number
            );
            if determiner.is_none() && determines {
                determiner = Some(at);
            }
            if self.signatures.is_hypothetical(form) {
                self.add(format!("modifier={form}"));
            }
            // *A now-cancelled deal*.
            let class = self.class(at);
            if class != "other" {
                self.add(format!("modifier-class={class}"));
            }
        }
        let determiner = determiner.map_or("none", |at| match sentence.tag(at) {
            Tag::Number => "number",
            _ => sentence.form(at),
        });
        let tag = sentence.tag(self.at).name();
        self.add(format!("determiner={determiner}"));
        self.add(format!("determiner={determiner},{tag}"));
        let governed = sentence.governor(self.at, None);
        let class = governed.by.map_or("none", |by| self.class(by));
        let relation = governed.relation;
        self.add(format!("determiner={determiner},{relation},{class}"));
        let preposition = before.clone().find(|&at| ends(at));
        let preposition =
            preposition.filter(|&at| matches!(sentence.tag(at), Tag::Preposition | Tag::To));
        if let Some(preposition) = preposition {
            self.add(format!("preposition={}", sentence.form(preposition)));
            self.governing_noun(preposition);
        }
    }

    /// The noun before the preposition of an event noun: *hopes of*, *a delay in*.
    fn governing_noun(&mut self, preposition: usize) {
        let sentence = self.sentence;
        let form = sentence.form(preposition);
        let noun = (preposition.saturating_sub(3)..preposition)
            .rev()
            .find(|&at| sentence.tag(at) != Tag::Adverb);
        let is_noun = |&at: &usize| {
            let tag = sentence.tag(at);
            tag.is_noun() || matches!(tag, Tag::Adjective | Tag::Attribute)
        };
        let Some(noun) = noun.filter(is_noun) else {
            return;
        };
        let lemma = sentence.lemma(noun);
        let class = self.class(noun);
        self.add(format!("noun={lemma}"));
        self.add(format!("noun={form},{lemma}"));
        self.add(format!("noun-class={class}"));
        self.add(format!("noun-class={form},{class}"));
        for at in noun.saturating_sub(3)..noun {
            let form = sentence.form(at);
            if self.signatures.is_hypothetical(form) || sentence.grammar.is_quantifier(form) {
                self.add(format!("noun-modifier={form}"));
            }
        }
        let verb = (noun.saturating_sub(PHRASE)..noun)
            .rev()
            .find(|&at| sentence.tag(at).is_verb() || sentence.tag(at) == Tag::Mark);
        if let Some(verb) = verb.filter(|&at| sentence.tag(at).is_verb()) {
            self.add(format!("noun-classes={class}<{}", self.class(verb)));
        }
    }

    /// The verb that an event noun is the subject of.
    pub(super) fn subject_of(&mut self) {
        let sentence = self.sentence;
        let near = (self.at + 1..(self.at + SUBJECT_REACH).min(sentence.words.len()))
            .take_while(|&at| sentence.tag(at) != Tag::Mark)
            .find(|&at| sentence.tag(at).is_auxiliary() || sentence.tag(at).is_verb());
        if let Some(first) = near {
            let verb = self.predicated(first);
            let group = verb.group();
            let (negation, be) = (verb.negation, verb.be);
            self.add(format!("subject-of={group}"));
            let tag = sentence.tag(verb.at);
            if tag.is_verb() || matches!(tag, Tag::Adjective | Tag::Noun | Tag::Attribute) {
                let (lemma, class) = (sentence.lemma(verb.at), self.class(verb.at));
                self.add(format!("subject-of-verb={negation}{be}{lemma}"));
                self.add(format!("subject-of-class={group},{class}"));
            }
        }
        let far = (self.at + 1..(self.at + FAR_SUBJECT_REACH).min(sentence.words.len()))
            .take_while(|&at| sentence.tag(at) != Tag::Mark || sentence.form(at) == ",")
            .find(|&at| sentence.tag(at).is_auxiliary() || sentence.tag(at) == Tag::Present);
        if let Some(first) = far {
            let verb = self.predicated(first);
            let (group, class) = (verb.group(), self.class(verb.at));
            self.add(format!("far-subject-of={group}"));
            self.add(format!("far-subject-of-class={group},{class}"));
        }
    }

    /// The verb of the group that begins at `first`.
    fn predicated(&self, first: usize) -> Predicated<'a> {
        let sentence = self.sentence;
        let mut predicated = Predicated {
            at: first,
            modal: "",
            negation: "",
            be: "",
        };
        let mut active = false;
        while predicated.at < (first + GROUP).min(sentence.words.len()) {
            match sentence.tag(predicated.at) {
                Tag::Modal => predicated.modal = sentence.form(predicated.at),
                Tag::Negator => predicated.negation = "not-",
                Tag::Be => predicated.be = "be-",
                Tag::Have | Tag::Do => active = true,
                tag if tag.is_auxiliary() || tag == Tag::Adverb => {}
                _ => break,
            }
            predicated.at += 1;
        }
        // A headline leaves out *was*; these verbs take an object, and where none follows it is the subject.
        let bare = !active && predicated.be.is_empty() && predicated.modal.is_empty();
        let objectless = matches!(
            sentence.tag(predicated.at + 1),
            Tag::Mark | Tag::Preposition | Tag::Adverb | Tag::Subordinator
        );
        if bare && objectless && self.class(predicated.at) == "calls_off" {
            predicated.be = "be-";
        }
        predicated
    }
}
