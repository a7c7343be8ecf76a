//! What an expectation compares.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use super::expectation::Function;

/// A value of an expression: a literal as it is written, or a field of a document as claimwire carries it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Number(i64),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
    /// A field that claimwire carries as plain text and the suite as HTML or as text.
    Prose(String),
    Instant(Timestamp),
    /// A charset, with the bytes that were read in it.
    Charset(String, Vec<u8>),
}

/// The name of a field that claimwire does not carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unmapped(pub(crate) String);

impl Value {
    pub(crate) fn is_true(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(value) => *value,
            Self::Number(number) => *number != 0,
            Self::Text(text) | Self::Prose(text) | Self::Charset(text, _) => !text.is_empty(),
            Self::List(values) => !values.is_empty(),
            Self::Map(entries) => !entries.is_empty(),
            Self::Instant(_) => true,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Text(text) | Self::Prose(text) | Self::Charset(text, _) => text,
            _ => "",
        }
    }

    pub(crate) fn called(&self, function: Function) -> Self {
        match (function, self) {
            (Function::Presence, value) => Self::Bool(*value != Self::None),
            (Function::Length, Self::List(values)) => number(values.len()),
            (Function::Length, value) => number(value.text().chars().count()),
            (Function::CodePoint, value) => {
                let mut characters = value.text().chars();
                match (characters.next(), characters.next()) {
                    (Some(only), None) => Self::Number(i64::from(u32::from(only))),
                    _ => Self::None,
                }
            }
        }
    }

    /// Whether a field says what a literal says. Prose is compared as plain text, instants by the time
    /// they name, maps by the entries that the literal lists.
    pub(crate) fn equals(&self, literal: &Self) -> Result<bool, Unmapped> {
        Ok(match (self, literal) {
            (Self::Prose(ours), Self::Text(expected)) => says(ours, expected),
            // The suite has an empty text where we have none.
            (Self::None, Self::Text(expected)) => plain(expected).is_empty(),
            (Self::Instant(ours), Self::Text(expected)) => instant(expected) == Some(*ours),
            (Self::Instant(ours), Self::List(expected)) => tuple(expected) == Some(*ours),
            (Self::Charset(ours, bytes), Self::Text(expected)) => {
                same_charset(ours, bytes, expected)
            }
            (Self::Number(ours), Self::Text(expected)) => ours.to_string() == *expected,
            (Self::Map(ours), Self::Map(expected)) => {
                let mut equal = true;
                for (key, value) in expected {
                    let (_, own) = ours
                        .iter()
                        .find(|(name, _)| name == key)
                        .ok_or_else(|| Unmapped(key.clone()))?;
                    equal &= own.equals(value)?;
                }
                equal
            }
            (ours, expected) => ours == expected,
        })
    }
}

fn number(length: usize) -> Value {
    Value::Number(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Whether plain text says what `expected` says, which is HTML exactly if an element is closed in it or a
/// reference stands in it. Blanks between the elements of HTML are the browser's, not the author's.
fn says(ours: &str, expected: &str) -> bool {
    if is_html(expected) {
        let words = |text: &str| -> String { text.split_whitespace().collect() };
        words(ours) == words(&seen(&plain(expected)))
    } else {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        words(ours) == words(&seen(expected))
    }
}

fn is_html(text: &str) -> bool {
    let reference = text.split('&').skip(1).any(|rest| {
        rest.split_once(';').is_some_and(|(name, _)| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'#')
        })
    });
    text.contains("</") || text.contains("/>") || reference
}

/// The text of HTML: what stands outside of tags, references resolved.
fn plain(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        rest = tag.split_once('>').map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    html_escape::decode_html_entities(&text).into_owned()
}

/// Without the characters that claimwire drops from every text because nobody can see them.
fn seen(text: &str) -> String {
    let unseen = |c: char| {
        matches!(
            c,
            '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'
        )
    };
    text.replace(unseen, "")
}

/// RFC 3339 or RFC 2822: the forms in which the suite expects dates.
fn instant(text: &str) -> Option<Timestamp> {
    let rfc_2822 = || {
        jiff::fmt::rfc2822::parse(text)
            .ok()
            .map(|date| date.timestamp())
    };
    text.parse().ok().or_else(rfc_2822)
}

/// Python's `struct_time` in UTC, of which the last three entries follow from the others.
fn tuple(values: &[Value]) -> Option<Timestamp> {
    let part = |at: usize| match values.get(at) {
        Some(Value::Number(number)) => i16::try_from(*number).ok(),
        _ => None,
    };
    let small = |at: usize| part(at).and_then(|number| i8::try_from(number).ok());
    let civil = DateTime::new(
        part(0)?,
        small(1)?,
        small(2)?,
        small(3)?,
        small(4)?,
        small(5)?,
        0,
    );
    Offset::UTC.to_timestamp(civil.ok()?).ok()
}

/// Whether two labels name one charset, or two in which these bytes are the same text.
fn same_charset(ours: &str, bytes: &[u8], expected: &str) -> bool {
    let read = |label: &str| {
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes())?;
        Some(encoding.decode_without_bom_handling(bytes).0)
    };
    let text = read(ours);
    ours.eq_ignore_ascii_case(expected) || (text.is_some() && text == read(expected))
}
