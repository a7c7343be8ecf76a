//! What was done to a document so that it could be read, by name.

use wire::document::ParseStatus;

use super::text::is_directional;

/// One thing that was wrong with a document. Each kind is named once on a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Repair {
    CharsetUndeclared,
    CharsetMislabelled,
    InvalidBytes,
    JunkBeforeProlog,
    ControlCharacters,
    DirectionalCharacters,
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
    ImplausibleDate,
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
            Self::DirectionalCharacters => "directional-characters",
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
            Self::ImplausibleDate => "implausible-date",
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
pub(super) struct Repairs {
    made: Vec<Repair>,
    dropped: u32,
}

impl Repairs {
    pub(super) fn add(&mut self, repair: Repair) {
        if !self.made.contains(&repair) {
            self.made.push(repair);
        }
    }

    /// Counts a character that is left out of a text because nobody could see it. Marks and soft hyphens
    /// are harmless; controls and directional overrides are named.
    pub(super) fn drop_character(&mut self, c: char) {
        self.dropped = self.dropped.saturating_add(1);
        if is_directional(c) {
            self.add(Repair::DirectionalCharacters);
        } else if c.is_control() {
            self.add(Repair::ControlCharacters);
        }
    }

    pub(super) fn dropped_characters(&self) -> u32 {
        self.dropped
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.made
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
        self.made
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
        let cost: f32 = self.made.iter().map(|repair| repair.cost()).sum();
        ((1.0 - cost).max(0.05) * 100.0).round() / 100.0
    }
}
