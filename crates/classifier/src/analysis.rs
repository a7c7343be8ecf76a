//! A text read once: everything that the rules look at.

use std::ops::Range;

use wire::Language;
use wire::claim::Tense;

use crate::attribution::{self, Attributed};
use crate::cue::{Category, Cues, Hit, SourceAt};
use crate::dictionary::Dictionary;
use crate::lexicon::{Form, Lexicon};
use crate::mention::Mention;
use crate::sentence::{self, Segment};
use crate::text::Text;

/// Tokens before a verb in which a negation turns it round.
const NEGATION_REACH: usize = 4;

/// Tokens after a person in which a stranger is looked for, so that reading stays linear.
const STRANGER_REACH: usize = 200;

/// Words that a sentence without a known verb must have to say something.
const SHORTEST_CLAUSE: usize = 4;

/// Sentences, claims' stretches, cues and attributions of one text.
#[derive(Debug)]
pub(crate) struct Analysis<'a> {
    pub(crate) text: Text,
    pub(crate) language: Language,
    pub(crate) lexicon: &'a Lexicon,
    pub(crate) cues: &'a Cues,
    pub(crate) dictionary: &'a Dictionary,
    pub(crate) sentences: Vec<Range<usize>>,
    pub(crate) mentions: Vec<Mention>,
    /// Every sentence's cues, in text order.
    pub(crate) hits: Vec<Hit>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) attributions: Vec<Attributed>,
    /// The day the item was published (ISO 8601); empty when unknown.
    pub(crate) date: String,
    /// Whether a cue such as *failed to* negates what follows, by token.
    negating: Vec<bool>,
    /// The tense of each finite verb, by token.
    finite: Vec<Option<Tense>>,
}

impl<'a> Analysis<'a> {
    pub(crate) fn new(
        text: Text,
        lexicon: &'a Lexicon,
        cues: &'a Cues,
        dictionary: &'a Dictionary,
        sentences: Vec<Range<usize>>,
        mentions: Vec<Mention>,
        date: String,
    ) -> Self {
        let mut hits = Vec::new();
        for sentence in &sentences {
            hits.extend(cues.find(&text, lexicon.language, sentence));
        }
        let mut analysis = Self {
            language: lexicon.language,
            finite: vec![None; text.len()],
            negating: vec![false; text.len()],
            text,
            lexicon,
            cues,
            dictionary,
            sentences,
            mentions,
            hits,
            segments: Vec::new(),
            attributions: Vec::new(),
            date,
        };
        analysis.find_negating();
        analysis.drop_nouns();
        analysis.drop_passives();
        analysis.find_finite();
        analysis.turn_negated();
        analysis.segment();
        analysis.attribute();
        analysis
    }

    pub(crate) fn is_finite(&self, at: usize) -> bool {
        self.tense(at).is_some()
    }

    /// The tense of the finite verb at a token.
    pub(crate) fn tense(&self, at: usize) -> Option<Tense> {
        self.finite.get(at).copied().flatten()
    }

    /// Whether a segment says something: it has a verb that is known, or is a whole sentence or a
    /// headline, whose verb is only not in the lists.
    pub(crate) fn predicates(&self, segment: &Segment) -> bool {
        let sentence = &self.sentences[segment.sentence];
        let whole = || {
            let words = segment.tokens.clone();
            let words = words.filter(|&at| self.text.is_wordlike(at)).count();
            let last = sentence.end.saturating_sub(2)..sentence.end;
            let ends = last
                .into_iter()
                .any(|at| matches!(self.text.word(at), "." | "?" | "!" | "…"));
            let headline = self.text.bytes(sentence).end <= self.text.title_end;
            let cued = || self.hits_in(sentence).next().is_some();
            segment.tokens == *sentence && words >= SHORTEST_CLAUSE && (ends || headline || cued())
        };
        segment.tokens.clone().any(|at| self.is_finite(at)) || whole()
    }

    /// Whether a stretch holds two capitalised words in a row that are no known name.
    pub(crate) fn names_a_stranger(&self, range: &Range<usize>) -> bool {
        let text = &self.text;
        let strange = |at: usize| {
            text.is_wordlike(at)
                && text.is_capitalised(at)
                && !self.lexicon.function.contains(text.word(at))
                && !self.lexicon.determiners.contains(text.word(at))
                && !self.is_named(at)
        };
        let stretch = range.start..range.end.min(range.start + STRANGER_REACH);
        stretch
            .clone()
            .zip(stretch.skip(1))
            .any(|(one, next)| strange(one) && strange(next))
    }

    /// Whether a name of the dictionary covers a token.
    pub(crate) fn is_named(&self, at: usize) -> bool {
        let end = self
            .mentions
            .partition_point(|mention| mention.tokens.start <= at);
        // A name lies in at most one value, which begins before it.
        self.mentions[end.saturating_sub(2)..end]
            .iter()
            .any(|mention| mention.entry.is_some() && mention.tokens.contains(&at))
    }

    /// The cues that begin in a range of tokens.
    pub(crate) fn hits_in(&self, tokens: &Range<usize>) -> impl Iterator<Item = &Hit> {
        let start = self
            .hits
            .partition_point(|hit| hit.tokens.start < tokens.start);
        let end = self
            .hits
            .partition_point(|hit| hit.tokens.start < tokens.end);
        self.hits[start..end.max(start)].iter()
    }

    /// The attributions whose cues begin in a range of tokens.
    pub(crate) fn attributions_in(&self, tokens: &Range<usize>) -> &[Attributed] {
        let before = |at: usize| {
            self.attributions
                .partition_point(|attributed| attributed.hit.tokens.start < at)
        };
        let start = before(tokens.start);
        &self.attributions[start..before(tokens.end).max(start)]
    }

    /// The attribution that a cue makes.
    pub(crate) fn attribution_by(&self, hit: &Hit) -> Option<&Attributed> {
        let here = hit.tokens.start..hit.tokens.start + 1;
        self.attributions_in(&here)
            .iter()
            .find(|attributed| attributed.hit == *hit)
    }

    /// The segments of some sentences.
    pub(crate) fn segments_of(&self, sentences: &Range<usize>) -> &[Segment] {
        let before = |number: usize| {
            self.segments
                .partition_point(|segment| segment.sentence < number)
        };
        &self.segments[before(sentences.start)..before(sentences.end)]
    }

    /// Whether a negation stands before token `at` in the same clause, or in its first word.
    pub(crate) fn is_negated(&self, at: usize, floor: usize) -> bool {
        let from = at.saturating_sub(NEGATION_REACH).max(floor);
        let near = (from..at)
            .rev()
            .take_while(|&token| self.text.word(token) != ",");
        near.clone().any(|token| self.is_negator(token))
            || self.is_negator(at + 1) && matches!(self.language, Language::De | Language::Fr)
    }

    pub(crate) fn is_negator(&self, at: usize) -> bool {
        let word = self.text.word(at);
        self.lexicon.negators.contains(word)
            || word.ends_with("n't")
            || self.negating.get(at).is_some_and(|&negating| negating)
    }

    fn find_negating(&mut self) {
        for hit in &self.hits {
            let cue = self.cues.get(hit);
            if cue.category == Category::NegCond && cue.id.contains(".negation.") {
                self.negating[hit.tokens.start] = true;
            }
        }
    }

    /// Drops cues that are verbs in the files and nouns here: *new sanctions*, *the reports of*.
    fn drop_nouns(&mut self) {
        let mut hits = std::mem::take(&mut self.hits);
        hits.retain(|hit| {
            let at = hit.tokens.start;
            let verb = self.cues.get(hit).source == SourceAt::Subject;
            let word = self.text.word(at);
            if verb && (self.is_named(at) || self.is_no_predicate(at)) {
                return false;
            }
            let ambiguous = match self.lexicon.form(word) {
                Some(Form::PresentOrNoun) => true,
                Some(Form::Base) => false,
                _ => return true,
            };
            if !verb || at == 0 {
                return true;
            }
            let before = self.text.word(at - 1);
            let governed = before == "'s"
                || self.lexicon.determiners.contains(before)
                || self.lexicon.prepositions.contains(before);
            // *Deep State showed* has a name for its subject.
            if !ambiguous && self.text.is_capitalised(at) && self.text.is_capitalised(at - 1) {
                return false;
            }
            let subject = self.text.is_capitalised(at - 1)
                || self.lexicon.persons.contains(before)
                || before.ends_with("ly")
                || !self.text.is_wordlike(at - 1);
            let sentence = &self.sentences[self.sentences.partition_point(|range| range.end <= at)];
            let finite = self
                .lexicon
                .finite(&self.text, at, sentence.start)
                .is_some();
            !governed && (subject || finite || !ambiguous)
        });
        self.hits = hits;
    }

    /// Drops a German *wird* that makes a passive, which is no future: *wird beschossen*.
    fn drop_passives(&mut self) {
        if self.language != Language::De {
            return;
        }
        let participle = |word: &str| {
            let marked = word.starts_with("ge")
                || word
                    .char_indices()
                    .take(7)
                    .any(|(at, _)| at > 1 && word[at..].starts_with("ge"));
            word.chars().count() > 4 && (word.ends_with('t') || marked && word.ends_with("en"))
        };
        let mut hits = std::mem::take(&mut self.hits);
        hits.retain(|hit| {
            let future = self.cues.get(hit).category == Category::Future
                && matches!(self.text.word(hit.tokens.start), "wird" | "werden");
            if !future {
                return true;
            }
            let number = self
                .sentences
                .partition_point(|range| range.end <= hit.tokens.start);
            let clause = (hit.tokens.end..self.sentences[number].end)
                .take_while(|&at| self.text.is_wordlike(at) || self.text.word(at) == "-");
            let last = clause.last().map(|at| self.text.word(at));
            !last.is_some_and(participle)
        });
        self.hits = hits;
    }

    /// Whether an English form that could be a verb of saying is a noun, an adjective or an object
    /// here: *her comments*, *an intelligence report*, *over alleged crimes*, *considers suspending*.
    fn is_no_predicate(&self, at: usize) -> bool {
        if self.language != Language::En || at == 0 {
            return false;
        }
        let lexicon = self.lexicon;
        let word = self.text.word(at);
        let before = self.text.word(at - 1);
        let auxiliary = |from: usize| {
            (at.saturating_sub(from)..at)
                .any(|near| lexicon.auxiliary(self.text.word(near)).is_some())
        };
        if word.ends_with("ing") {
            return self.text.is_wordlike(at - 1) && !auxiliary(4);
        }
        let governed = before == "'s"
            || lexicon.determiners.contains(before)
            || lexicon.prepositions.contains(before)
            || before == "for";
        if word.ends_with('s') || word.ends_with("ed") {
            return governed && self.text.is_wordlike(at - 1);
        }
        lexicon.form(word) == Some(Form::Base)
            && (at.saturating_sub(3)..at).any(|near| matches!(self.text.word(near), "a" | "an"))
            && !auxiliary(3)
    }

    fn find_finite(&mut self) {
        for sentence in &self.sentences {
            for at in sentence.clone() {
                // A name is no verb, whatever it ends in.
                self.finite[at] = self.lexicon.finite(&self.text, at, sentence.start);
            }
        }
        for mention in &self.mentions {
            if mention.entry.is_some() {
                self.finite[mention.tokens.clone()].fill(None);
            }
        }
        // *Sources close to* is a name for somebody.
        for hit in &self.hits {
            let names = matches!(
                self.cues.get(hit).category,
                Category::Anonymous | Category::Media | Category::SocialMedia
            );
            if names {
                self.finite[hit.tokens.clone()].fill(None);
            }
        }
        for hit in &self.hits {
            let cue = self.cues.get(hit);
            if cue.source == SourceAt::Subject && self.text.word(hit.tokens.start) != ":" {
                let verb = hit
                    .tokens
                    .clone()
                    .find(|&at| self.finite[at].is_some())
                    .unwrap_or(hit.tokens.start);
                if self.finite[verb].is_none() {
                    self.finite[verb] = Some(Tense::Past);
                }
            }
        }
        // A phrase such as *satellite imagery shows* is a predicate where nothing else is.
        for hit in &self.hits {
            let phrase = matches!(
                self.cues.get(hit).category,
                Category::Verified | Category::ExplicitUnverified
            );
            let number = self
                .sentences
                .partition_point(|range| range.end <= hit.tokens.start);
            let mut sentence = self.sentences[number].clone();
            if phrase && sentence.all(|at| self.finite[at].is_none()) {
                self.finite[hit.tokens.end - 1] = Some(Tense::Present);
            }
        }
    }

    fn turn_negated(&mut self) {
        let mut hits = std::mem::take(&mut self.hits);
        for hit in &mut hits {
            let number = self
                .sentences
                .partition_point(|range| range.end <= hit.tokens.start);
            let floor = self.sentences[number].start;
            hit.negated = matches!(
                self.cues.get(hit).category,
                Category::Confirm
                    | Category::Verified
                    | Category::Denial
                    | Category::OfficialPerformative
            ) && self.is_negated(hit.tokens.start, floor);
        }
        self.hits = hits;
    }

    fn segment(&mut self) {
        let speech = |at: usize| {
            let start = self.hits.partition_point(|hit| hit.tokens.end <= at);
            self.hits.get(start).is_some_and(|hit| {
                hit.tokens.contains(&at) && self.cues.get(hit).source != SourceAt::None
            })
        };
        let finite = |at: usize| self.is_finite(at);
        self.segments =
            sentence::segments(&self.text, self.lexicon, &self.sentences, finite, speech);
    }

    fn attribute(&mut self) {
        let mut found: Vec<Attributed> = Vec::new();
        let mut number = 0;
        for hit in &self.hits {
            while self.segments[number].tokens.end <= hit.tokens.start {
                number += 1;
            }
            let segment = &self.segments[number];
            let sentence = &self.sentences[segment.sentence];
            if let Some(attributed) = attribution::of(self, sentence, &segment.tokens, hit) {
                found.push(attributed);
            }
        }
        self.attributions = found;
    }
}
