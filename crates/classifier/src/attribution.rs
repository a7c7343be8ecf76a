//! Attribution: who is said to have said what, and by which words.

mod phrase;

use std::ops::Range;

use wire::Language;
use wire::entity::EntityType;

use crate::analysis::Analysis;
use crate::cue::{Category, Hit, SourceAt};
use crate::mention::{self, Mention};
use crate::text::Kind;

/// Tokens that a source may take up.
const LONGEST_SOURCE: usize = 25;

/// An attribution, by tokens.
#[derive(Clone, Debug)]
pub(crate) struct Attributed {
    pub(crate) hit: Hit,
    pub(crate) source: Range<usize>,
    pub(crate) content: Range<usize>,
    /// The mention that names the source.
    pub(crate) mention: Option<usize>,
    /// For a pronoun, the mention it stands for.
    pub(crate) pronoun_of: Option<usize>,
    /// Whether the content stands before the cue and the whole sentence up to it is meant.
    pub(crate) postposed: bool,
}

/// The attribution that a cue makes; none where it has no source.
pub(crate) fn of(
    analysis: &Analysis<'_>,
    sentence: &Range<usize>,
    bounds: &Range<usize>,
    hit: &Hit,
) -> Option<Attributed> {
    let finder = Finder {
        analysis,
        sentence,
        bounds,
        hit,
    };
    if analysis.text.word(hit.tokens.start) == ":" {
        return finder.colon();
    }
    match analysis.cues.get(hit).source {
        SourceAt::None => None,
        SourceAt::Itself => finder.itself(),
        SourceAt::After => finder.after(),
        SourceAt::Before => finder.before(),
        SourceAt::Subject => finder.subject(),
    }
}

struct Finder<'a> {
    analysis: &'a Analysis<'a>,
    sentence: &'a Range<usize>,
    bounds: &'a Range<usize>,
    hit: &'a Hit,
}

impl Finder<'_> {
    /// *Stoltenberg: NATO will …*: a short name, a colon, what was said.
    fn colon(&self) -> Option<Attributed> {
        let at = self.hit.tokens.start;
        let left = self.sentence.start..at;
        let text = &self.analysis.text;
        let last = (left.start..left.end).rfind(|&token| text.is_wordlike(token));
        // The name closes the stretch and no preposition governs it: *War in Ukraine: …* and
        // *Ukraine latest: …* name the subject, as a country by itself does.
        let named = mention::within(&self.analysis.mentions, &left)
            .iter()
            .any(|mention| {
                let closes = last.is_some_and(|last| mention.tokens.contains(&last));
                let titled = mention.kind == EntityType::Role
                    && (mention.tokens.end..left.end).all(|token| text.is_capitalised(token));
                let from = mention.tokens.start.saturating_sub(2).max(left.start);
                let governed = (from..mention.tokens.start).any(|token| {
                    self.analysis
                        .lexicon
                        .prepositions
                        .contains(text.word(token))
                });
                let country = mention.kind == EntityType::Place
                    && mention
                        .entry(self.analysis.dictionary)
                        .is_some_and(|entry| entry.is_country);
                is_source(mention) && (closes || titled) && !governed && !country
            });
        let short = left.len() <= 7 && left.clone().all(|token| !self.is_finite(token));
        (named && short && at + 2 < self.sentence.end)
            .then(|| self.attributed(left, at + 1..self.sentence.end, false))
    }

    fn itself(&self) -> Option<Attributed> {
        let cue = self.hit.tokens.clone();
        let right = self.content_right(cue.end);
        let content = if self.words(&right) >= 3 {
            right
        } else {
            self.bounds.start..cue.start
        };
        Some(self.attributed(cue, content, false))
    }

    fn after(&self) -> Option<Attributed> {
        let start = self.hit.tokens.end;
        let mut end = self.noun_phrase_right(start, self.sentence.end);
        if end == start {
            return None;
        }
        // The phrase that opens a sentence may be closed by its verb alone: *Laut NATO hat …*.
        let leading = self.words(&(self.bounds.start..self.hit.tokens.start)) <= 2;
        let content = if leading {
            let next = if self.is_comma(end) { end + 1 } else { end };
            next..self.sentence.end
        } else {
            end = end.min(self.bounds.end.max(start + 1));
            self.sentence.start..self.trim_comma(self.hit.tokens.start)
        };
        Some(self.attributed(start..end, content, !leading))
    }

    fn before(&self) -> Option<Attributed> {
        let end = self.hit.tokens.start;
        let start = self.noun_phrase_left(end);
        (start < end).then(|| {
            let right = self.hit.tokens.end..self.sentence.end;
            let right = self.skip_comma(right);
            if self.words(&right) >= 3 {
                self.attributed(start..end, right, false)
            } else {
                self.attributed(start..end, self.sentence.start..start, true)
            }
        })
    }

    fn subject(&self) -> Option<Attributed> {
        let text = &self.analysis.text;
        let lexicon = self.analysis.lexicon;
        let cue = &self.hit.tokens;
        // The agent of a passive: *was confirmed by X*.
        if lexicon.by.contains(text.word(cue.end)) {
            let end = self.noun_phrase_right(cue.end + 1, self.sentence.end);
            if end > cue.end + 1 {
                let content = self.bounds.start..cue.start;
                return Some(self.attributed(cue.end + 1..end, content, false));
            }
        }
        let before = cue
            .start
            .checked_sub(1)
            .filter(|&at| at >= self.sentence.start);
        let left_speaks = (self.sentence.start..cue.start).any(|at| self.is_finite(at));
        let closes = before.is_some_and(|at| self.is_comma(at) || self.is_quote(at));
        // *"…," said X*: the content before, the source after.
        // Outside English a verb right after a comma has its subject behind it.
        let inverted = self.analysis.language != Language::En
            && before.is_some_and(|at| self.is_comma(at))
            && self.words(&(self.sentence.start..cue.start)) >= 4;
        if closes && (left_speaks || inverted || before.is_some_and(|at| self.is_quote(at))) {
            let end = self.noun_phrase_right(cue.end, self.sentence.end);
            let ends_here = end >= self.sentence.end
                || !text.is_wordlike(end)
                || lexicon.prepositions.contains(text.word(end));
            // *Shmyhal, the premier, said on Monday*: what a preposition opens is no source.
            let dated = lexicon.prepositions.contains(text.word(cue.end));
            if end > cue.end && ends_here && !dated && !self.is_appositive(cue.start) {
                let content = self.sentence.start..self.trim_comma(cue.start);
                return Some(self.attributed(cue.end..end, content, true));
            }
        }
        let start = self.noun_phrase_left(cue.start);
        let mut source = start..self.auxiliaries_left(cue.start, start);
        let english = self.analysis.language == Language::En;
        let opens = source
            .clone()
            .next()
            .is_some_and(|at| !lexicon.prepositions.contains(text.word(at)));
        if english && source.is_empty() {
            return None;
        }
        if source.is_empty() || !(self.names_someone(&source) || english && opens) {
            // *W poniedziałek powiedział Tusk, że …*: the subject after its verb.
            let end = self.noun_phrase_right(cue.end, self.sentence.end);
            // What a preposition governs is no subject: *Mayor describes strikes on Odesa*.
            let governed = (cue.end..end)
                .find(|&at| lexicon.prepositions.contains(text.word(at)))
                .unwrap_or(end);
            if end > cue.end && self.names_someone(&(cue.end..governed)) {
                let content = self.content_right(end);
                if self.words(&content) >= 2 {
                    return Some(self.attributed(cue.end..end, content, false));
                }
                let left = self.sentence.start..self.trim_comma(cue.start);
                return Some(self.attributed(cue.end..end, left, true));
            }
        }
        if source.is_empty() {
            return None;
        }
        let comma = source.start > self.sentence.start
            && (self.is_comma(source.start - 1) || self.is_quote(source.start - 1));
        let right = self.content_right(cue.end);
        let left_clause = (self.sentence.start..source.start).any(|at| self.is_finite(at));
        let trailing = self.words(&right) < 2
            || !right
                .clone()
                .any(|at| self.is_finite(at) || self.is_quote(at))
                && !lexicon.that.contains(text.word(cue.end));
        let nothing = self.words(&right) == 0;
        if comma && (left_clause || nothing || self.is_quote(source.start - 1)) && trailing {
            let content = self.sentence.start..self.trim_comma(source.start);
            return Some(self.attributed(source, content, true));
        }
        while source.start < source.end && !text.is_wordlike(source.start) {
            source.start += 1;
        }
        if self.words(&right) > 0 {
            return Some(self.attributed(source, right, false));
        }
        // A verb in two parts encloses what it is about: *sagte der Ukraine Drohnen zu*.
        let enclosed = cue.start + 1..cue.end.saturating_sub(1).max(cue.start + 1);
        (self.words(&enclosed) > 0).then(|| self.attributed(source, enclosed, false))
    }

    fn attributed(
        &self,
        source: Range<usize>,
        content: Range<usize>,
        postposed: bool,
    ) -> Attributed {
        let text = &self.analysis.text;
        let mut source = source;
        while source.end > source.start + 1 && !text.is_wordlike(source.end - 1) {
            source.end -= 1;
        }
        while source.start + 1 < source.end && !text.is_wordlike(source.start) {
            source.start += 1;
        }
        let mut content = content.start..content.end.max(content.start);
        while content.end > content.start
            && !text.is_wordlike(content.end - 1)
            && !self.is_quote(content.end - 1)
        {
            content.end -= 1;
        }
        Attributed {
            mention: head(self.analysis, &source),
            pronoun_of: pronoun(self.analysis, &source),
            hit: self.hit.clone(),
            source,
            content,
            postposed,
        }
    }

    fn names_someone(&self, source: &Range<usize>) -> bool {
        let text = &self.analysis.text;
        head(self.analysis, source).is_some()
            || source
                .clone()
                .any(|at| self.analysis.lexicon.persons.contains(text.word(at)))
            || source.clone().skip(1).any(|at| text.is_capitalised(at))
            || self
                .analysis
                .hits_in(source)
                .any(|hit| self.analysis.cues.get(hit).category == Category::Anonymous)
    }

    fn content_right(&self, start: usize) -> Range<usize> {
        let text = &self.analysis.text;
        let mut start = start;
        while start < self.sentence.end
            && (!text.is_wordlike(start) || self.analysis.lexicon.that.contains(text.word(start)))
            && !self.is_quote(start)
        {
            start += 1;
        }
        start..self.sentence.end.min(self.bounds.end.max(start))
    }

    fn skip_comma(&self, range: Range<usize>) -> Range<usize> {
        if self.is_comma(range.start) {
            range.start + 1..range.end
        } else {
            range
        }
    }

    fn trim_comma(&self, end: usize) -> usize {
        if end > self.sentence.start && self.is_comma(end - 1) {
            end - 1
        } else {
            end
        }
    }

    /// Whether the comma before `at` closes an apposition: *Rutte, the NATO chief, said*.
    fn is_appositive(&self, at: usize) -> bool {
        let Some(comma) = at.checked_sub(1).filter(|&comma| self.is_comma(comma)) else {
            return false;
        };
        let Some(open) = (self.sentence.start..comma)
            .rev()
            .find(|&open| self.is_comma(open))
        else {
            return false;
        };
        let verb = (self.sentence.start..open).any(|token| self.is_finite(token));
        !verb
            && mention::within(&self.analysis.mentions, &(self.sentence.start..open))
                .iter()
                .any(is_source)
    }

    fn is_comma(&self, at: usize) -> bool {
        self.analysis.text.word(at) == ","
    }

    fn is_quote(&self, at: usize) -> bool {
        at < self.analysis.text.len() && self.analysis.text.token(at).kind == Kind::Quote
    }

    fn is_finite(&self, at: usize) -> bool {
        self.analysis.is_finite(at)
    }

    fn words(&self, range: &Range<usize>) -> usize {
        range
            .clone()
            .filter(|&at| self.analysis.text.is_wordlike(at))
            .count()
    }
}

/// The mention that a source names, or that its pronoun stands for.
pub(crate) fn named(analysis: &Analysis<'_>, source: &Range<usize>) -> Option<usize> {
    head(analysis, source).or_else(|| pronoun(analysis, source))
}

/// The mention that names the source: a person before a body before an office before a place.
fn head(analysis: &Analysis<'_>, source: &Range<usize>) -> Option<usize> {
    let first = analysis
        .mentions
        .partition_point(|mention| mention.tokens.start < source.start);
    let inside = mention::within(&analysis.mentions, source);
    inside
        .iter()
        .enumerate()
        .filter(|(_, mention)| is_source(mention))
        .min_by_key(|(_, mention)| rank(mention.kind))
        .map(|(index, _)| first + index)
}

/// The last person or body named before a pronoun.
fn pronoun(analysis: &Analysis<'_>, source: &Range<usize>) -> Option<usize> {
    if source.len() != 1
        || !analysis
            .lexicon
            .persons
            .contains(analysis.text.word(source.start))
    {
        return None;
    }
    let before = analysis
        .mentions
        .partition_point(|mention| mention.tokens.start < source.start);
    let last = (0..before).rev().take(mention::REMEMBERED).find(|&index| {
        matches!(
            analysis.mentions[index].kind,
            EntityType::Person | EntityType::Role
        )
    })?;
    // Somebody whose name is not known may have been named since; then it is anybody's guess.
    let since = analysis.mentions[last].tokens.end..source.start;
    (!analysis.names_a_stranger(&since)).then_some(last)
}

/// Whether a mention can be the one who speaks.
fn is_source(mention: &Mention) -> bool {
    rank(mention.kind) < 9
}

fn rank(kind: EntityType) -> u8 {
    match kind {
        EntityType::Person => 0,
        EntityType::NatoBody | EntityType::Organisation => 1,
        EntityType::Role => 2,
        EntityType::Place => 3,
        EntityType::Demonym => 4,
        _ => 9,
    }
}
