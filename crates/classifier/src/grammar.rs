//! Word classes in context, as far as predicates have to be told from what stands around them: `config/grammar/`.
//!
//! No parser: one pass from the left gives each word a tag by its own form and the tags before it. It runs in
//! linear time and knows nothing but the lists, so that whoever reads them can say why a word got its tag.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use crate::files::{RuleError, RuleFiles};
use crate::text::{Kind, Text};

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
    governing_nouns: Vec<String>,
    adjective_endings: Vec<String>,
    event_endings: Vec<String>,
    regular: Vec<String>,
    doubling: Vec<String>,
    irregular: Vec<String>,
}

/// What a word does in its sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Tag {
    Mark,
    Number,
    Determiner,
    Preposition,
    Pronoun,
    Conjunction,
    Subordinator,
    Adverb,
    Negator,
    /// *to*, before an infinitive or a noun.
    To,
    Modal,
    Be,
    Have,
    Do,
    /// Base form after *to*, a modal or *do*.
    Infinitive,
    /// Finite present: *holds*, *they hold*.
    Present,
    /// Past form, which may be a participle after a noun.
    Past,
    /// Participle after *have* or *be*.
    Participle,
    /// Participle before a noun: *the failed attempt*.
    Attribute,
    Gerund,
    Adjective,
    Noun,
    Plural,
    Name,
    /// The *'s* of a genitive.
    Genitive,
}

impl Tag {
    /// A form of a verb, auxiliaries included where they stand alone.
    pub(crate) fn is_verb(self) -> bool {
        matches!(
            self,
            Self::Infinitive
                | Self::Present
                | Self::Past
                | Self::Participle
                | Self::Gerund
                | Self::Be
                | Self::Have
        )
    }

    pub(crate) fn is_noun(self) -> bool {
        matches!(self, Self::Noun | Self::Plural)
    }

    pub(crate) fn is_auxiliary(self) -> bool {
        matches!(self, Self::Modal | Self::Be | Self::Have | Self::Do)
    }

    /// The name in features.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mark => "mark",
            Self::Number => "number",
            Self::Determiner => "determiner",
            Self::Preposition => "preposition",
            Self::Pronoun => "pronoun",
            Self::Conjunction => "conjunction",
            Self::Subordinator => "subordinator",
            Self::Adverb => "adverb",
            Self::Negator => "negator",
            Self::To => "to",
            Self::Modal => "modal",
            Self::Be => "be",
            Self::Have => "have",
            Self::Do => "do",
            Self::Infinitive => "infinitive",
            Self::Present => "present",
            Self::Past => "past",
            Self::Participle => "participle",
            Self::Attribute => "attribute",
            Self::Gerund => "gerund",
            Self::Adjective => "adjective",
            Self::Noun => "noun",
            Self::Plural => "plural",
            Self::Name => "name",
            Self::Genitive => "genitive",
        }
    }
}

/// A word as the grammar sees it: a token, or a part of a contraction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word<'a> {
    /// Folded, contractions taken apart: *hasn't* is *has* and *not*.
    pub(crate) form: &'a str,
    pub(crate) token: usize,
    pub(crate) tag: Tag,
    capital: bool,
}

/// What a form can be of its verb.
#[derive(Clone, Copy, Debug, Default)]
struct Forms {
    base: bool,
    third: bool,
    past: bool,
    participle: bool,
    gerund: bool,
}

/// One language's word classes.
#[derive(Debug)]
pub(crate) struct Grammar {
    classes: FxHashMap<String, Tag>,
    quantifiers: FxHashSet<String>,
    clause_marks: FxHashSet<String>,
    nouns: FxHashSet<String>,
    governing_nouns: FxHashSet<String>,
    adjective_endings: Vec<String>,
    event_endings: Vec<String>,
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
            governing_nouns: set(listed.governing_nouns),
            adjective_endings: listed.adjective_endings,
            event_endings: listed.event_endings,
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

    /// Whether a noun is made from a verb, by its form or its ending: *attack*, *withdrawal*.
    pub(crate) fn names_event(&self, form: &str) -> bool {
        let singular = self.lemma(form);
        self.verbs.contains_key(form)
            || self.verbs.contains_key(singular)
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
            Some(&(_, forms)) => self.tag_verb(forms, tag, words, before, next),
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
        if self.nouns.contains(form) {
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

fn starts_word(form: &str) -> bool {
    form.starts_with(char::is_alphanumeric)
}

/// The words of a sentence, contractions taken apart and the halves of a quotation mark put together.
fn words<'a>(text: &'a Text, sentence: &Range<usize>) -> Vec<Word<'a>> {
    let mut words: Vec<Word<'a>> = Vec::with_capacity(sentence.len() + 4);
    let mut at = sentence.start;
    while at < sentence.end {
        let form = text.word(at);
        let touches_next = at + 1 < sentence.end && text.token(at).end == text.token(at + 1).start;
        let mut push = |form: &'a str, token: usize| {
            words.push(Word {
                form,
                token,
                tag: Tag::Mark,
                capital: text.is_capitalised(token),
            });
        };
        let joined = touches_next.then(|| text.word(at + 1));
        if form == "'" && joined == Some("'") {
            push("\"", at);
            at += 1;
        } else if form == "'"
            && let Some(whole) = joined.and_then(contracted)
        {
            push(whole, at + 1);
            at += 1;
        } else if text.token(at).kind == Kind::Quote && form != "'" {
            push("\"", at);
        } else if let Some((base, rest)) = apart(form) {
            push(base, at);
            push(rest, at);
        } else {
            push(if form == "n't" { "not" } else { form }, at);
        }
        at += 1;
    }
    words
}

/// The verb that an ending after an apostrophe stands for.
fn contracted(ending: &str) -> Option<&'static str> {
    Some(match ending {
        "ll" => "will",
        "d" => "would",
        "re" => "are",
        "ve" => "have",
        "m" => "am",
        _ => return None,
    })
}

/// The two words of a contraction: *hasn't*, *they'll*, *cannot*.
fn apart(form: &str) -> Option<(&str, &'static str)> {
    if form == "cannot" {
        return Some(("can", "not"));
    }
    if let Some(base) = form.strip_suffix("n't").filter(|base| !base.is_empty()) {
        let base = match base {
            "ca" => "can",
            "wo" => "will",
            "sha" => "shall",
            base => base,
        };
        return Some((base, "not"));
    }
    let (base, ending) = form.split_once('\'')?;
    contracted(ending).map(|verb| (base, verb))
}

/// Every form of the verbs; where two share one, the first list's has it.
fn verbs(
    irregular: &[String],
    doubling: &[String],
    regular: &[String],
) -> FxHashMap<String, (String, Forms)> {
    let mut verbs: FxHashMap<String, (String, Forms)> = FxHashMap::default();
    let mut add = |form: String, base: &str, mark: fn(&mut Forms)| {
        let entry = verbs
            .entry(form)
            .or_insert_with(|| (base.to_owned(), Forms::default()));
        mark(&mut entry.1);
    };
    let past: fn(&mut Forms) = |forms| forms.past = true;
    let participle: fn(&mut Forms) = |forms| forms.participle = true;
    let gerund: fn(&mut Forms) = |forms| forms.gerund = true;
    for line in irregular {
        let mut parts = line.split_whitespace();
        let Some(base) = parts.next() else { continue };
        for (part, mark) in [(parts.next(), past), (parts.next(), participle)] {
            for form in part.into_iter().flat_map(|part| part.split('/')) {
                add(form.to_owned(), base, mark);
            }
        }
        let listed = parts.next().map(str::to_owned);
        add(
            listed.unwrap_or_else(|| crate::lexicon::gerund(base)),
            base,
            gerund,
        );
    }
    for base in doubling {
        let last = base.chars().next_back().unwrap_or_default();
        add(format!("{base}{last}ed"), base, past);
        add(format!("{base}{last}ed"), base, participle);
        add(format!("{base}{last}ing"), base, gerund);
    }
    for base in regular {
        add(crate::lexicon::past(base), base, past);
        add(crate::lexicon::past(base), base, participle);
        add(crate::lexicon::gerund(base), base, gerund);
    }
    let irregular = irregular
        .iter()
        .filter_map(|line| line.split_whitespace().next());
    let bases = irregular.chain(doubling.iter().chain(regular).map(String::as_str));
    for base in bases {
        add(crate::lexicon::third_person(base), base, |forms| {
            forms.third = true
        });
        add(base.to_owned(), base, |forms| forms.base = true);
    }
    verbs
}
