//! Predicates of a sentence, the auxiliaries around each, and the word that governs it.
//!
//! Everything looks a bounded number of words back, so that a text is read in linear time.

use crate::grammar::{Grammar, Tag, Word};

/// Words before a verb that may belong to it: *has not yet been*.
const GROUP_REACH: usize = 7;
/// Words before a conjunction in which the verb that it joins to is looked for.
const JOIN_REACH: usize = 12;
/// Words between a subject's negation and its verb.
const SUBJECT_REACH: usize = 7;
/// Words before a clause in which the verb that it depends on is looked for.
const CLAUSE_REACH: usize = 14;
/// Words before an infinitive, a gerund or a noun in which its verb is looked for.
const INFINITIVE_REACH: usize = 8;
const OBJECT_REACH: usize = 5;

/// A sentence's words with the grammar that read them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sentence<'a> {
    pub(crate) words: &'a [Word<'a>],
    pub(crate) grammar: &'a Grammar,
}

/// The auxiliaries, negation and adverbs that stand before a verb.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group<'a> {
    /// The first of its words; where it is joined to another verb, the first of that one's.
    pub(crate) start: usize,
    pub(crate) modal: &'a str,
    pub(crate) negated: bool,
    pub(crate) be: bool,
    pub(crate) have: bool,
    pub(crate) does: bool,
    /// The *to* of an infinitive.
    pub(crate) to: Option<usize>,
    /// Taken from the verb that this one is joined to: *to meet and talk*.
    pub(crate) joined: bool,
    pub(crate) adverbs: Vec<&'a str>,
    /// A quantifier in the subject: *no*, *few*.
    pub(crate) quantifier: &'a str,
    /// An auxiliary before the subject: *Did they go?*
    pub(crate) inverted: &'a str,
}

impl Group<'_> {
    /// Whether the verb is negated, by itself or in its subject.
    pub(crate) fn is_negative(&self) -> bool {
        self.negated
            || matches!(
                self.quantifier,
                "no" | "nobody" | "none" | "nothing" | "neither" | "nor"
            )
    }

    /// The group in one word, such as `would-have` or `not-perfect`.
    pub(crate) fn summary(&self) -> String {
        let parts = [
            (!self.modal.is_empty()).then_some(self.modal),
            (self.modal.is_empty() && self.to.is_some()).then_some("to"),
            self.negated.then_some("not"),
            (self.is_negative() && !self.negated).then_some("no-subject"),
            self.have.then_some("perfect"),
            self.be.then_some("be"),
        ];
        let present: Vec<&str> = parts.into_iter().flatten().collect();
        if present.is_empty() {
            "bare".to_owned()
        } else {
            present.join("-")
        }
    }
}

/// How a predicate hangs on its governor.
#[derive(Clone, Debug, Default)]
pub(crate) struct Governed {
    pub(crate) by: Option<usize>,
    pub(crate) relation: &'static str,
}

impl<'a> Sentence<'a> {
    pub(crate) fn tag(&self, at: usize) -> Tag {
        self.words.get(at).map_or(Tag::Mark, |word| word.tag)
    }

    pub(crate) fn form(&self, at: usize) -> &'a str {
        self.words.get(at).map_or("", |word| word.form)
    }

    pub(crate) fn lemma(&self, at: usize) -> &'a str {
        self.grammar.lemma(self.form(at))
    }

    /// Marks that end a stretch of speech or a main clause.
    pub(crate) fn is_border(&self, at: usize) -> bool {
        matches!(self.form(at), ";" | ":" | "\"")
    }

    /// Whether a word is a predicate or part of one: what denotes an event or a state.
    pub(crate) fn is_predicate(&self, at: usize, is_event: impl Fn(&str) -> bool) -> bool {
        let form = self.form(at);
        match self.tag(at) {
            Tag::Be | Tag::Have | Tag::Do => self.stands_alone(at),
            tag if tag.is_verb() || tag == Tag::Attribute => true,
            Tag::Adjective => is_event(form) || self.follows_copula(at),
            Tag::Noun | Tag::Plural => {
                self.grammar.names_event(form) || is_event(form) || self.follows_copula(at)
            }
            Tag::Modal | Tag::Adverb => false,
            _ => is_event(form),
        }
    }

    /// Whether an auxiliary has no verb after it.
    fn stands_alone(&self, at: usize) -> bool {
        let after = (at + 1..at + 5).find(|&next| {
            !matches!(
                self.tag(next),
                Tag::Adverb | Tag::Negator | Tag::Be | Tag::Have
            )
        });
        let next = after.map_or(Tag::Mark, |next| self.tag(next));
        let continues = matches!(next, Tag::Participle | Tag::Infinitive)
            || self.tag(at) == Tag::Be && next == Tag::Gerund;
        !continues
    }

    fn follows_copula(&self, at: usize) -> bool {
        let before = (at.saturating_sub(3)..at).rev().find(|&before| {
            !matches!(
                self.tag(before),
                Tag::Adverb | Tag::Negator | Tag::Determiner
            )
        });
        before.is_some_and(|before| self.tag(before) == Tag::Be)
    }

    /// The auxiliaries of the verb at `at`, or of the verb that it is joined to.
    pub(crate) fn group(&self, at: usize) -> Group<'a> {
        let start = self.group_start(at);
        let conjunction = start == at && at > 0 && self.tag(at - 1) == Tag::Conjunction;
        match conjunction.then(|| self.joined_to(at)).flatten() {
            Some(first) => self.group_of(self.group_start(first), first, at),
            None => self.group_of(start, at, at),
        }
    }

    fn group_start(&self, at: usize) -> usize {
        let mut start = at;
        while start > 0 && at - start < GROUP_REACH {
            let before = self.tag(start - 1);
            let belongs =
                before.is_auxiliary() || matches!(before, Tag::Negator | Tag::To | Tag::Adverb);
            if !belongs {
                break;
            }
            start -= 1;
            if before == Tag::To {
                break;
            }
        }
        start
    }

    /// The verb of the same form before the conjunction.
    pub(crate) fn joined_to(&self, at: usize) -> Option<usize> {
        let conjunction = at.checked_sub(1)?;
        let own = self.tag(at);
        (conjunction.saturating_sub(JOIN_REACH)..conjunction)
            .rev()
            .take_while(|&before| !self.is_border(before))
            .find(|&before| {
                let other = self.tag(before);
                other == own && own.is_verb()
                    || matches!(own, Tag::Present | Tag::Noun) && other == Tag::Infinitive
                    || matches!(own, Tag::Past | Tag::Participle)
                        && matches!(other, Tag::Past | Tag::Participle)
            })
    }

    fn group_of(&self, start: usize, end: usize, verb: usize) -> Group<'a> {
        let mut group = Group {
            start,
            joined: end < verb,
            ..Group::default()
        };
        for at in (start..end).rev() {
            let form = self.form(at);
            match self.tag(at) {
                Tag::Modal => group.modal = form,
                Tag::Be => group.be = true,
                Tag::Have => group.have = true,
                Tag::Do => group.does = true,
                Tag::To => group.to = Some(at),
                Tag::Negator => {
                    group.negated = true;
                    if form != "not" {
                        group.adverbs.push(form);
                    }
                }
                _ => group.adverbs.push(form),
            }
        }
        if group.to.is_none() {
            group.quantifier = (start.saturating_sub(SUBJECT_REACH)..start)
                .rev()
                .take_while(|&at| !self.tag(at).is_verb() && self.tag(at) != Tag::Mark)
                .map(|at| self.form(at))
                .find(|form| self.grammar.is_quantifier(form))
                .unwrap_or_default();
        }
        let bare = group.modal.is_empty() && !group.does;
        if bare && matches!(self.tag(verb), Tag::Infinitive | Tag::Present | Tag::Noun) {
            group.inverted = (start.saturating_sub(4)..start)
                .rev()
                .take_while(|&at| !self.tag(at).is_verb() && self.tag(at) != Tag::Mark)
                .find(|&at| matches!(self.tag(at), Tag::Modal | Tag::Do))
                .map_or("", |at| self.form(at));
        }
        group
    }

    /// What governs the predicate at `at`, whose auxiliaries are `group`.
    pub(crate) fn governor(&self, at: usize, group: Option<&Group<'_>>) -> Governed {
        let Some(group) = group else {
            return self.noun_governor(at);
        };
        if let Some(to) = group.to {
            return self.infinitive_governor(to);
        }
        let Some(before) = group.start.checked_sub(1) else {
            return governed(None, "none");
        };
        match self.tag(at) {
            Tag::Gerund if !group.be => {
                let relation = match self.tag(before) {
                    Tag::Preposition if self.form(before) == "from" => "gerund-from",
                    Tag::Preposition => "gerund-after-preposition",
                    Tag::Negator => "gerund-without",
                    _ => "gerund",
                };
                governed(self.verb_before(before, OBJECT_REACH), relation)
            }
            Tag::Participle if !group.be && !group.have => {
                governed(self.verb_before(before, OBJECT_REACH + 1), "participle")
            }
            Tag::Attribute => governed(self.verb_before(before, OBJECT_REACH + 1), "participle"),
            _ => self.clause_governor(before),
        }
    }

    fn noun_governor(&self, at: usize) -> Governed {
        let by = at
            .checked_sub(1)
            .and_then(|before| self.verb_before(before, INFINITIVE_REACH));
        let mut relation = "object";
        for before in (at.saturating_sub(OBJECT_REACH)..at).rev() {
            match self.tag(before) {
                Tag::Preposition | Tag::To => {
                    relation = after_preposition(self.form(before));
                    break;
                }
                Tag::Be => {
                    relation = "predicate-noun";
                    break;
                }
                Tag::Mark => {
                    relation = "after-mark";
                    break;
                }
                tag if tag.is_verb() => break,
                _ => {}
            }
        }
        governed(by, relation)
    }

    /// The nearest verb at or before a word that is no auxiliary of the next.
    fn verb_before(&self, from: usize, reach: usize) -> Option<usize> {
        for at in (from.saturating_sub(reach - 1)..=from).rev() {
            if matches!(self.form(at), ";" | "." | "\"") {
                return None;
            }
            let helps = matches!(self.tag(at), Tag::Be | Tag::Have) && self.tag(at + 1).is_verb();
            if self.tag(at).is_verb() && !helps {
                return Some(at);
            }
        }
        None
    }

    fn infinitive_governor(&self, to: usize) -> Governed {
        let before = (to.saturating_sub(4)..to)
            .rev()
            .find(|&at| !matches!(self.tag(at), Tag::Adverb | Tag::Negator));
        let Some(before) = before else {
            return governed(None, "infinitive");
        };
        let verb = |reach| self.verb_before(before, reach);
        match self.tag(before) {
            Tag::Be => governed(Some(before), "be-to"),
            tag if tag.is_verb() => governed(Some(before), "infinitive"),
            Tag::Adjective | Tag::Attribute => governed(Some(before), "infinitive-of-adjective"),
            Tag::Noun | Tag::Plural => {
                let object = verb(OBJECT_REACH);
                if object.is_some() && !self.grammar.is_governing(self.lemma(before)) {
                    return governed(object, "infinitive-after-object");
                }
                governed(Some(before), "infinitive-of-noun")
            }
            Tag::Name | Tag::Pronoun | Tag::Number | Tag::Determiner
                if verb(OBJECT_REACH).is_some() =>
            {
                governed(verb(OBJECT_REACH), "infinitive-of-object")
            }
            _ => match verb(INFINITIVE_REACH) {
                Some(verb) => governed(Some(verb), "purpose"),
                None => governed(Some(before), "infinitive-far"),
            },
        }
    }

    /// The verb that a finite clause depends on: *said (that)*.
    fn clause_governor(&self, from: usize) -> Governed {
        for at in (from.saturating_sub(CLAUSE_REACH - 1)..=from).rev() {
            let form = self.form(at);
            match form {
                "that" => return self.that_governor(at),
                "which" | "who" => return governed(None, "relative"),
                "if" | "unless" | "whether" => {
                    let verb = at.checked_sub(1).and_then(|at| self.verb_before(at, 3));
                    let relation = if form == "whether" {
                        "whether"
                    } else {
                        "condition"
                    };
                    return governed(verb, relation);
                }
                _ if self.tag(at).is_verb() => {
                    let relation = if from - at < 8 {
                        "clause"
                    } else {
                        "clause-far"
                    };
                    return governed(Some(at), relation);
                }
                _ if self.is_border(at) => return governed(None, "quoted"),
                _ => {}
            }
        }
        governed(None, "none")
    }

    fn that_governor(&self, that: usize) -> Governed {
        let before = (that.saturating_sub(4)..that)
            .rev()
            .find(|&at| self.tag(at) != Tag::Adverb);
        let Some(before) = before else {
            return governed(None, "that");
        };
        match self.tag(before) {
            tag if tag.is_verb() => governed(Some(before), "that"),
            tag if tag.is_noun() => governed(Some(before), "that-of-noun"),
            _ => governed(self.verb_before(before, 4), "that"),
        }
    }

    /// The governor of a governor.
    pub(crate) fn governor_of_verb(&self, at: usize, group: &Group<'_>) -> Option<usize> {
        if let Some(to) = group.to {
            return self.infinitive_governor(to).by;
        }
        let before = group.start.checked_sub(1)?;
        if self.tag(at) == Tag::Gerund {
            return self.verb_before(before, OBJECT_REACH);
        }
        self.clause_governor(before).by
    }
}

fn governed(by: Option<usize>, relation: &'static str) -> Governed {
    Governed { by, relation }
}

fn after_preposition(form: &str) -> &'static str {
    match form {
        "of" => "of",
        "for" => "for",
        "on" => "on",
        "from" => "from",
        "to" => "noun-after-to",
        "about" => "about",
        "in" => "in",
        "against" => "against",
        "by" => "by",
        "before" => "before",
        "after" => "after",
        "at" => "at",
        "with" => "with",
        _ => "after-preposition",
    }
}
