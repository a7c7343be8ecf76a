//! The decision table R1 to R15: the first row that matches gives a claim its status.

use std::ops::Range;

use wire::claim::{SourceClass, Status, StatusDetail};

use crate::analysis::Analysis;
use crate::attribution::Attributed;
use crate::cue::{Category, Cue, Direction, FutureKind, Hit, Reach, SourceAt};
use crate::mention;
use crate::sentence::Segment;
use crate::source;

/// Sentences before a denial in which its content may have been asserted.
const DENIAL_REACH: usize = 2;
/// Tokens after the predicate in which a modal or future cue still bears on it.
const AFTER_HEAD: usize = 3;

/// A row of the table that matched.
#[derive(Clone, Debug)]
pub(crate) struct Match {
    /// `R1` to `R15`.
    pub(crate) rule: &'static str,
    pub(crate) status: Status,
    pub(crate) detail: StatusDetail,
    /// The cue that made it match; none for R15.
    pub(crate) hit: Option<Hit>,
    /// Where the evidence stands.
    pub(crate) tokens: Range<usize>,
}

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

    fn cue(&self, hit: &Hit) -> &'a Cue {
        self.analysis.cues.get(hit)
    }

    /// The voice that a cue makes.
    pub(crate) fn voice(&self, hit: &Hit) -> Option<&Voice<'a>> {
        self.voices
            .iter()
            .find(|voice| voice.attributed.hit == *hit)
    }

    fn of(&self, category: Category) -> impl Iterator<Item = &'a Hit> {
        self.hits
            .iter()
            .copied()
            .filter(move |hit| self.cue(hit).category == category)
    }

    /// Whether a modal or future cue bears on the predicate.
    fn reaches_head(&self, hit: &Hit) -> bool {
        let Some(head) = self.head else { return true };
        hit.tokens.start >= self.content.start
            && hit.tokens.start <= head + AFTER_HEAD
            && !(hit.tokens.start.min(head)..head.max(hit.tokens.start))
                .any(|at| matches!(self.analysis.text.word(at), ";" | ":"))
    }

    /// Whether a verb is itself only possible or expected: *may announce*.
    fn is_unreal(&self, hit: &Hit) -> bool {
        let before = hit.tokens.start.saturating_sub(4)..hit.tokens.start;
        self.analysis.hits_in(&before).any(|other| {
            let cue = self.cue(other);
            cue.category == Category::Modal || cue.future == Some(FutureKind::Expected)
        })
    }

    fn is_question(&self) -> bool {
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
            let act = matches!(
                cue.category,
                Category::OfficialPerformative | Category::Confirm
            ) && !attributed.content.clone().any(|at| analysis.is_finite(at));
            let official = entity
                .as_deref()
                .and_then(|id| analysis.dictionary.entry(id))
                .is_some_and(source::is_official);
            // "Approved five billion in aid": the act is the source's own whoever receives it.
            if act && official && cue.category == Category::OfficialPerformative {
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

fn is_unverified(analysis: &Analysis<'_>, hit: &Hit) -> bool {
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

/// Every row that matches, in the order of the table; the first decides.
pub(crate) fn decide(facts: &Facts<'_>) -> Vec<Match> {
    let rows: [fn(&Facts<'_>) -> Option<Match>; 10] = [
        unverified,
        denied,
        verified,
        confirmed,
        second_hand,
        distanced,
        performed,
        hedged,
        future,
        said,
    ];
    let mut matches: Vec<Match> = rows.iter().filter_map(|row| row(facts)).collect();
    matches.extend(judged(facts));
    let head = facts.head.unwrap_or(facts.segment.tokens.start);
    matches.push(Match {
        rule: "R15",
        status: Status::Confirmed,
        detail: StatusDetail::ReportedAsFact,
        hit: None,
        tokens: head..head + 1,
    });
    matches
}

fn row(rule: &'static str, status: Status, detail: StatusDetail, hit: &Hit) -> Match {
    Match {
        rule,
        status,
        detail,
        tokens: hit.tokens.clone(),
        hit: Some(hit.clone()),
    }
}

/// R1.
fn unverified(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts
        .hits
        .iter()
        .find(|hit| is_unverified(facts.analysis, hit))?;
    Some(row(
        "R1",
        Status::Unconfirmed,
        StatusDetail::ExplicitUnverified,
        hit,
    ))
}

/// R2 and R3.
fn denied(facts: &Facts<'_>) -> Option<Match> {
    let analysis = facts.analysis;
    if let Some(hit) = facts
        .of(Category::Denial)
        .find(|hit| !hit.negated && !facts.is_unreal(hit))
    {
        return Some(if asserted_before(facts, hit) {
            row("R2", Status::Disputed, StatusDetail::Conflicting, hit)
        } else {
            row("R3", Status::Denied, StatusDetail::DeniedBy, hit)
        });
    }
    // The assertion that is denied right after is disputed as well.
    let number = facts.segment.sentence;
    let near = analysis.segments_of(&(number..number + DENIAL_REACH + 1));
    let later = near
        .iter()
        .filter(|later| later.tokens.start >= facts.segment.tokens.end);
    for later in later {
        let denial = analysis
            .hits_in(&later.tokens)
            .find(|hit| analysis.cues.get(hit).category == Category::Denial && !hit.negated);
        if let Some(hit) = denial
            && refers_to(analysis, later, hit, facts.segment)
        {
            return Some(row("R2", Status::Disputed, StatusDetail::Conflicting, hit));
        }
    }
    None
}

fn asserted_before(facts: &Facts<'_>, denial: &Hit) -> bool {
    let analysis = facts.analysis;
    let segment = facts.segment;
    let from = segment.sentence.saturating_sub(DENIAL_REACH);
    let near = analysis.segments_of(&(from..segment.sentence + 1));
    near.iter().any(|earlier| {
        earlier.tokens.end <= segment.tokens.start
            && analysis.text.bytes(&earlier.tokens).start >= analysis.text.title_end
            && refers_to(analysis, segment, denial, earlier)
    })
}

/// Whether a denial is about what an earlier segment asserts: it points back with a word for a
/// claim and nothing of its own, or names the same things.
fn refers_to(analysis: &Analysis<'_>, denying: &Segment, denial: &Hit, earlier: &Segment) -> bool {
    let has_verb = earlier.tokens.clone().any(|at| analysis.is_finite(at));
    let object = denial.tokens.end..denying.tokens.end;
    let named: Vec<&str> = mention::within(&analysis.mentions, &object)
        .iter()
        .filter(|mention| mention.makes_claims())
        .map(|mention| mention.id.as_str())
        .collect();
    let near = denying.sentence <= earlier.sentence + 1;
    if named.is_empty() {
        let pointing = object.filter(|&at| analysis.text.is_wordlike(at)).count() <= 6;
        return has_verb && near && pointing;
    }
    let before = mention::within(&analysis.mentions, &earlier.tokens);
    let shared = named
        .iter()
        .filter(|id| before.iter().any(|mention| mention.id == **id))
        .count();
    has_verb
        && shared > 0
        && shared * 2 >= named.len()
        && (shared > 1 || shares_word(analysis, &object, &earlier.tokens))
}

/// Whether two stretches share the beginning of a longer word outside their mentions.
pub(crate) fn shares_word(
    analysis: &Analysis<'_>,
    one: &Range<usize>,
    other: &Range<usize>,
) -> bool {
    let stems = |range: &Range<usize>| -> Vec<String> {
        range
            .clone()
            .filter(|&at| {
                !mention::within(&analysis.mentions, &(at..at + 1))
                    .iter()
                    .any(|mention| mention.entry.is_some())
            })
            .map(|at| analysis.text.word(at))
            .filter(|word| {
                word.chars().count() >= 4
                    && !analysis.lexicon.function.contains(*word)
                    && analysis.lexicon.auxiliary(word).is_none()
            })
            .map(|word| word.chars().take(5).collect())
            .collect()
    };
    let other = stems(other);
    stems(one)
        .iter()
        .take(60)
        .any(|stem| other.iter().take(60).any(|known| known == stem))
}

/// R4.
fn verified(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts.of(Category::Verified).find(|hit| {
        let by_itself = facts.cue(hit).source != SourceAt::Subject;
        let verifier = facts.voice(hit).and_then(|voice| voice.entity.as_ref());
        let claimant = facts
            .voices
            .iter()
            .find(|voice| voice.attributed.hit != **hit)
            .and_then(|voice| voice.entity.as_ref());
        !hit.negated
            && !facts.is_unreal(hit)
            && (by_itself || verifier.is_some() && verifier != claimant)
    })?;
    Some(row(
        "R4",
        Status::Confirmed,
        StatusDetail::IndependentlyVerified,
        hit,
    ))
}

/// R5 and R6.
fn confirmed(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts
        .of(Category::Confirm)
        .find(|hit| !hit.negated && !facts.is_unreal(hit))?;
    match facts.voice(hit)?.class {
        SourceClass::Owner | SourceClass::ThirdPartyOfficial => Some(row(
            "R5",
            Status::Confirmed,
            StatusDetail::OfficialConfirmation,
            hit,
        )),
        SourceClass::InterestedParty => Some(row(
            "R6",
            Status::Unconfirmed,
            StatusDetail::InterestedParty,
            hit,
        )),
        _ => None,
    }
}

/// R7.
fn second_hand(facts: &Facts<'_>) -> Option<Match> {
    let voice = facts.voices.iter().find_map(|voice| {
        let detail = match voice.class {
            SourceClass::Reports | SourceClass::SocialMedia | SourceClass::Media => {
                StatusDetail::Hearsay
            }
            SourceClass::Anonymous => StatusDetail::AnonymousSource,
            _ => return None,
        };
        Some(row(
            "R7",
            Status::Unconfirmed,
            detail,
            &voice.attributed.hit,
        ))
    });
    let particle = || {
        facts.hits.iter().find_map(|hit| {
            let cue = facts.cue(hit);
            let detail = match cue.category {
                Category::Hearsay => StatusDetail::Hearsay,
                Category::Distancing if cue.source == SourceAt::None => StatusDetail::Hearsay,
                Category::Anonymous if cue.weight >= 0.8 => StatusDetail::AnonymousSource,
                _ => return None,
            };
            Some(row("R7", Status::Unconfirmed, detail, hit))
        })
    };
    match voice {
        // The cue that names the kind of source says more than the verb beside it.
        Some(found) => Some(
            particle()
                .filter(|other| other.detail == found.detail)
                .unwrap_or(found),
        ),
        None => particle(),
    }
}

/// R8.
fn distanced(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts
        .of(Category::Distancing)
        .find(|hit| facts.voice(hit).is_some())?;
    let voice = facts.voice(hit)?;
    let side = voice
        .entity
        .as_deref()
        .and_then(|id| facts.analysis.dictionary.entry(id))
        .and_then(|entry| source::side(facts.analysis, entry));
    let detail = if voice.class == SourceClass::InterestedParty || side.is_some() {
        StatusDetail::InterestedParty
    } else {
        StatusDetail::SingleSource
    };
    Some(row("R8", Status::Unconfirmed, detail, hit))
}

/// R9.
fn performed(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts.of(Category::OfficialPerformative).find(|hit| {
        !facts.is_unreal(hit)
            && facts
                .voice(hit)
                .is_some_and(|voice| voice.class == SourceClass::Owner)
    })?;
    Some(row(
        "R9",
        Status::Confirmed,
        StatusDetail::OfficialAnnouncement,
        hit,
    ))
}

/// R10.
fn hedged(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts.hits.iter().find(|hit| {
        let cue = facts.cue(hit);
        match cue.category {
            Category::Modal => facts.reaches_head(hit),
            Category::NegCond => facts
                .analysis
                .lexicon
                .conditions
                .contains(facts.analysis.text.word(hit.tokens.start)),
            _ => false,
        }
    });
    if let Some(hit) = hit {
        return Some(row("R10", Status::Unconfirmed, StatusDetail::Hedged, hit));
    }
    facts.is_question().then(|| {
        let end = facts.analysis.sentences[facts.segment.sentence].end;
        Match {
            rule: "R10",
            status: Status::Unconfirmed,
            detail: StatusDetail::Hedged,
            hit: None,
            tokens: end - 1..end,
        }
    })
}

/// R11.
fn future(facts: &Facts<'_>) -> Option<Match> {
    if facts
        .voices
        .iter()
        .any(|voice| voice.class == SourceClass::Owner)
    {
        return None;
    }
    let hit = facts
        .of(Category::Future)
        .find(|hit| facts.reaches_head(hit))?;
    let kind = facts.cue(hit).future.unwrap_or(FutureKind::Scheduled);
    // "Germany will send tanks": whoever plans it owns it.
    let before = facts.content.start..hit.tokens.start.max(facts.content.start);
    let owner = kind == FutureKind::Scheduled
        && mention::within(&facts.analysis.mentions, &before)
            .last()
            .is_some_and(|mention| {
                mention.tokens.end == hit.tokens.start
                    && source::resolve(facts.analysis, mention).is_some_and(source::is_official)
            });
    if owner {
        return None;
    }
    let detail = match kind {
        FutureKind::Scheduled => StatusDetail::Scheduled,
        FutureKind::Expected => StatusDetail::Expected,
    };
    Some(row("R11", Status::Unconfirmed, detail, hit))
}

/// R12 and R13.
fn said(facts: &Facts<'_>) -> Option<Match> {
    let voice = facts.voices.iter().find(|voice| {
        matches!(
            facts.analysis.cues.get(&voice.attributed.hit).category,
            Category::NeutralSay | Category::OfficialPerformative | Category::Confirm
        )
    })?;
    let hit = &voice.attributed.hit;
    Some(match voice.class {
        SourceClass::Owner => row(
            "R12",
            Status::Confirmed,
            StatusDetail::OfficialAnnouncement,
            hit,
        ),
        SourceClass::InterestedParty => row(
            "R13",
            Status::Unconfirmed,
            StatusDetail::InterestedParty,
            hit,
        ),
        _ => row("R13", Status::Unconfirmed, StatusDetail::SingleSource, hit),
    })
}

/// R14.
fn judged(facts: &Facts<'_>) -> Option<Match> {
    let hit = facts.hits.iter().find(|hit| {
        matches!(
            facts.cue(hit).category,
            Category::Assessment | Category::Procedural
        )
    })?;
    let detail = match facts.cue(hit).category {
        Category::Procedural => StatusDetail::Procedural,
        _ if facts.cue(hit).id.contains(".opinion.") => StatusDetail::Opinion,
        _ => StatusDetail::Assessment,
    };
    Some(row("R14", Status::NotAClaim, detail, hit))
}
