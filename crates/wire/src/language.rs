//! The languages whose claims are tagged.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A language by its ISO 639-1 code; anything that is not one of the six is `und`.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// English.
    En,
    /// Ukrainian.
    Uk,
    /// Russian.
    Ru,
    /// German.
    De,
    /// French.
    Fr,
    /// Polish.
    Pl,
    /// Undetermined, or none of the six (ISO 639-2 `und`).
    #[default]
    Und,
}

impl Language {
    /// The six languages that have dictionaries and cues.
    pub const TAGGED: [Self; 6] = [Self::En, Self::Uk, Self::Ru, Self::De, Self::Fr, Self::Pl];

    /// The code as it stands in records: `en`, `uk`, `ru`, `de`, `fr`, `pl` or `und`.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Uk => "uk",
            Self::Ru => "ru",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Pl => "pl",
            Self::Und => "und",
        }
    }

    /// The language of a BCP 47 tag such as `en-GB`; [`Language::Und`] for one of no interest here.
    #[must_use]
    pub fn from_tag(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        primary.to_ascii_lowercase().parse().unwrap_or_default()
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, Self::Err> {
        Self::TAGGED
            .into_iter()
            .chain([Self::Und])
            .find(|language| language.code() == code)
            .ok_or_else(|| format!("`{code}` is none of en, uk, ru, de, fr, pl, und"))
    }
}
