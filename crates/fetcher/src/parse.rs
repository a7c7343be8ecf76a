//! Bytes of a feed to a [`Document`]: decoded, repaired, read, identified.
//!
//! Nothing that a publisher can send makes this fail or panic; what is wrong with a document is said
//! on it. A document that yields fewer items than it holds is [`Partial`](wire::document::ParseStatus::Partial), never `Ok`.

mod charset;
mod count;
mod date;
mod doctype;
mod entity;
mod furniture;
mod identity;
mod json;
mod namespace;
mod repair;
mod scan;
mod text;
mod tree;
mod xml;

use std::borrow::Cow;
use std::panic;

use url::Url;
use wire::document::{Author, FeedInfo};
use wire::{Document, FeedId, Item};

use repair::{Repair, Repairs};

/// How much of a document is kept.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Items beyond are left out, and the document is partial.
    pub max_items: usize,
    /// Bytes of plain text in each field of an item.
    pub max_text: usize,
    /// When the document was received: dates after it are implausible. None where nobody knows.
    pub received: Option<jiff::Timestamp>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_items: 2_000,
            max_text: 64 * 1024,
            received: None,
        }
    }
}

/// A feed before its items have ids.
struct Parsed {
    format: String,
    feed: FeedInfo,
    items: Vec<Item>,
    /// Where each item says that it is a copy from, in their order; shorter where none says so.
    originals: Vec<Option<String>>,
}

/// The document in `bytes`, within the default [`Limits`]. `content_type` is the media type that it came
/// with, `base_url` where it came from: relative links are resolved against it. Ids are made for `feed`.
#[must_use]
pub fn document(
    bytes: &[u8],
    content_type: Option<&str>,
    base_url: Option<&str>,
    feed: &FeedId,
) -> Document {
    document_within(&Limits::default(), bytes, content_type, base_url, feed)
}

/// The same within limits of the caller's. A panic while reading costs this one document: it becomes an
/// error that says so.
#[must_use]
pub fn document_within(
    limits: &Limits,
    bytes: &[u8],
    content_type: Option<&str>,
    base_url: Option<&str>,
    feed: &FeedId,
) -> Document {
    panic::catch_unwind(|| read(limits, bytes, content_type, base_url, feed)).unwrap_or_else(|_| {
        let mut repairs = Repairs::default();
        repairs.add(Repair::Panicked);
        finished(None, "", &repairs)
    })
}

pub(crate) use identity::canonical;

/// The instant that `written` names, in any form that feeds use.
pub(crate) fn date(written: &str) -> Option<jiff::Timestamp> {
    date::parse(written)
}

/// Whether an item that was received at `received` can have been published at `at`. What cannot is kept, and
/// says nothing about the order of items.
pub(crate) fn is_plausible(at: jiff::Timestamp, received: jiff::Timestamp) -> bool {
    date::is_plausible(at, Some(received))
}

fn read(
    limits: &Limits,
    bytes: &[u8],
    content_type: Option<&str>,
    base_url: Option<&str>,
    feed: &FeedId,
) -> Document {
    let mut repairs = Repairs::default();
    let (decoded, encoding) = charset::decode(bytes, content_type, &mut repairs);
    let text = legal(&decoded, &mut repairs);
    let base = base_url.and_then(|base| Url::parse(base).ok());
    let json = text.trim_start().starts_with('{');
    let parsed = if json {
        json::read(text.trim(), base.as_ref(), limits, &mut repairs)
    } else {
        xml::read(
            &doctype::expanded(without_junk(&text, &mut repairs)),
            base,
            limits,
            &mut repairs,
        )
    };
    let Some(mut parsed) = parsed else {
        repairs.add(Repair::NotAFeed);
        return finished(None, encoding, &repairs);
    };
    // Counted by other means than it was read by, so that an item lost on the way shows.
    if !json && parsed.items.len() < count::items(&text) {
        repairs.add(Repair::MissingItems);
    }
    let implausible = |at: &jiff::Timestamp| !date::is_plausible(*at, limits.received);
    let mut dates = parsed
        .items
        .iter()
        .flat_map(|item| item.published.iter().chain(&item.updated));
    if dates.any(implausible) {
        repairs.add(Repair::ImplausibleDate);
    }
    identity::assign(&mut parsed.items, &parsed.originals, feed, &mut repairs);
    finished(Some(parsed), encoding, &repairs)
}

fn finished(parsed: Option<Parsed>, encoding: &str, repairs: &Repairs) -> Document {
    let parsed = parsed.unwrap_or_else(|| Parsed {
        format: String::new(),
        feed: FeedInfo::default(),
        items: Vec::new(),
        originals: Vec::new(),
    });
    Document {
        status: repairs.status(),
        quality: repairs.quality(),
        repairs: repairs.names(),
        dropped_characters: repairs.dropped_characters(),
        encoding: encoding.to_ascii_lowercase(),
        format: parsed.format,
        feed: parsed.feed,
        items: parsed.items,
    }
}

/// The text without the characters that XML does not allow (XML 1.0 §2.2).
fn legal<'a>(text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    let illegal = |c: char| {
        (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    // Without a branch in the loop it runs at the speed of memory; both noncharacters begin EF BF.
    let suspect =
        |byte: &u8| (*byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) | (*byte == 0xEF);
    let any = |chunk: &[u8]| {
        chunk
            .iter()
            .fold(false, |found, byte| found | suspect(byte))
    };
    if !text.as_bytes().chunks(4096).any(any) || !text.contains(illegal) {
        return Cow::Borrowed(text);
    }
    repairs.add(Repair::ControlCharacters);
    let mut legal = String::with_capacity(text.len());
    for c in text.chars() {
        if illegal(c) {
            repairs.drop_character(c);
        } else {
            legal.push(c);
        }
    }
    Cow::Owned(legal)
}

/// The text from its first markup on.
fn without_junk<'a>(text: &'a str, repairs: &mut Repairs) -> &'a str {
    let start = text.find('<').unwrap_or(0);
    let junk = &text[..start];
    // Blanks before the prolog are not well-formed either, but cost nothing and say nothing.
    if !junk
        .trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
        .is_empty()
    {
        repairs.add(Repair::JunkBeforeProlog);
    }
    &text[start..]
}

/// `text` cut to at most `bytes` bytes, between two characters.
fn bounded(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

/// Whether an address runs code or carries data instead of naming a page.
fn is_unsafe(address: &str) -> bool {
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    ["javascript", "vbscript", "data"]
        .iter()
        .any(|bad| scheme.trim().eq_ignore_ascii_case(bad))
}

/// `mail@example (Name)`, `Name (mail@example)`, `Name <mail@example>`, or one of the two (RSS 2.0, `author`).
fn author(written: &str) -> Author {
    let part = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let split = |open, close| -> Option<(&str, &str)> {
        let (before, rest) = written.split_once(open)?;
        Some((before, rest.split_once(close)?.0))
    };
    let (name, email) = match split('<', '>').or_else(|| split('(', ')')) {
        Some((name, email)) if is_address(email) => (part(name), part(email)),
        Some((email, name)) if is_address(email) => (part(name), part(email)),
        _ if is_address(written) => (None, part(written)),
        _ => (part(written), None),
    };
    Author {
        name,
        email,
        uri: None,
    }
}

/// Whether something can be an e-mail address: an `@`, and no blank.
fn is_address(text: &str) -> bool {
    let text = text.trim();
    text.contains('@') && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_read_in_the_forms_of_rss() {
        let mail = Some("a@b.example".to_owned());
        let name = Some("Olena Koval".to_owned());
        let both = Author {
            name: name.clone(),
            email: mail.clone(),
            uri: None,
        };
        assert_eq!(author("a@b.example (Olena Koval)"), both);
        assert_eq!(author("Olena Koval <a@b.example>"), both);
        assert_eq!(author("Olena Koval (a@b.example)"), both);
        assert_eq!(
            author("a@b.example"),
            Author {
                email: mail,
                ..Author::default()
            }
        );
        assert_eq!(
            author("Olena Koval"),
            Author {
                name,
                ..Author::default()
            }
        );
    }
}
