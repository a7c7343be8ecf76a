//! An entity mention.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of thing a mention names.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntityType {
    /// A named person.
    Person,
    /// Alliance, government, ministry, armed forces, unit, company or media.
    Organisation,
    /// A place.
    Place,
    /// NATO or one of its bodies and commands.
    NatoBody,
    /// A weapon system.
    WeaponSystem,
    /// An operation, summit or other event.
    OperationOrEvent,
    /// A treaty, act or declaration.
    Document,
    /// An office: *secretary general*.
    Role,
    /// A people or nationality: *Ukrainian*.
    Demonym,
    /// An amount of money.
    Money,
    /// A number of something, percentages included.
    Quantity,
    /// A date or a period.
    Date,
}

/// One mention of an entity in an item's plain text. Offsets are Unicode code points, end exclusive,
/// over `title + "\n\n" + text` when there is a title, else over `text`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entity {
    /// First code point.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// The text as it stands.
    pub surface: String,
    /// What kind of thing it is.
    #[serde(rename = "type")]
    pub kind: EntityType,
    /// The dictionary's id, such as `org.nato`; for money, quantities and dates one made of the value; for a
    /// name that the dictionary does not have `name:` and its fullest form in the text.
    pub id: String,
    /// Wikidata id, where the dictionary is certain of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qid: Option<String>,
    /// The normalised value of money, a quantity or a date; none for a date that the text does not place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Set when the mention stands for another entity: the place *Kremlin* for the Russian government.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metonym_of: Option<String>,
    /// True for a proxy entity that no one but its patron recognises.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub self_declared: bool,
}

impl Entity {
    /// Whether the dictionary knows it, and others can be asked for by the same id. Values are told by what
    /// they are, and a name outside of the dictionary by the way this text spells it.
    #[must_use]
    pub fn is_linked(&self) -> bool {
        self.value.is_none() && self.kind != EntityType::Date && !self.id.starts_with(UNLINKED)
    }
}

/// What the id of a name that the dictionary does not have begins with.
pub const UNLINKED: &str = "name:";

/// A normalised value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Value {
    /// Money.
    Money {
        /// A plain decimal number.
        amount: String,
        /// ISO 4217 code.
        currency: String,
    },
    /// A date or period.
    Date {
        /// First day (ISO 8601), as exact as the text: `2024`, `2024-07` or `2024-07-09`.
        start: String,
        /// Last day, inclusive, in the same form.
        end: String,
    },
    /// A quantity.
    Quantity {
        /// A plain decimal number.
        value: String,
        /// The unit, or the noun counted; `%` for a percentage.
        unit: String,
    },
}
