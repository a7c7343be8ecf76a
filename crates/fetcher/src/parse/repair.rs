//! What was done to a document so that it could be read, by name.

use wire::document::ParseStatus;

/// One thing that was wrong with a document. Each kind is named once on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Repair {
    CharsetUndeclared,
    CharsetMislabelled,
    InvalidBytes,
    JunkBeforeProlog,
    ControlCharacters,
    HtmlEntities,
    BareAmpersand,
    StrayLessThan,
    UnclosedQuote,
    UnclosedElement,
    UnmatchedEndTag,
    UndeclaredNamespace,
    UnknownVersion,
    ItemsOutsideChannel,
    UnreadableDate,
    UnsafeLink,
    RepeatedGuid,
    Truncated,
    ItemLimit,
    NodeLimit,
    MissingItems,
    NotAFeed,
    Panicked,
}

impl Repair {
    fn name(self) -> &'static str {
        match self {
            Self::CharsetUndeclared => "charset-undeclared",
            Self::CharsetMislabelled => "charset-mislabelled",
            Self::InvalidBytes => "invalid-bytes",
            Self::JunkBeforeProlog => "junk-before-prolog",
            Self::ControlCharacters => "control-characters",
            Self::HtmlEntities => "html-entities",
            Self::BareAmpersand => "bare-ampersand",
            Self::StrayLessThan => "stray-less-than",
            Self::UnclosedQuote => "unclosed-quote",
            Self::UnclosedElement => "unclosed-element",
            Self::UnmatchedEndTag => "unmatched-end-tag",
            Self::UndeclaredNamespace => "undeclared-namespace",
            Self::UnknownVersion => "unknown-version",
            Self::ItemsOutsideChannel => "items-outside-channel",
            Self::UnreadableDate => "unreadable-date",
            Self::UnsafeLink => "unsafe-link",
            Self::RepeatedGuid => "repeated-guid",
            Self::Truncated => "truncated",
            Self::ItemLimit => "item-limit",
            Self::NodeLimit => "node-limit",
            Self::MissingItems => "missing-items",
            Self::NotAFeed => "not-a-feed",
            Self::Panicked => "parser-panicked",
        }
    }

    /// How much of the document's quality it takes, of 1.
    fn cost(self) -> f32 {
        match self {
            Self::NotAFeed | Self::Panicked => 1.0,
            Self::Truncated | Self::ItemLimit | Self::NodeLimit | Self::MissingItems => 0.4,
            Self::InvalidBytes | Self::UnclosedElement | Self::UnclosedQuote => 0.15,
            Self::UnmatchedEndTag | Self::RepeatedGuid | Self::UnreadableDate => 0.1,
            _ => 0.05,
        }
    }

    fn severity(self) -> ParseStatus {
        match self {
            Self::NotAFeed | Self::Panicked => ParseStatus::Error,
            Self::Truncated | Self::ItemLimit | Self::NodeLimit | Self::MissingItems => {
                ParseStatus::Partial
            }
            _ => ParseStatus::Repaired,
        }
    }
}

/// The repairs of one document, in the order in which they were first made.
#[derive(Clone, Debug, Default)]
pub(super) struct Repairs(Vec<Repair>);

impl Repairs {
    pub(super) fn add(&mut self, repair: Repair) {
        if !self.0.contains(&repair) {
            self.0.push(repair);
        }
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|repair| repair.name().to_owned())
            .collect()
    }

    /// The gravest consequence of any of them.
    pub(super) fn status(&self) -> ParseStatus {
        let rank = |status: &ParseStatus| match status {
            ParseStatus::Ok => 0,
            ParseStatus::Repaired => 1,
            ParseStatus::Partial => 2,
            ParseStatus::Error => 3,
        };
        self.0
            .iter()
            .map(|repair| repair.severity())
            .max_by_key(rank)
            .unwrap_or(ParseStatus::Ok)
    }

    /// From 0 to 1, in steps of a hundredth; 0 only for an error.
    pub(super) fn quality(&self) -> f32 {
        if self.status() == ParseStatus::Error {
            return 0.0;
        }
        let cost: f32 = self.0.iter().map(|repair| repair.cost()).sum();
        ((1.0 - cost).max(0.05) * 100.0).round() / 100.0
    }
}
