//! Cues: the words that carry a claim's standing, with the guards that call them off.

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;
use wire::Language;

use crate::files::{RuleError, RuleFiles};
use crate::pattern::{PatternSet, Verbs};
use crate::text::Text;

/// Tokens to each side of a cue in which a guard may begin or end.
const GUARD_REACH: usize = 6;

/// What a cue says of the claim in its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Category {
    ExplicitUnverified,
    Denial,
    Verified,
    Confirm,
    Hearsay,
    Anonymous,
    SocialMedia,
    Media,
    Distancing,
    OfficialPerformative,
    NeutralSay,
    Modal,
    Future,
    NegCond,
    Correction,
    Assessment,
    Procedural,
}

impl Category {
    /// The name as it stands in cue files and evidence.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ExplicitUnverified => "EXPLICIT_UNVERIFIED",
            Self::Denial => "DENIAL",
            Self::Verified => "VERIFIED",
            Self::Confirm => "CONFIRM",
            Self::Hearsay => "HEARSAY",
            Self::Anonymous => "ANONYMOUS",
            Self::SocialMedia => "SOCIAL_MEDIA",
            Self::Media => "MEDIA",
            Self::Distancing => "DISTANCING",
            Self::OfficialPerformative => "OFFICIAL_PERFORMATIVE",
            Self::NeutralSay => "NEUTRAL_SAY",
            Self::Modal => "MODAL",
            Self::Future => "FUTURE",
            Self::NegCond => "NEG_COND",
            Self::Correction => "CORRECTION",
            Self::Assessment => "ASSESSMENT",
            Self::Procedural => "PROCEDURAL",
        }
    }
}

/// Which way a cue's scope runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Direction {
    Forward,
    Left,
    #[default]
    Both,
    Previous,
}

/// How far a cue's scope runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reach {
    #[default]
    Clause,
    Sentence,
    PreviousSentence,
}

/// Where the source of an attributing cue stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SourceAt {
    /// The cue attributes nothing.
    None,
    /// The cue is a verb with the source as its subject.
    Subject,
    /// Right after the cue: *according to X*.
    After,
    /// Right before the cue: *X zufolge*.
    Before,
    /// The cue names it: *reports suggest*.
    Itself,
}

/// Which of the two details of an unowned future a cue stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FutureKind {
    Scheduled,
    Expected,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueFile {
    #[serde(default)]
    cue: Vec<ListedCue>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedCue {
    id: Spanned<String>,
    category: Category,
    #[serde(default)]
    pattern: Option<Spanned<String>>,
    #[serde(default)]
    patterns: Vec<Spanned<String>>,
    #[serde(default)]
    direction: Direction,
    #[serde(default)]
    scope: Reach,
    #[serde(default = "one")]
    weight: f32,
    #[serde(default)]
    guards: Vec<String>,
    #[serde(default)]
    source: Option<SourceAt>,
    #[serde(default)]
    future: Option<FutureKind>,
    #[serde(default)]
    admission: bool,
}

fn one() -> f32 {
    1.0
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerbFile {
    #[serde(default)]
    verb: Vec<ListedVerb>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedVerb {
    lemma: String,
    forms: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct GuardFile {
    #[serde(default)]
    guard: Vec<ListedGuard>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ListedGuard {
    id: Spanned<String>,
    language: Language,
    patterns: Vec<Spanned<String>>,
    #[allow(dead_code, reason = "for the reader of the file")]
    note: String,
}

/// A cue of the files.
#[derive(Debug)]
pub(crate) struct Cue {
    pub(crate) id: String,
    pub(crate) category: Category,
    pub(crate) direction: Direction,
    pub(crate) reach: Reach,
    pub(crate) weight: f32,
    pub(crate) source: SourceAt,
    pub(crate) future: Option<FutureKind>,
    /// Whether it grants something against the speaker's own interest: *acknowledge*.
    pub(crate) admission: bool,
    guards: Vec<usize>,
}

/// A cue found in a text, by tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) cue: usize,
    pub(crate) tokens: Range<usize>,
    /// True where a negation turns it round: *has not confirmed*.
    pub(crate) negated: bool,
}

/// All cues, by language.
#[derive(Debug, Default)]
pub(crate) struct Cues {
    cues: Vec<Cue>,
    patterns: FxHashMap<Language, PatternSet>,
    guards: FxHashMap<Language, PatternSet>,
}

impl Cues {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let mut verbs: HashMap<Language, Verbs> = HashMap::new();
        for language in Language::TAGGED {
            let path = format!("cues/verbs.{language}.toml");
            let listed: VerbFile = files.one(&path).parse()?;
            let forms = listed.verb.into_iter().map(|verb| (verb.lemma, verb.forms));
            verbs.insert(language, forms.collect());
        }
        let none = Verbs::new();
        let mut built = Self::default();
        let mut guard_ids: HashMap<String, usize> = HashMap::new();
        let file = files.one("cues/guards.toml");
        let listed: GuardFile = file.parse()?;
        for guard in listed.guard {
            let next = guard_ids.len();
            let owner = *guard_ids.entry(guard.id.get_ref().clone()).or_insert(next);
            let set = built.guards.entry(guard.language).or_default();
            for pattern in &guard.patterns {
                set.add(
                    owner,
                    pattern.get_ref(),
                    verbs.get(&guard.language).unwrap_or(&none),
                )
                .map_err(|what| file.error(&pattern.span(), what))?;
            }
        }
        let mut seen = HashMap::new();
        for language in Language::TAGGED {
            let path = format!("cues/{language}.toml");
            let file = files.one(&path);
            let listed: CueFile = file.parse()?;
            for cue in listed.cue {
                if seen.insert(cue.id.get_ref().clone(), ()).is_some() {
                    let what = format!("the cue id `{}` is used twice", cue.id.get_ref());
                    return Err(file.error(&cue.id.span(), what));
                }
                let mut guards = Vec::new();
                for guard in &cue.guards {
                    let known = guard_ids.get(guard).ok_or_else(|| {
                        let what = format!("no guard `{guard}` in cues/guards.toml");
                        file.error(&cue.id.span(), what)
                    })?;
                    guards.push(*known);
                }
                let owner = built.cues.len();
                let set = built.patterns.entry(language).or_default();
                if cue.pattern.is_none() && cue.patterns.is_empty() {
                    return Err(file.error(&cue.id.span(), "a cue needs a `pattern`"));
                }
                for pattern in cue.pattern.iter().chain(&cue.patterns) {
                    set.add(
                        owner,
                        pattern.get_ref(),
                        verbs.get(&language).unwrap_or(&none),
                    )
                    .map_err(|what| file.error(&pattern.span(), what))?;
                }
                built.cues.push(Cue {
                    source: cue.source.unwrap_or(default_source(cue.category)),
                    id: cue.id.into_inner(),
                    category: cue.category,
                    direction: cue.direction,
                    reach: cue.scope,
                    weight: cue.weight,
                    future: cue.future,
                    admission: cue.admission,
                    guards,
                });
            }
        }
        Ok(built)
    }

    pub(crate) fn get(&self, hit: &Hit) -> &Cue {
        &self.cues[hit.cue]
    }

    /// The cues of a sentence in text order. Where two overlap, the longer one stands.
    pub(crate) fn find(
        &self,
        text: &Text,
        language: Language,
        sentence: &Range<usize>,
    ) -> Vec<Hit> {
        let Some(patterns) = self.patterns.get(&language) else {
            return Vec::new();
        };
        let mut hits = Vec::new();
        for at in sentence.clone() {
            patterns.at(text, at, sentence.start, sentence.end, |cue, end| {
                hits.push(Hit {
                    cue,
                    tokens: at..end,
                    negated: false,
                });
            });
        }
        if hits.is_empty() {
            return hits;
        }
        if hits.iter().any(|hit| !self.cues[hit.cue].guards.is_empty()) {
            let guards = self.guards_in(text, language, sentence);
            hits.retain(|hit| !self.is_guarded(hit, &guards));
        }
        hits.sort_by_key(|hit| {
            let cue = &self.cues[hit.cue];
            (
                std::cmp::Reverse(hit.tokens.len()),
                hit.tokens.start,
                cue.category,
            )
        });
        let mut taken = vec![false; sentence.len()];
        hits.retain(|hit| {
            let range = hit.tokens.start - sentence.start..hit.tokens.end - sentence.start;
            let free = !taken[range.clone()].contains(&true);
            if free {
                taken[range].fill(true);
            }
            free
        });
        hits.sort_by_key(|hit| hit.tokens.start);
        hits
    }

    fn guards_in(
        &self,
        text: &Text,
        language: Language,
        sentence: &Range<usize>,
    ) -> Vec<(usize, Range<usize>)> {
        let mut found = Vec::new();
        if let Some(guards) = self.guards.get(&language) {
            for at in sentence.clone() {
                guards.at(text, at, sentence.start, sentence.end, |guard, end| {
                    found.push((guard, at..end));
                });
            }
        }
        found
    }

    fn is_guarded(&self, hit: &Hit, guards: &[(usize, Range<usize>)]) -> bool {
        let own = &self.cues[hit.cue].guards;
        if own.is_empty() {
            return false;
        }
        let first = guards.partition_point(|(_, range)| {
            range.start + GUARD_REACH + hit.tokens.len() < hit.tokens.start
        });
        guards[first..]
            .iter()
            .take_while(|(_, range)| range.start < hit.tokens.end)
            .any(|(guard, range)| own.contains(guard) && range.end > hit.tokens.start)
    }
}

fn default_source(category: Category) -> SourceAt {
    match category {
        Category::Denial
        | Category::Confirm
        | Category::Distancing
        | Category::OfficialPerformative
        | Category::NeutralSay => SourceAt::Subject,
        _ => SourceAt::None,
    }
}
