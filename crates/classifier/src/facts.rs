//! What the decision table is asked about: the cues that bear on a stretch, who speaks in it, what it
//! predicates.

use std::ops::Range;

use wire::Language;
use wire::claim::SourceClass;

use crate::analysis::Analysis;
use crate::attribution::Attributed;
use crate::cue::{Category, Cue, Direction, FutureKind, Hit, Reach};
use crate::lexicon::Form;
use crate::mention::{self, Mention};
use crate::sentence::Segment;
use crate::source;

/// Tokens after the predicate in which a modal or future cue still bears on it.
const AFTER_HEAD: usize = 3;

/// An attribution with what its source is for its content.
#[derive(Clone, Debug)]
pub(crate) struct Voice<'a> {
    pub(crate) attributed: &'a Attributed,
    pub(crate) class: SourceClass,
    pub(crate) entity: Option<String>,
}

/// What the table is asked about.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) analysis: &'a Analysis<'a>,
    pub(crate) segment: &'a Segment,
    /// The cues that bear on the claim.
    pub(crate) hits: Vec<&'a Hit>,
    /// Who speaks in it, or governs it from outside.
    pub(crate) voices: Vec<Voice<'a>>,
    /// The predicate: the first finite verb of what is said.
    pub(crate) head: Option<usize>,
    /// Where what is said begins.
    pub(crate) content: Range<usize>,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(analysis: &'a Analysis<'a>, number: usize) -> Self {
        let segment = &analysis.segments[number];
        let voices = voices(analysis, number);
        let content = voices.first().map_or(segment.tokens.clone(), |voice| {
            let said = &voice.attributed.content;
            said.start.max(segment.tokens.start)..said.end.min(segment.tokens.end)
        });
        let content = if content.start < content.end {
            content
        } else {
            segment.tokens.clone()
        };
        let finite = |range: &Range<usize>| {
            range
                .clone()
                .find(|&at| segment.is_main(at) && analysis.is_finite(at))
        };
        let head = finite(&content)
            .or_else(|| finite(&segment.tokens))
            .map(|at| main_verb(analysis, at, segment.tokens.end));
        Self {
            hits: bearing(analysis, number),
            analysis,
            segment,
            voices,
            head,
            content,
        }
    }

    pub(crate) fn cue(&self, hit: &Hit) -> &'a Cue {
        self.analysis.cues.get(hit)
    }

    /// The voice that a cue makes.
    pub(crate) fn voice(&self, hit: &Hit) -> Option<&Voice<'a>> {
        self.voices
            .iter()
            .find(|voice| voice.attributed.hit == *hit)
    }

    pub(crate) fn of(&self, category: Category) -> impl Iterator<Item = &'a Hit> {
        self.hits
            .iter()
            .copied()
            .filter(move |hit| self.cue(hit).category == category)
    }

    /// Whether a modal or future cue bears on the predicate.
    pub(crate) fn reaches_head(&self, hit: &Hit) -> bool {
        let Some(head) = self.head else { return true };
        let performed = self.voices.iter().any(|voice| {
            (hit.tokens.end..hit.tokens.end + 3).contains(&voice.attributed.hit.tokens.start)
        });
        (hit.tokens.start >= self.content.start || performed)
            && hit.tokens.start <= head + AFTER_HEAD
            && !(hit.tokens.start.min(head)..head.max(hit.tokens.start))
                .any(|at| matches!(self.analysis.text.word(at), ";" | ":"))
    }

    /// Whether a cue stands in what somebody says: there *would* is the future of the past.
    pub(crate) fn is_reported(&self, hit: &Hit) -> bool {
        self.voices.iter().any(|voice| {
            voice.attributed.content.contains(&hit.tokens.start)
                && self.cue(&voice.attributed.hit).category != Category::Distancing
        })
    }

    /// Whether a verb is itself only possible or expected: *may announce*.
    pub(crate) fn is_unreal(&self, hit: &Hit) -> bool {
        let before = hit.tokens.start.saturating_sub(4)..hit.tokens.start;
        self.analysis.hits_in(&before).any(|other| {
            let cue = self.cue(other);
            cue.category == Category::Modal && cue.future.is_none()
                || cue.category == Category::NegCond && self.is_condition(other)
                || cue.future == Some(FutureKind::Expected)
        })
    }

    /// Whether a preposition governs the name at a token: *the talks on Ukraine*.
    pub(crate) fn is_object(&self, at: usize) -> bool {
        let article = at.saturating_sub(2);
        (article..at).any(|near| {
            let lexicon = self.analysis.lexicon;
            let word = self.analysis.text.word(near);
            lexicon.prepositions.contains(word) || lexicon.governing.contains(word)
        })
    }

    /// Whether a cue opens a condition rather than a negation.
    pub(crate) fn is_condition(&self, hit: &Hit) -> bool {
        let cue = self.cue(hit);
        cue.category == Category::NegCond && cue.id.contains(".condition.")
    }

    /// Whether a name can be the subject of the content by where it stands. English tells by the
    /// preposition before an object; elsewhere a name behind a noun is likely in another case.
    pub(crate) fn may_be_subject(&self, mention: &Mention) -> bool {
        let at = mention.tokens.start;
        self.analysis.language == Language::En
            || at <= self.content.start + 1
            || self.analysis.text.word(at - 1) == ","
    }

    pub(crate) fn is_question(&self) -> bool {
        let end = self.analysis.sentences[self.segment.sentence].end;
        (end.saturating_sub(2)..end).any(|at| self.analysis.text.word(at) == "?")
    }
}

/// The last word of a chain of auxiliaries: *may have attacked*.
fn main_verb(analysis: &Analysis<'_>, first: usize, limit: usize) -> usize {
    let mut head = first;
    let mut at = first;
    while at + 1 < limit
        && at < first + 5
        && analysis
            .lexicon
            .auxiliary(analysis.text.word(head))
            .is_some()
    {
        at += 1;
        let word = analysis.text.word(at);
        if analysis.lexicon.form(word).is_some() {
            head = at;
        } else if !(analysis.is_negator(at)
            || word.ends_with("ly")
            || matches!(word, "been" | "be" | "also"))
        {
            break;
        }
    }
    head
}

/// Who speaks in a segment: its own attributions, then those that govern it from outside.
fn voices<'a>(analysis: &'a Analysis<'a>, number: usize) -> Vec<Voice<'a>> {
    let segment = &analysis.segments[number];
    let sentence = &analysis.sentences[segment.sentence];
    let mut found: Vec<&Attributed> = Vec::new();
    for attributed in analysis.attributions_in(sentence) {
        let own = segment.is_main(attributed.hit.tokens.start);
        let governs = attributed.content.start <= segment.tokens.start
            && attributed.content.end > segment.tokens.start
            && attributed.postposed;
        let joined = attributed.hit.tokens.start < segment.tokens.start
            && analysis
                .lexicon
                .coordinate
                .contains(analysis.text.word(segment.tokens.start))
            && attributed.content.end >= segment.tokens.start.saturating_sub(2);
        if own || governs || joined {
            found.push(attributed);
        }
    }
    // Whoever frames the whole speaks first.
    found.sort_by_key(|attributed| (!attributed.postposed, attributed.hit.tokens.start));
    found
        .into_iter()
        .map(|attributed| {
            let (mut class, entity) = source::class(analysis, attributed);
            let cue = analysis.cues.get(&attributed.hit);
            let act =
                cue.category == Category::OfficialPerformative && is_act(analysis, attributed);
            let official = entity
                .as_deref()
                .and_then(|id| analysis.dictionary.entry(id))
                .is_some_and(source::is_official);
            // "Approved five billion in aid": the act is the source's own whoever receives it.
            if act && official {
                class = SourceClass::Owner;
            }
            Voice {
                attributed,
                class,
                entity,
            }
        })
        .collect()
}

/// Whether a performative verb has a thing done as its object and no clause: *ordered the border
/// closed*, not *announced that the border was closed*.
fn is_act(analysis: &Analysis<'_>, attributed: &Attributed) -> bool {
    let content = &attributed.content;
    let opens = analysis.text.word(attributed.hit.tokens.end);
    let passive = attributed.source.start >= attributed.hit.tokens.end;
    let clause = analysis.lexicon.that.contains(opens)
        || content.clone().any(|at| {
            let word = analysis.text.word(at);
            if passive && analysis.lexicon.auxiliary(word).is_some() {
                return false;
            }
            let participle = analysis.lexicon.form(word) == Some(Form::PastOrParticiple);
            analysis.is_finite(at) && (!participle || analysis.lexicon.is_combat(word))
        });
    !clause
}

/// The cues that bear on a segment: its own, and those that reach it from later ones.
fn bearing<'a>(analysis: &'a Analysis<'a>, number: usize) -> Vec<&'a Hit> {
    let segment = &analysis.segments[number];
    let mut hits: Vec<&Hit> = analysis
        .hits_in(&segment.tokens)
        .filter(|hit| segment.is_main(hit.tokens.start))
        .collect();
    let later = analysis.segments[number + 1..]
        .iter()
        .take_while(|later| later.sentence <= segment.sentence + 1);
    for later in later {
        let same = later.sentence == segment.sentence;
        for hit in analysis.hits_in(&later.tokens) {
            let cue = analysis.cues.get(hit);
            let unverified = is_unverified(analysis, hit);
            let alone = stands_alone(analysis, later, hit);
            let reaches = if same {
                cue.reach == Reach::Sentence && cue.direction != Direction::Forward
                    || unverified && alone
            } else {
                cue.reach == Reach::PreviousSentence
                    || cue.direction == Direction::Previous
                    || unverified && alone
            };
            if reaches {
                hits.push(hit);
            }
        }
    }
    // An attribution that frames the segment from later in the sentence brings its own cue.
    let sentence = &analysis.sentences[segment.sentence];
    for attributed in analysis.attributions_in(sentence) {
        let governs = attributed.postposed
            && attributed.hit.tokens.start >= segment.tokens.end
            && attributed.content.start <= segment.tokens.start
            && attributed.content.end > segment.tokens.start;
        if governs && !hits.contains(&&attributed.hit) {
            hits.push(&attributed.hit);
        }
    }
    hits
}

pub(crate) fn is_unverified(analysis: &Analysis<'_>, hit: &Hit) -> bool {
    match analysis.cues.get(hit).category {
        Category::ExplicitUnverified => !hit.negated,
        Category::Confirm | Category::Verified => hit.negated,
        _ => false,
    }
}

/// Whether a segment says nothing but that something was not verified, so that the claim is the
/// one before: *The report could not be verified*.
fn stands_alone(analysis: &Analysis<'_>, segment: &Segment, hit: &Hit) -> bool {
    let before = segment.tokens.start..hit.tokens.start.max(segment.tokens.start);
    let source = analysis
        .attribution_by(hit)
        .map_or(0..0, |attributed| attributed.source.clone());
    let own = mention::within(&analysis.mentions, &before)
        .iter()
        .any(|mention| mention.makes_claims() && !source.contains(&mention.tokens.start));
    let after = hit.tokens.end..segment.tokens.end;
    !own && after.filter(|&at| analysis.is_finite(at)).count() == 0
}
