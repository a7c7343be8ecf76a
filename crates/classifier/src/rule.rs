//! The decision table R1 to R15: the first row that matches gives a claim its status.

use std::ops::Range;

use wire::claim::{SourceClass, Status, StatusDetail};

use crate::analysis::Analysis;
use crate::cue::{Category, FutureKind, Hit, SourceAt};
use crate::facts::{Facts, Voice, is_unverified};
use crate::mention;
use crate::sentence::Segment;
use crate::source;

/// Sentences before a denial in which its content may have been asserted.
const DENIAL_REACH: usize = 2;

/// Tokens after a denial in which it may be named whose claim is denied.
const OBJECT_REACH: usize = 8;

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
    let mut matches: Vec<Match> = labelled(facts).into_iter().collect();
    matches.extend(rows.iter().filter_map(|row| row(facts)));
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
        return Some(
            if asserted_before(facts, hit) || asserted_here(facts, hit) {
                row("R2", Status::Disputed, StatusDetail::Conflicting, hit)
            } else {
                row("R3", Status::Denied, StatusDetail::DeniedBy, hit)
            },
        );
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

/// Whether the sentence itself names who asserts what is denied: *denied Russian claims that …*, *Moscow
/// said it took the town, which Kyiv denied*.
fn asserted_here(facts: &Facts<'_>, denial: &Hit) -> bool {
    let analysis = facts.analysis;
    let denier = facts.voice(denial);
    let side = |id: &str| {
        let entry = analysis.dictionary.entry(id)?;
        source::side(analysis, entry)
    };
    let own = denier.and_then(|voice| voice.entity.as_deref());
    let foreign =
        |id: &str| Some(id) != own && (side(id).is_none() || side(id) != own.and_then(side));
    let object = denial.tokens.end
        ..facts
            .segment
            .tokens
            .end
            .min(denial.tokens.end + OBJECT_REACH);
    let claimed = mention::within(&analysis.mentions, &object)
        .iter()
        .filter(|mention| mention.entry.is_some() && foreign(&mention.id))
        .any(|mention| {
            // *Russian claims*, *the claims by Russia*, right after the verb.
            let near = mention.tokens.start.saturating_sub(3)..mention.tokens.end + 1;
            near.into_iter().any(|at| {
                (object.start..object.start + 3).contains(&at)
                    && at <= mention.tokens.end
                    && analysis.lexicon.is_assertion(analysis.text.word(at))
            })
        });
    let Some(denier) = denier else { return claimed };
    let from = denier.attributed.source.start.min(denial.tokens.start);
    let comma = (from.saturating_sub(4)..from).any(|at| analysis.text.word(at) == ",");
    let said = || {
        facts.voices.iter().any(|voice| {
            voice.attributed.hit.tokens.end < from
                && voice.attributed.source.end <= from
                && analysis.cues.get(&voice.attributed.hit).category != Category::Denial
                && voice.entity.as_deref().is_some_and(foreign)
        })
    };
    claimed || comma && said()
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
                    && !analysis.lexicon.function.contains(word)
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
    if facts.is_question() {
        return None;
    }
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
    if facts.is_question() {
        return None;
    }
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
    let names_source = |hit: &Hit| {
        facts.voices.iter().any(|voice| {
            let source = &voice.attributed.source;
            source.start <= hit.tokens.start + 1 && hit.tokens.start < source.end
        })
    };
    let particle = || {
        facts.hits.iter().find_map(|hit| {
            let cue = facts.cue(hit);
            let detail = match cue.category {
                Category::Hearsay => StatusDetail::Hearsay,
                // *The self-proclaimed republic said* is about the speaker, not about what is said.
                Category::Distancing if cue.source == SourceAt::None && !names_source(hit) => {
                    StatusDetail::Hearsay
                }
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
    if facts.is_question() {
        return None;
    }
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
            Category::Modal => {
                facts.reaches_head(hit) && (cue.future.is_none() || !facts.is_reported(hit))
            }
            Category::NegCond => facts.is_condition(hit),
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
    let hit = facts.hits.iter().find(|hit| {
        let cue = facts.cue(hit);
        let shifted = cue.category == Category::Modal && facts.is_reported(hit);
        (cue.category == Category::Future || cue.future.is_some() && shifted)
            && facts.reaches_head(hit)
    })?;
    let kind = facts.cue(hit).future.unwrap_or(FutureKind::Scheduled);
    // "Germany will send tanks": whoever plans it owns it.
    let before = facts.content.start..hit.tokens.start.max(facts.content.start);
    let owner = kind == FutureKind::Scheduled
        && mention::within(&facts.analysis.mentions, &before)
            .last()
            .is_some_and(|mention| {
                mention.tokens.end == hit.tokens.start
                    && facts.may_be_subject(mention)
                    && !facts.is_object(mention.tokens.start)
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
    let official = |voice: &Voice<'_>| {
        let entry = voice.entity.as_deref();
        entry
            .and_then(|id| facts.analysis.dictionary.entry(id))
            .is_some_and(source::is_official)
    };
    let voice = facts.voices.iter().find(|voice| {
        let said = &voice.attributed.content;
        match facts.cue(&voice.attributed.hit).category {
            Category::NeutralSay | Category::Confirm => true,
            // What a private person does is told by the author: *a baker donated his van*.
            Category::OfficialPerformative => {
                official(voice) || said.clone().any(|at| facts.analysis.is_finite(at))
            }
            _ => false,
        }
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

/// R14 before all others: a headline that calls itself a comment, *Opinion: …*.
fn labelled(facts: &Facts<'_>) -> Option<Match> {
    let analysis = facts.analysis;
    let start = analysis.sentences[facts.segment.sentence].start;
    let hit = analysis
        .hits_in(&(start..start + 1))
        .find(|hit| facts.cue(hit).id.contains(".opinion.label"))?;
    Some(row("R14", Status::NotAClaim, StatusDetail::Opinion, hit))
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
