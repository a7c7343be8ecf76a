//! A claim: a clause, and how the text stands behind it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the text stands behind a claim; never whether the claim is true.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stated on its own act by who may, confirmed, verified, or told as fact.
    Confirmed,
    /// Hedged, second-hand, from an interested party, or said to be unverified.
    Unconfirmed,
    /// Only the denial is reported.
    Denied,
    /// Asserted and denied together.
    Disputed,
    /// A judgement, an analysis or boilerplate.
    NotAClaim,
}

impl Status {
    /// The status as it stands in records and headers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Unconfirmed => "unconfirmed",
            Self::Denied => "denied",
            Self::Disputed => "disputed",
            Self::NotAClaim => "not_a_claim",
        }
    }
}

/// Why a claim has its status.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum StatusDetail {
    /// A competent body or its officer on its own act, decision, pledge, plan or appointment.
    OfficialAnnouncement,
    /// An explicit "confirmed" by a competent or third-party authority.
    OfficialConfirmation,
    /// Verified by a named party, geolocated, on satellite imagery, or seen by the outlet.
    IndependentlyVerified,
    /// The author's own voice, past or present, without a hedge.
    ReportedAsFact,
    /// The text says that it is unverified.
    ExplicitUnverified,
    /// "Reports suggest", "reportedly", rumours.
    Hearsay,
    /// Officials on condition of anonymity, people familiar with the matter.
    AnonymousSource,
    /// A belligerent on the other side's losses, acts or intentions.
    InterestedParty,
    /// One named witness, expert or official on what is not theirs to settle.
    SingleSource,
    /// Modal, approximator, conditional or question.
    Hedged,
    /// Future without a named owner.
    Scheduled,
    /// A forecast.
    Expected,
    /// Only the denial is reported.
    DeniedBy,
    /// Assertion and denial, or two incompatible figures, together.
    Conflicting,
    /// A value judgement or an analysis.
    Assessment,
    /// An opinion.
    Opinion,
    /// Dateline, boilerplate.
    Procedural,
}

/// Certainty and polarity of an event in the author's eyes, after FactBank (Saurí and Pustejovsky 2009).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Factuality {
    /// Certainly so.
    #[serde(rename = "CT+")]
    CertainPositive,
    /// Probably so.
    #[serde(rename = "PR+")]
    ProbablePositive,
    /// Possibly so.
    #[serde(rename = "PS+")]
    PossiblePositive,
    /// Uncommitted.
    #[serde(rename = "U")]
    Unknown,
    /// Possibly not so.
    #[serde(rename = "PS-")]
    PossibleNegative,
    /// Probably not so.
    #[serde(rename = "PR-")]
    ProbableNegative,
    /// Certainly not so.
    #[serde(rename = "CT-")]
    CertainNegative,
}

/// What kind of statement a claim makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Something happened or happens.
    Event,
    /// Something holds.
    State,
    /// An act of authority: announced, approved, signed.
    Decision,
    /// A plan or a pledge.
    Intention,
    /// Something is expected.
    Forecast,
    /// Something is asked.
    Question,
    /// A judgement.
    Judgement,
}

/// Whether the clause is asserted or negated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Polarity {
    /// Asserted.
    Positive,
    /// Negated.
    Negative,
}

/// The tense of the clause's predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Tense {
    /// Past, perfect included.
    Past,
    /// Present.
    Present,
    /// Future.
    Future,
    /// No finite predicate to read it from.
    None,
}

/// Reliability of a source, the letter of the Admiralty grade (STANAG 2511).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Reliability {
    /// Completely reliable.
    A,
    /// Usually reliable.
    B,
    /// Fairly reliable.
    C,
    /// Not usually reliable.
    D,
    /// Unreliable.
    E,
    /// Cannot be judged.
    F,
}

/// The Admiralty grade (STANAG 2511).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Admiralty {
    /// The operator's letter for the source; `F` unless configured.
    pub reliability: Reliability,
    /// Credibility of the information, 1 (confirmed by others) to 6 (cannot be judged).
    pub credibility: u8,
}

/// Who stands behind an attributed claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceClass {
    /// It speaks of its own competence.
    Owner,
    /// An official of another body.
    ThirdPartyOfficial,
    /// A party to the conflict, on contested matter.
    InterestedParty,
    /// A named person without office.
    NamedIndividual,
    /// Unnamed.
    Anonymous,
    /// A news outlet.
    Media,
    /// "Reports", no one in particular.
    Reports,
    /// Posts and channels.
    SocialMedia,
    /// The author.
    AuthorVoice,
}

/// A stretch of the plain text, in code points, end exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// Who said it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AttributionSource {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The text as it stands.
    pub surface: String,
    /// What kind of source it is for this claim.
    pub class: SourceClass,
    /// The entity's id, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
}

/// The words that attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AttributionCue {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The text as it stands.
    pub surface: String,
}

/// Who said what, by which words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attribution {
    /// Who.
    pub source: AttributionSource,
    /// By which words.
    pub cue: AttributionCue,
    /// What.
    pub content: Span,
}

/// How a verifier relates to the claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifierRelation {
    /// It verified or confirmed the claim.
    Verified,
    /// It could not or did not verify it.
    Unverified,
    /// It denies it.
    Denied,
}

/// Who checked, or could not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verifier {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The text as it stands.
    pub surface: String,
    /// The entity's id, when it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<String>,
    /// What it did.
    pub relation: VerifierRelation,
}

/// Words that bore on the decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// The rule that used them, `R1` to `R15`.
    pub rule: String,
    /// The cue's id in the cue files; for R15, which needs none, the predicate.
    pub cue: String,
    /// The cue's category.
    pub category: String,
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// One claim. Its span covers the whole clause complex, source and cue included. The first entry of
/// `evidence` is the one that decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Claim {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// How the text stands behind it.
    pub status: Status,
    /// Why.
    pub status_detail: StatusDetail,
    /// How committed the author is.
    pub factuality: Factuality,
    /// The same on -3 to 3; null only without a predicate.
    pub value: Option<f32>,
    /// What kind of statement it is.
    pub kind: ClaimKind,
    /// Asserted or negated.
    pub polarity: Polarity,
    /// The predicate's tense.
    pub tense: Tense,
    /// Who said it, or null in the author's voice.
    pub attribution: Option<Attribution>,
    /// Who checked it, or could not.
    pub verifier: Option<Verifier>,
    /// The words that decided, and the rule they decided by.
    pub evidence: Vec<Evidence>,
    /// From 0 to 1: how clear the decision is.
    pub score: f32,
    /// True when a person should look.
    pub review: bool,
    /// STANAG 2511 grade.
    pub admiralty: Admiralty,
}
