//! The words of a sentence, contractions taken apart, and the classes that they can have.

use std::ops::Range;

use crate::text::{Kind, Text};

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
    pub(super) capital: bool,
}

pub(super) fn starts_word(form: &str) -> bool {
    form.starts_with(char::is_alphanumeric)
}

/// The words of a sentence, contractions taken apart and the halves of a quotation mark put together.
pub(super) fn words<'a>(text: &'a Text, sentence: &Range<usize>) -> Vec<Word<'a>> {
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
