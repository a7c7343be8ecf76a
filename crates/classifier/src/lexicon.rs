//! What a language's words do in a sentence, as far as the rules need to know: `config/text/`.

use rustc_hash::FxHashMap;
use serde::Deserialize;
use wire::Language;
use wire::claim::Tense;

use crate::files::{RuleError, RuleFiles};
use crate::text::{Kind, Text, fold};
use crate::wordset::WordSet;

/// A file of `config/text/`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Listed {
    /// Frequent words that tell this language from the other five.
    function: Vec<String>,
    /// Words before a full stop that does not end a sentence, without the stop.
    abbreviations: Vec<String>,
    /// Words that open a content clause: *that*.
    that: Vec<String>,
    /// Words that end the reach of a cue and open a claim of its own: *but*, *though*.
    split: Vec<String>,
    /// Words that join two claims when a finite verb follows: *and*.
    coordinate: Vec<String>,
    /// Words that open a relative clause: *which*, *who*.
    relative: Vec<String>,
    /// Words before the agent of a passive: *by*.
    by: Vec<String>,
    /// Negators: *not*, *never*.
    negators: Vec<String>,
    /// Words beside auxiliaries and negators that may stand between a source and its verb: *also*, *se*.
    interposed: Vec<String>,
    /// Endings of at least five-letter words that may stand there too: *-ly*.
    interposed_endings: Vec<String>,
    /// Articles and the like, after which a word is no verb.
    determiners: Vec<String>,
    /// Prepositions, after which a word is no verb.
    prepositions: Vec<String>,
    /// Words that govern a name as prepositions do, but may stand before a verb: *to*, *for*.
    governing: Vec<String>,
    /// Pronouns that can stand for a person: *he*, *she*.
    persons: Vec<String>,
    /// Words by which a source speaks of itself: *we*, *our*, *its*.
    own: Vec<String>,
    /// Auxiliaries and frequent finite forms by tense.
    past: Vec<String>,
    present: Vec<String>,
    future: Vec<String>,
    /// Endings of at least four-letter words that mark a finite verb, by tense.
    past_endings: Vec<String>,
    present_endings: Vec<String>,
    /// Words with such an ending that are no verbs.
    not_verbs: Vec<String>,
    /// Base forms whose regular forms are made by rule (English only).
    regular: Vec<String>,
    /// `base past participle`, a line a verb (English only).
    irregular: Vec<String>,
    /// Beginnings of words of combat and loss, on which a belligerent's word about the other side settles nothing.
    combat: Vec<String>,
    /// Beginnings of nouns for what somebody asserts: *claim*, *allegation*.
    assertions: Vec<String>,
    /// Beginnings of nouns for the other side, a capital where the text must have one: *West*, *enemy*.
    others: Vec<String>,
    /// Beginnings of words for people who speak for themselves, whatever their country: *analyst*.
    private: Vec<String>,
    /// Nouns that name a happening: *attack*, *withdrawal*.
    events: Vec<String>,
    /// Conjunctions that open a condition: *if*, *unless*.
    conditions: Vec<String>,
}

/// How a word serves as a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Stands as the predicate of a clause.
    Finite(Tense),
    /// May be a past form or a participle: *attacked*.
    PastOrParticiple,
    /// May be a present form or a plural noun: *attacks*.
    PresentOrNoun,
    /// Base form.
    Base,
    /// *-ing*.
    Gerund,
}

/// One language's words.
#[derive(Debug)]
pub(crate) struct Lexicon {
    pub(crate) language: Language,
    pub(crate) function: WordSet,
    pub(crate) abbreviations: WordSet,
    pub(crate) that: WordSet,
    pub(crate) split: WordSet,
    pub(crate) coordinate: WordSet,
    pub(crate) relative: WordSet,
    pub(crate) by: WordSet,
    pub(crate) negators: WordSet,
    interposed: WordSet,
    interposed_endings: Vec<String>,
    pub(crate) determiners: WordSet,
    pub(crate) prepositions: WordSet,
    pub(crate) governing: WordSet,
    pub(crate) persons: WordSet,
    pub(crate) own: WordSet,
    pub(crate) events: WordSet,
    pub(crate) conditions: WordSet,
    auxiliaries: FxHashMap<String, Tense>,
    /// By their last letter.
    endings: FxHashMap<char, Vec<(String, Tense)>>,
    not_verbs: WordSet,
    verbs: FxHashMap<String, Form>,
    /// What each word of the lists above is as a verb; none for a word that is none.
    forms: FxHashMap<String, Option<Form>>,
    assertions: Vec<String>,
    /// With whether a capital is asked for.
    others: Vec<(String, bool)>,
    combat: Vec<String>,
    private: Vec<String>,
}

impl Lexicon {
    /// The lexicons of the six languages, and an empty one for undetermined text.
    pub(crate) fn all(files: &RuleFiles) -> Result<FxHashMap<Language, Self>, RuleError> {
        let mut all = FxHashMap::default();
        for language in Language::TAGGED {
            let path = format!("text/{language}.toml");
            let listed: Listed = files.one(&path).parse()?;
            all.insert(language, Self::new(language, listed));
        }
        Ok(all)
    }

    fn new(language: Language, listed: Listed) -> Self {
        let set = |words: Vec<String>| words.iter().map(|word| fold(word)).collect();
        let mut auxiliaries = FxHashMap::default();
        for (words, tense) in [
            (&listed.past, Tense::Past),
            (&listed.present, Tense::Present),
            (&listed.future, Tense::Future),
        ] {
            auxiliaries.extend(words.iter().map(|word| (fold(word), tense)));
        }
        let mut endings: FxHashMap<char, Vec<(String, Tense)>> = FxHashMap::default();
        for (listed, tense) in [
            (&listed.past_endings, Tense::Past),
            (&listed.present_endings, Tense::Present),
        ] {
            for ending in listed.iter().map(|ending| fold(ending)) {
                if let Some(last) = ending.chars().next_back() {
                    endings.entry(last).or_default().push((ending, tense));
                }
            }
        }
        let verbs = english_forms(&listed.regular, &listed.irregular);
        let not_verbs: WordSet = set(listed.not_verbs);
        let mut forms: FxHashMap<String, Option<Form>> = FxHashMap::default();
        forms.extend(verbs.iter().map(|(word, &form)| (word.clone(), Some(form))));
        forms.extend(not_verbs.iter().map(|word| (word.clone(), None)));
        let finite = |(word, &tense): (&String, &Tense)| (word.clone(), Some(Form::Finite(tense)));
        forms.extend(auxiliaries.iter().map(finite));
        Self {
            language,
            function: set(listed.function),
            abbreviations: set(listed.abbreviations),
            that: set(listed.that),
            split: set(listed.split),
            coordinate: set(listed.coordinate),
            relative: set(listed.relative),
            by: set(listed.by),
            negators: set(listed.negators),
            interposed: set(listed.interposed),
            interposed_endings: listed.interposed_endings,
            determiners: set(listed.determiners),
            prepositions: set(listed.prepositions),
            governing: set(listed.governing),
            persons: set(listed.persons),
            own: set(listed.own),
            events: set(listed.events),
            conditions: set(listed.conditions),
            auxiliaries,
            endings,
            not_verbs,
            verbs,
            forms,
            assertions: listed.assertions.iter().map(|word| fold(word)).collect(),
            others: listed
                .others
                .iter()
                .map(|word| (fold(word), word.starts_with(char::is_uppercase)))
                .collect(),
            combat: listed.combat.iter().map(|word| fold(word)).collect(),
            private: listed.private.iter().map(|word| fold(word)).collect(),
        }
    }

    /// Every word that tells this language from others, or whose form is listed.
    pub(crate) fn words(&self) -> impl Iterator<Item = &str> {
        let listed = self.function.iter().chain(self.not_verbs.iter());
        let formed = self.auxiliaries.keys().chain(self.verbs.keys());
        listed.chain(formed).map(String::as_str)
    }

    /// An auxiliary's tense.
    pub(crate) fn auxiliary(&self, word: &str) -> Option<Tense> {
        self.auxiliaries.get(word).copied()
    }

    /// Whether the word at a token may stand between a source and its verb: *he also later said*.
    pub(crate) fn is_interposed(&self, text: &Text, at: usize) -> bool {
        let word = text.word(at);
        let ends = |ending: &String| word.ends_with(ending.as_str());
        self.auxiliary(word).is_some()
            || self.negators.contains(word)
            || self.interposed.contains(word)
            || word.len() > 4
                && self.interposed_endings.iter().any(ends)
                && !text.is_capitalised(at)
    }

    /// Whether a word speaks of combat or loss.
    pub(crate) fn is_combat(&self, word: &str) -> bool {
        self.combat
            .iter()
            .any(|beginning| word.starts_with(beginning.as_str()))
    }

    /// Whether a word stands for something that was asserted.
    pub(crate) fn is_assertion(&self, word: &str) -> bool {
        self.assertions
            .iter()
            .any(|beginning| word.starts_with(beginning.as_str()))
    }

    /// Whether the word at a token names the other side of whoever speaks.
    pub(crate) fn is_other_side(&self, text: &Text, at: usize) -> bool {
        let word = text.word(at);
        self.others.iter().any(|(beginning, capital)| {
            word.starts_with(beginning.as_str()) && (!capital || text.is_capitalised(at))
        })
    }

    /// Whether a word names somebody who speaks for no public body.
    pub(crate) fn is_private(&self, word: &str) -> bool {
        self.private
            .iter()
            .any(|beginning| word.starts_with(beginning.as_str()))
    }

    /// What the word at a token may be as a verb, its neighbours left aside.
    pub(crate) fn form(&self, word: &str) -> Option<Form> {
        let listed = self.forms.get(word).copied();
        listed.unwrap_or_else(|| self.form_by_ending(word))
    }

    /// The same of a word that no list has.
    pub(crate) fn form_by_ending(&self, word: &str) -> Option<Form> {
        if word.chars().count() < 4 {
            return None;
        }
        if self.language == Language::En {
            return if word.ends_with("ed") {
                Some(Form::PastOrParticiple)
            } else if word.ends_with("ing") && word.len() > 5 {
                Some(Form::Gerund)
            } else {
                None
            };
        }
        self.endings
            .get(&word.chars().next_back()?)?
            .iter()
            .find(|(ending, _)| word.ends_with(ending.as_str()))
            .map(|&(_, tense)| Form::Finite(tense))
    }

    /// The tense of the finite verb at token `at`; none where the word is no predicate there.
    pub(crate) fn finite(&self, text: &Text, at: usize, start: usize) -> Option<Tense> {
        if text.token(at).kind != Kind::Word {
            return None;
        }
        let word = text.word(at);
        let form = self.form(word)?;
        let before = if at > start { text.word(at - 1) } else { "" };
        if self.auxiliary(word).is_none()
            && (self.determiners.contains(before)
                || self.prepositions.contains(before)
                || before == "'s"
                || (at > start && text.is_capitalised(at)))
        {
            return None;
        }
        match form {
            Form::Finite(tense) => Some(tense),
            Form::PastOrParticiple => Some(Tense::Past),
            Form::PresentOrNoun => {
                // What stands right after a verb is its object: *imposed sanctions on*.
                let object = at > start
                    && matches!(
                        self.verbs.get(before),
                        Some(Form::PastOrParticiple | Form::Base)
                    );
                let after = text.word(at + 1);
                let follows = self.determiners.contains(after)
                    || self.that.contains(after)
                    || self.prepositions.contains(after)
                    || after == "to"
                    || self.own.contains(after)
                    || (at + 1 < text.len() && text.is_capitalised(at + 1))
                    || text.is_wordlike(at + 1) && text.token(at + 1).kind == Kind::Number
                    || self.form(after).is_none() && text.is_wordlike(at + 1);
                (at > start && !object && text.is_wordlike(at - 1) && follows)
                    .then_some(Tense::Present)
            }
            Form::Base => {
                // A bare form is finite after a plural or a pronoun: *they plan*, *officials say*.
                let plural = before.ends_with('s') && before.len() > 3
                    || matches!(before, "they" | "we" | "you" | "i" | "people" | "troops");
                (plural && at > start).then_some(Tense::Present)
            }
            Form::Gerund => None,
        }
    }
}

/// Every form of English verbs. The base form loses to none but an auxiliary.
fn english_forms(regular: &[String], irregular: &[String]) -> FxHashMap<String, Form> {
    let mut forms = FxHashMap::default();
    for line in irregular {
        let mut words = line.split_whitespace();
        let Some(base) = words.next() else { continue };
        for past in words {
            forms.insert(past.to_owned(), Form::PastOrParticiple);
        }
        forms.entry(base.to_owned()).or_insert(Form::Base);
        forms.insert(third_person(base), Form::PresentOrNoun);
        forms.insert(gerund(base), Form::Gerund);
    }
    for base in regular {
        forms.insert(past(base), Form::PastOrParticiple);
        forms.insert(third_person(base), Form::PresentOrNoun);
        forms.insert(gerund(base), Form::Gerund);
        forms.entry(base.clone()).or_insert(Form::Base);
    }
    forms
}

pub(crate) fn third_person(base: &str) -> String {
    if base.ends_with('y') && !ends_with_vowel_y(base) {
        format!("{}ies", &base[..base.len() - 1])
    } else if base.ends_with(['s', 'x', 'z', 'o']) || base.ends_with("ch") || base.ends_with("sh") {
        format!("{base}es")
    } else {
        format!("{base}s")
    }
}

pub(crate) fn past(base: &str) -> String {
    if base.ends_with('e') {
        format!("{base}d")
    } else if base.ends_with('y') && !ends_with_vowel_y(base) {
        format!("{}ied", &base[..base.len() - 1])
    } else {
        format!("{base}ed")
    }
}

pub(crate) fn gerund(base: &str) -> String {
    match base.strip_suffix('e') {
        Some(stem) if !base.ends_with("ee") => format!("{stem}ing"),
        _ => format!("{base}ing"),
    }
}

fn ends_with_vowel_y(base: &str) -> bool {
    ["ay", "ey", "oy", "uy"]
        .iter()
        .any(|ending| base.ends_with(ending))
}
