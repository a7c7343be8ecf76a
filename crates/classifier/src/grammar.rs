//! Word classes in context, as far as predicates have to be told from what stands around them: `config/grammar/`.
//!
//! No parser: one pass from the left gives each word a tag by its own form and the tags before it. It runs in
//! linear time and knows nothing but the lists, so that whoever reads them can say why a word got its tag.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::files::{RuleError, RuleFiles};
use crate::text::Text;

mod verb;
mod word;

use verb::{Forms, verbs};
pub(crate) use word::{Tag, Word};
use word::{starts_word, words};

/// Share of a sentence's words with a capital, in tenths, from which capitals tell nothing of names: headlines.
const TITLE_CASE: usize = 6;

/// A file of `config/grammar/`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listed {
    be: Vec<String>,
    have: Vec<String>,
    r#do: Vec<String>,
    modals: Vec<String>,
    negators: Vec<String>,
    quantifiers: Vec<String>,
    determiners: Vec<String>,
    prepositions: Vec<String>,
    pronouns: Vec<String>,
    conjunctions: Vec<String>,
    subordinators: Vec<String>,
    clause_marks: Vec<String>,
    adverbs: Vec<String>,
    nouns: Vec<String>,
    never_nouns: Vec<String>,
    governing_nouns: Vec<String>,
    adjective_endings: Vec<String>,
    event_endings: Vec<String>,
    event_nouns: Vec<String>,
    regular: Vec<String>,
    doubling: Vec<String>,
    irregular: Vec<String>,
}

/// One language's word classes.
#[derive(Debug)]
pub(crate) struct Grammar {
    classes: FxHashMap<String, Tag>,
    quantifiers: FxHashSet<String>,
    clause_marks: FxHashSet<String>,
    nouns: FxHashSet<String>,
    never_nouns: FxHashSet<String>,
    governing_nouns: FxHashSet<String>,
    adjective_endings: Vec<String>,
    event_endings: Vec<String>,
    event_nouns: FxHashSet<String>,
    /// Base form and possible forms, by form.
    verbs: FxHashMap<String, (String, Forms)>,
}

impl Grammar {
    /// The grammar of English.
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let listed: Listed = files.one("grammar/en.toml").parse()?;
        let mut classes = FxHashMap::default();
        // The first list that has a word decides.
        for (words, tag) in [
            (&listed.be, Tag::Be),
            (&listed.have, Tag::Have),
            (&listed.r#do, Tag::Do),
            (&listed.modals, Tag::Modal),
            (&listed.negators, Tag::Negator),
            (&listed.determiners, Tag::Determiner),
            (&listed.conjunctions, Tag::Conjunction),
            (&listed.subordinators, Tag::Subordinator),
            (&listed.prepositions, Tag::Preposition),
            (&listed.pronouns, Tag::Pronoun),
            (&listed.adverbs, Tag::Adverb),
        ] {
            for word in words {
                classes.entry(word.clone()).or_insert(tag);
            }
        }
        classes.insert("to".to_owned(), Tag::To);
        let set = |words: Vec<String>| words.into_iter().collect();
        Ok(Self {
            classes,
            quantifiers: set(listed.quantifiers),
            clause_marks: set(listed.clause_marks),
            nouns: set(listed.nouns),
            never_nouns: set(listed.never_nouns),
            governing_nouns: set(listed.governing_nouns),
            adjective_endings: listed.adjective_endings,
            event_endings: listed.event_endings,
            event_nouns: set(listed.event_nouns),
            verbs: verbs(&listed.irregular, &listed.doubling, &listed.regular),
        })
    }

    /// The tagged words of a sentence.
    pub(crate) fn read<'a>(&self, text: &'a Text, sentence: &Range<usize>) -> Vec<Word<'a>> {
        let mut words = words(text, sentence);
        let wordlike = words.iter().filter(|word| starts_word(word.form)).count();
        let capitals = words.iter().filter(|word| word.capital).count();
        if capitals * 10 >= wordlike * TITLE_CASE {
            for word in &mut words {
                word.capital = false;
            }
        }
        for at in 0..words.len() {
            words[at].tag = self.tag(&words, at);
        }
        words
    }

    /// The base form of a verb, the singular of a noun, as far as endings tell.
    pub(crate) fn lemma<'a>(&'a self, form: &'a str) -> &'a str {
        if let Some((base, _)) = self.verbs.get(form) {
            return base;
        }
        match form.strip_suffix('s') {
            Some(stem) if form.len() > 3 && !form.ends_with("ss") => stem,
            _ => form,
        }
    }

    /// Whether a noun of the list has this plural: *atrocities*, *crises*.
    fn is_listed_plural(&self, form: &str) -> bool {
        let singular = |ending: &str, end: &str| {
            let stem = form.strip_suffix(ending);
            stem.is_some_and(|stem| self.event_nouns.contains(&format!("{stem}{end}")))
        };
        singular("ies", "y") || singular("es", "is") || singular("es", "")
    }

    pub(crate) fn is_adverb(&self, form: &str) -> bool {
        self.classes.get(form) == Some(&Tag::Adverb)
            || form.len() > 4
                && form.ends_with("ly")
                && !self.nouns.contains(form)
                && !self.verbs.contains_key(form)
    }

    /// A word in a subject that changes what its verb says: *no*, *few*.
    pub(crate) fn is_quantifier(&self, form: &str) -> bool {
        self.quantifiers.contains(form)
    }

    /// A word that tells the kind of a clause: *if*, *which*.
    pub(crate) fn is_clause_mark(&self, form: &str) -> bool {
        self.clause_marks.contains(form)
    }

    /// A noun that governs the infinitive after it: *a plan to*.
    pub(crate) fn is_governing(&self, lemma: &str) -> bool {
        self.governing_nouns.contains(lemma)
    }

    /// Whether a noun can be a base form: *visit*.
    pub(crate) fn is_base(&self, form: &str) -> bool {
        self.verbs.get(form).is_some_and(|(_, forms)| forms.base)
    }

    /// Whether a noun names what happens: made from a verb, by its form or its ending, or listed: *attack*,
    /// *withdrawal*, *truce*.
    pub(crate) fn names_event(&self, form: &str) -> bool {
        let singular = self.lemma(form);
        self.verbs.contains_key(form)
            || self.verbs.contains_key(singular)
            || self.event_nouns.contains(singular)
            || self.event_nouns.contains(form)
            || self.is_listed_plural(form)
            || singular.len() > 5
                && self
                    .event_endings
                    .iter()
                    .any(|ending| singular.ends_with(ending.as_str()))
    }

    fn tag(&self, words: &[Word<'_>], at: usize) -> Tag {
        let form = words[at].form;
        // The last word before that is neither adverb nor negator decides between verb and noun.
        let before = words[..at]
            .iter()
            .rposition(|word| !matches!(word.tag, Tag::Adverb | Tag::Negator) || word.form == "no");
        let tag = before.map(|before| words[before].tag);
        let next = words.get(at + 1).map_or("", |word| word.form);
        if !form.chars().any(char::is_alphanumeric) {
            return if matches!(form, "$" | "%" | "€" | "£") {
                Tag::Number
            } else {
                Tag::Mark
            };
        }
        if form == "'s" {
            let is = at > 0
                && (words[at - 1].tag == Tag::Pronoun
                    || matches!(
                        words[at - 1].form,
                        "what" | "where" | "how" | "here" | "let"
                    ));
            return if is { Tag::Be } else { Tag::Genitive };
        }
        match self.classes.get(form) {
            Some(Tag::Do) => return self.tag_do(tag, next),
            Some(&class) => return class,
            None if form.starts_with(|first: char| first.is_ascii_digit()) => return Tag::Number,
            None if self.is_adverb(form) => return Tag::Adverb,
            None => {}
        }
        if words[at].capital && at > 0 {
            return Tag::Name;
        }
        match self.verbs.get(form) {
            Some((base, forms)) => match self.tag_verb(*forms, tag, words, before, next) {
                Tag::Plural if self.never_nouns.contains(base) => Tag::Present,
                Tag::Noun if forms.base && self.never_nouns.contains(base) => match tag {
                    Some(Tag::Noun | Tag::Name | Tag::Number | Tag::Mark) | None => Tag::Present,
                    _ => Tag::Infinitive,
                },
                tag => tag,
            },
            None => self.tag_other(form, tag),
        }
    }

    fn tag_do(&self, before: Option<Tag>, next: &str) -> Tag {
        match before {
            Some(Tag::To | Tag::Modal | Tag::Do | Tag::Have) => Tag::Infinitive,
            _ if self.classes.get(next) == Some(&Tag::Determiner)
                || matches!(next, "so" | "it" | "what")
                || !starts_word(next) =>
            {
                Tag::Present
            }
            _ => Tag::Do,
        }
    }

    fn tag_verb(
        &self,
        forms: Forms,
        before: Option<Tag>,
        words: &[Word<'_>],
        at_before: Option<usize>,
        next: &str,
    ) -> Tag {
        use Tag as T;
        let in_phrase = matches!(
            before,
            Some(T::Determiner | T::Preposition | T::Adjective | T::Genitive)
        );
        if forms.gerund {
            let noun = matches!(before, Some(T::Determiner | T::Adjective | T::Genitive));
            return if noun { T::Noun } else { T::Gerund };
        }
        if forms.past || forms.participle {
            return match before {
                Some(T::To | T::Modal | T::Do) if forms.base => T::Infinitive,
                Some(T::Have | T::Be) => T::Participle,
                _ if forms.base && (in_phrase || before == Some(T::Number)) => T::Noun,
                _ if in_phrase => T::Attribute,
                _ if !forms.past => T::Participle,
                _ => T::Past,
            };
        }
        if forms.third {
            if in_phrase || matches!(before, Some(T::Number | T::To | T::Attribute)) {
                return T::Plural;
            }
            if before == Some(T::Pronoun) {
                return T::Present;
            }
            let object = self.classes.get(next) == Some(&T::Determiner);
            let follows = object
                || matches!(
                    self.classes.get(next),
                    Some(T::Preposition | T::Pronoun | T::Be | T::To)
                )
                || self.is_adverb(next);
            let subject = !matches!(before, Some(T::Plural)) || object;
            return if follows && subject {
                T::Present
            } else {
                T::Plural
            };
        }
        match before {
            Some(T::To | T::Modal | T::Do) => T::Infinitive,
            Some(T::Pronoun | T::Plural) => T::Present,
            Some(T::Conjunction)
                if at_before.is_some_and(|at| at > 0 && words[at - 1].tag == T::Infinitive) =>
            {
                T::Infinitive
            }
            _ => T::Noun,
        }
    }

    fn tag_other(&self, form: &str, before: Option<Tag>) -> Tag {
        let ends =
            |endings: &[String]| endings.iter().any(|ending| form.ends_with(ending.as_str()));
        let in_phrase = matches!(
            before,
            Some(Tag::Determiner | Tag::Preposition | Tag::Genitive)
        );
        if before == Some(Tag::Modal) && !ends(&self.adjective_endings) {
            // *Could circumvent*: what is in no list is a verb there.
            Tag::Infinitive
        } else if self.nouns.contains(form) {
            Tag::Noun
        } else if form.len() > 3
            && form.ends_with('s')
            && !["ss", "us", "is"]
                .iter()
                .any(|ending| form.ends_with(ending))
        {
            Tag::Plural
        } else if ends(&self.adjective_endings) {
            Tag::Adjective
        } else if form.len() > 3 && form.ends_with("ed") {
            if in_phrase { Tag::Attribute } else { Tag::Past }
        } else if form.len() > 5 && form.ends_with("ing") {
            Tag::Gerund
        } else {
            Tag::Noun
        }
    }
}
