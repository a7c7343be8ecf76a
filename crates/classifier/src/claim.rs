//! Claims: every stretch that makes one, with its status and what it rests on.

use std::collections::BTreeSet;
use std::ops::Range;

use wire::Claim;
use wire::claim::{
    Admiralty, Attribution, AttributionCue, AttributionSource, ClaimKind, Evidence, Polarity,
    Reliability, SourceClass, Status, StatusDetail, Tense, Verifier, VerifierRelation,
};

use crate::analysis::Analysis;
use crate::cue::{Category, FutureKind};
use crate::facts::{self, Facts, Voice};
use crate::factuality;
use crate::mention;
use crate::rule::{self, Match};

/// A claim scored below this asks for a person.
const REVIEW_BELOW: f32 = 0.5;

/// A claim with the rows that matched, for those who ask why.
#[derive(Debug)]
pub(crate) struct Decided {
    pub(crate) claim: Claim,
    pub(crate) segment: usize,
    pub(crate) matches: Vec<Match>,
}

/// The claims of a text in order.
pub(crate) fn all(
    analysis: &Analysis<'_>,
    reliability: Reliability,
    truncated: bool,
) -> Vec<Decided> {
    let mut decided: Vec<Decided> = (0..analysis.segments.len())
        .filter_map(|number| one(analysis, number, reliability))
        .collect();
    if truncated && let Some(last) = decided.last_mut() {
        last.claim.review = true;
    }
    temper_title(analysis, &mut decided);
    decided
}

fn one(analysis: &Analysis<'_>, number: usize, reliability: Reliability) -> Option<Decided> {
    let segment = &analysis.segments[number];
    if !analysis.predicates(segment) {
        return None;
    }
    let facts = Facts::new(analysis, number);
    let named = mention::within(&analysis.mentions, &segment.tokens)
        .iter()
        .any(mention::Mention::makes_claims);
    let spoken = facts
        .voices
        .iter()
        .any(|voice| voice.entity.is_some() && voice.class != SourceClass::Media);
    // *Reuters could not verify the figures* names a medium alone, and says what matters most.
    let standing = || {
        facts.hits.iter().any(|hit| {
            let category = facts.cue(hit).category;
            facts::is_unverified(analysis, hit)
                || matches!(category, Category::Procedural | Category::Verified)
        })
    };
    if !named && !spoken && !standing() || says_a_name(&facts) {
        return None;
    }
    let matches = rule::decide(&facts);
    let winner = &matches[0];
    let head = facts.head.unwrap_or(segment.tokens.start);
    let undone = winner.rule == "R9" && winner.hit.as_ref().is_some_and(|hit| hit.negated);
    let negated = undone
        || facts.head.is_some_and(|at| {
            analysis.is_negated(at, facts.content.start) || analysis.is_negator(at)
        });
    let polarity = if negated {
        Polarity::Negative
    } else {
        Polarity::Positive
    };
    let denied = winner.detail == StatusDetail::DeniedBy;
    let factuality = factuality::of_claim(winner.detail, polarity, denied);
    let span = span(analysis, number, &facts);
    let (score, review) = score(analysis, &matches);
    let tense = tense(analysis, &facts, head);
    Some(Decided {
        segment: number,
        claim: Claim {
            start: span.start,
            end: span.end,
            status: winner.status,
            status_detail: winner.detail,
            factuality,
            value: facts.head.map(|_| factuality::value(factuality)),
            kind: kind(analysis, &facts, winner, tense),
            polarity,
            tense,
            attribution: attribution(analysis, &facts, winner),
            verifier: verifier(analysis, &facts, winner),
            evidence: matches
                .iter()
                .take(if matches.len() > 1 {
                    matches.len() - 1
                } else {
                    1
                })
                .map(|row| evidence(analysis, row))
                .collect(),
            score,
            review,
            admiralty: Admiralty {
                reliability,
                credibility: credibility(winner.detail),
            },
        },
        matches,
    })
}

/// Whether all that somebody says is a name: *Trump said simply: "Zelenskiy."*
fn says_a_name(facts: &Facts<'_>) -> bool {
    let analysis = facts.analysis;
    facts.voices.first().is_some_and(|voice| {
        let said = &voice.attributed.content;
        let colon = said.clone().rfind(|&at| analysis.text.word(at) == ":");
        let said = colon.map_or(said.start, |at| at + 1)..said.end;
        let words = said.clone().filter(|&at| analysis.text.is_wordlike(at));
        let mut words = words.peekable();
        analysis.cues.get(&voice.attributed.hit).category == Category::NeutralSay
            && words.peek().is_some()
            && words.all(|at| analysis.is_named(at))
    })
}

/// The whole clause complex: the segment without the marks around it, and its source and cue.
fn span(analysis: &Analysis<'_>, number: usize, facts: &Facts<'_>) -> wire::claim::Span {
    let mut tokens = analysis.segments[number].tokens.clone();
    let number = facts.segment.sentence;
    let only = analysis.segments_of(&(number..number + 1)).len() == 1;
    if !only {
        let joins = |at: usize| {
            let word = analysis.text.word(at);
            !analysis.text.is_wordlike(at)
                && analysis.text.token(at).kind != crate::text::Kind::Quote
                || analysis.lexicon.coordinate.contains(word)
                || analysis.lexicon.split.contains(word)
        };
        while tokens.len() > 1 && joins(tokens.start) {
            tokens.start += 1;
        }
    }
    while tokens.len() > 1
        && matches!(
            analysis.text.word(tokens.end - 1),
            "," | ";" | ":" | "." | "—" | "–" | "?" | "!" | "…"
        )
    {
        tokens.end -= 1;
    }
    let mut span = analysis.text.span(&tokens);
    if let Some(voice) = facts.voices.first() {
        for part in [&voice.attributed.source, &voice.attributed.hit.tokens] {
            let part = analysis.text.span(part);
            if only {
                span.start = span.start.min(part.start);
                span.end = span.end.max(part.end);
            }
        }
    }
    span
}

fn surface(analysis: &Analysis<'_>, tokens: &std::ops::Range<usize>) -> String {
    analysis.text.text[analysis.text.bytes(tokens)].to_owned()
}

/// An attribution as records carry it.
pub(crate) fn attributed(analysis: &Analysis<'_>, voice: &Voice<'_>) -> Attribution {
    let attributed = voice.attributed;
    let parts = [
        &attributed.source,
        &attributed.hit.tokens,
        &attributed.content,
    ];
    attribution_of(analysis, parts, voice.class, voice.entity.clone())
}

/// The attribution with this source, cue and content.
pub(crate) fn attribution_of(
    analysis: &Analysis<'_>,
    [source, cue, content]: [&Range<usize>; 3],
    class: SourceClass,
    entity: Option<String>,
) -> Attribution {
    let from = analysis.text.span(source);
    let by = analysis.text.span(cue);
    Attribution {
        source: AttributionSource {
            start: from.start,
            end: from.end,
            surface: surface(analysis, source),
            class,
            entity,
        },
        cue: AttributionCue {
            start: by.start,
            end: by.end,
            surface: surface(analysis, cue),
        },
        content: analysis.text.span(content),
    }
}

/// The attribution by the cue that decided, else the one that frames the claim.
fn attribution(analysis: &Analysis<'_>, facts: &Facts<'_>, winner: &Match) -> Option<Attribution> {
    let deciding = winner.hit.as_ref().and_then(|hit| facts.voice(hit));
    let voice = deciding.or(facts.voices.first())?;
    Some(attributed(analysis, voice))
}

fn verifier(analysis: &Analysis<'_>, facts: &Facts<'_>, winner: &Match) -> Option<Verifier> {
    let relation = match winner.rule {
        "R1" => VerifierRelation::Unverified,
        "R2" | "R3" => VerifierRelation::Denied,
        "R4" | "R5" => VerifierRelation::Verified,
        _ => return None,
    };
    let hit = winner.hit.as_ref()?;
    let attributed = analysis.attribution_by(hit);
    let (tokens, entity) = if let Some(attributed) = attributed {
        let entity = facts.voice(hit).and_then(|voice| voice.entity.clone());
        let entity = entity.or_else(|| {
            attributed
                .mention
                .map(|index| analysis.mentions[index].id.clone())
        });
        (attributed.source.clone(), entity)
    } else {
        // The by-phrase, or the name before: *Reuters could not verify*, *unconfirmed by Kyiv*.
        let sentences = &analysis.sentences;
        let sentence = &sentences[sentences.partition_point(|range| range.end <= hit.tokens.start)];
        let by = analysis
            .lexicon
            .by
            .contains(analysis.text.word(hit.tokens.end))
            || analysis
                .lexicon
                .by
                .contains(analysis.text.word(hit.tokens.end - 1));
        let near = if by {
            hit.tokens.end..(hit.tokens.end + 8).min(sentence.end)
        } else {
            hit.tokens.start.saturating_sub(6).max(sentence.start)..hit.tokens.start + 1
        };
        let mut named = mention::within(&analysis.mentions, &near)
            .iter()
            .filter(|mention| mention.entry.is_some());
        let mention = if by {
            named.min_by_key(|mention| mention.tokens.start)?
        } else {
            named.rfind(|mention| mention.media)?
        };
        (mention.tokens.clone(), Some(mention.id.clone()))
    };
    let span = analysis.text.span(&tokens);
    Some(Verifier {
        start: span.start,
        end: span.end,
        surface: surface(analysis, &tokens),
        entity,
        relation,
    })
}

fn evidence(analysis: &Analysis<'_>, row: &Match) -> Evidence {
    let span = analysis.text.span(&row.tokens);
    let cue = row.hit.as_ref().map(|hit| analysis.cues.get(hit));
    Evidence {
        rule: row.rule.to_owned(),
        cue: cue.map_or_else(|| surface(analysis, &row.tokens), |cue| cue.id.clone()),
        category: cue
            .map_or("AUTHOR_VOICE", |cue| cue.category.name())
            .to_owned(),
        start: span.start,
        end: span.end,
    }
}

/// How clear the decision is: the cue's weight, less where another row pulls the other way.
fn score(analysis: &Analysis<'_>, matches: &[Match]) -> (f32, bool) {
    let winner = &matches[0];
    let weight = winner
        .hit
        .as_ref()
        .map_or(0.65, |hit| analysis.cues.get(hit).weight);
    let rivals = matches[1..]
        .iter()
        .filter(|row| row.hit.is_some() && row.status != winner.status && row.hit != winner.hit);
    let conflicts = rivals.count();
    let score = (0.95 * weight - 0.15 * conflicts.min(4) as f32).clamp(0.05, 1.0);
    let score = (score * 100.0).round() / 100.0;
    (score, score < REVIEW_BELOW || conflicts > 1)
}

fn credibility(detail: StatusDetail) -> u8 {
    use StatusDetail as D;
    match detail {
        D::OfficialAnnouncement | D::OfficialConfirmation | D::IndependentlyVerified => 2,
        D::ReportedAsFact | D::SingleSource | D::InterestedParty | D::DeniedBy => 3,
        D::Hearsay | D::AnonymousSource => 4,
        D::Conflicting => 5,
        _ => 6,
    }
}

fn tense(analysis: &Analysis<'_>, facts: &Facts<'_>, head: usize) -> Tense {
    let future = facts.hits.iter().any(|hit| {
        analysis.cues.get(hit).category == Category::Future
            && hit.tokens.start <= head + 1
            && hit.tokens.start >= facts.content.start
    });
    if future {
        return Tense::Future;
    }
    let first = facts
        .content
        .clone()
        .chain(facts.segment.tokens.clone())
        .find(|&at| analysis.is_finite(at));
    first
        .and_then(|at| analysis.tense(at))
        .unwrap_or(Tense::None)
}

fn kind(analysis: &Analysis<'_>, facts: &Facts<'_>, winner: &Match, tense: Tense) -> ClaimKind {
    let has = |category| {
        facts
            .hits
            .iter()
            .any(|hit| analysis.cues.get(hit).category == category)
    };
    let sentence = &analysis.sentences[facts.segment.sentence];
    if (sentence.end.saturating_sub(2)..sentence.end).any(|at| analysis.text.word(at) == "?") {
        return ClaimKind::Question;
    }
    let expected = facts
        .hits
        .iter()
        .any(|hit| analysis.cues.get(hit).future == Some(FutureKind::Expected));
    match winner.detail {
        _ if winner.status == Status::NotAClaim => ClaimKind::Judgement,
        StatusDetail::Expected => ClaimKind::Forecast,
        _ if expected => ClaimKind::Forecast,
        _ if tense == Tense::Future => ClaimKind::Intention,
        _ if has(Category::OfficialPerformative) => ClaimKind::Decision,
        _ => {
            let head = facts.head.unwrap_or(facts.segment.tokens.start);
            if analysis
                .lexicon
                .auxiliary(analysis.text.word(head))
                .is_some()
            {
                ClaimKind::State
            } else {
                ClaimKind::Event
            }
        }
    }
}

/// A headline is never upgraded above the body: where a confirmed title tells what the body tells
/// with less certainty, it takes the weaker standing, and the evidence says which words did it.
fn temper_title(analysis: &Analysis<'_>, decided: &mut [Decided]) {
    if analysis.text.title_end == 0 {
        return;
    }
    let titles = decided.partition_point(|one| analysis.segments[one.segment].sentence == 0);
    let (titles, body) = decided.split_at_mut(titles);
    for title in titles
        .iter_mut()
        .filter(|one| one.claim.status == Status::Confirmed)
    {
        let tokens = &analysis.segments[title.segment].tokens;
        let ids = ids(analysis, title.segment);
        let mut same = body.iter().filter(|one| {
            let shared = self::ids(analysis, one.segment).intersection(&ids).count();
            shared > 1 && shared * 2 >= ids.len()
                || shared > 0
                    && rule::shares_word(analysis, tokens, &analysis.segments[one.segment].tokens)
        });
        // The body's first telling of the same thing sets the bound.
        let Some(bound) = same.next() else { continue };
        if matches!(bound.claim.status, Status::Confirmed | Status::NotAClaim) {
            continue;
        }
        title.claim.status = bound.claim.status;
        title.claim.status_detail = bound.claim.status_detail;
        title.claim.factuality = bound.claim.factuality;
        title.claim.value = bound.claim.value;
        title.claim.admiralty.credibility = bound.claim.admiralty.credibility;
        title
            .claim
            .evidence
            .insert(0, bound.claim.evidence[0].clone());
        title.matches.insert(0, bound.matches[0].clone());
    }
}

fn ids<'a>(analysis: &'a Analysis<'_>, segment: usize) -> BTreeSet<&'a str> {
    mention::within(&analysis.mentions, &analysis.segments[segment].tokens)
        .iter()
        .filter(|mention| mention.makes_claims())
        .map(|mention| mention.id.as_str())
        .collect()
}
