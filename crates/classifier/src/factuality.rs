//! How committed the author is to an event: certainty and polarity after FactBank, with a value.

use wire::claim::{Factuality, Polarity, StatusDetail};

/// The factuality of a claim by why it has its status.
pub(crate) fn of_claim(detail: StatusDetail, polarity: Polarity, denied: bool) -> Factuality {
    use StatusDetail as D;
    let certainty = match detail {
        D::OfficialAnnouncement
        | D::OfficialConfirmation
        | D::IndependentlyVerified
        | D::ReportedAsFact
        | D::Procedural => 3,
        D::SingleSource | D::AnonymousSource | D::Hearsay | D::Scheduled | D::DeniedBy => 2,
        D::InterestedParty | D::Hedged | D::Expected | D::Assessment | D::Opinion => 1,
        D::ExplicitUnverified | D::Conflicting => 0,
    };
    of(certainty, (polarity == Polarity::Negative) != denied)
}

/// Certainty from 0, unknown, to 3, certain.
pub(crate) fn of(certainty: u8, negative: bool) -> Factuality {
    match (certainty, negative) {
        (0, _) => Factuality::Unknown,
        (1, false) => Factuality::PossiblePositive,
        (1, true) => Factuality::PossibleNegative,
        (2, false) => Factuality::ProbablePositive,
        (2, true) => Factuality::ProbableNegative,
        (_, false) => Factuality::CertainPositive,
        (_, true) => Factuality::CertainNegative,
    }
}

/// The value on -3 to 3 that stands for a factuality.
pub(crate) fn value(factuality: Factuality) -> f32 {
    match factuality {
        Factuality::CertainPositive => 3.0,
        Factuality::ProbablePositive => 2.0,
        Factuality::PossiblePositive => 1.0,
        Factuality::Unknown => 0.0,
        Factuality::PossibleNegative => -1.0,
        Factuality::ProbableNegative => -2.0,
        Factuality::CertainNegative => -3.0,
    }
}

/// The factuality whose value is nearest to one on -3 to 3.
pub(crate) fn nearest(value: f32) -> Factuality {
    let certainty = match value.abs() {
        size if size < 0.5 => 0,
        size if size < 1.5 => 1,
        size if size < 2.5 => 2,
        _ => 3,
    };
    of(certainty, value < 0.0)
}
