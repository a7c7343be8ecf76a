//! JSON Feed 1.0 and 1.1 (jsonfeed.org), read field by field, so that one of the wrong type costs
//! that field only.

use serde_json::Value;
use url::Url;
use wire::document::{Author, Enclosure, FeedInfo};
use wire::id::IdOrigin;
use wire::{Item, ItemId};

use super::repair::{Repair, Repairs};
use super::{Limits, Parsed, bounded, date, text};

/// The feed in `source`; None when it is no JSON or no JSON Feed.
pub(super) fn read(
    source: &str,
    base: Option<&Url>,
    limits: &Limits,
    repairs: &mut Repairs,
) -> Option<Parsed> {
    let feed: Value = serde_json::from_str(source).ok()?;
    let entries = feed.get("items")?.as_array()?;
    let version = feed
        .get("version")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let format = match version.trim_end_matches('/').rsplit('/').next() {
        Some("1") => "JSON Feed 1.0",
        Some("1.1") => "JSON Feed 1.1",
        _ => {
            repairs.add(Repair::UnknownVersion);
            "JSON Feed 1.1"
        }
    };
    if entries.len() > limits.max_items {
        repairs.add(Repair::ItemLimit);
    }
    let items = entries
        .iter()
        .take(limits.max_items)
        .map(|entry| item(entry, base, limits, repairs))
        .collect();
    let hub = feed.get("hubs").and_then(Value::as_array).and_then(|hubs| {
        // There are hubs of other kinds, such as `rssCloud`.
        let speaks =
            |hub: &&Value| string(hub, "type").is_some_and(|it| it.eq_ignore_ascii_case("websub"));
        string(hubs.iter().find(speaks)?, "url")
    });
    let info = FeedInfo {
        title: line(&feed, "title", repairs),
        subtitle: line(&feed, "description", repairs),
        link: address(&feed, "home_page_url", base, repairs),
        language: string(&feed, "language"),
        hub,
        self_link: address(&feed, "feed_url", base, repairs),
        authors: authors(&feed, repairs),
        ..FeedInfo::default()
    };
    Some(Parsed {
        format: format.to_owned(),
        feed: info,
        items,
        originals: Vec::new(),
    })
}

fn item(entry: &Value, base: Option<&Url>, limits: &Limits, repairs: &mut Repairs) -> Item {
    let html = string(entry, "content_html").map(|html| text::of_html(&html, repairs));
    let content = html
        .filter(|html| !html.is_empty())
        .or_else(|| string(entry, "content_text").map(|plain| text::tidy(&plain, repairs)));
    let mut instant = |name| {
        let written = string(entry, name)?;
        let read = date::parse(&written);
        if read.is_none() {
            repairs.add(Repair::UnreadableDate);
        }
        read
    };
    let (published, updated) = (instant("date_published"), instant("date_modified"));
    Item {
        id: ItemId(String::new()),
        id_origin: IdOrigin::Content,
        guid: string(entry, "id"),
        title: line(entry, "title", repairs),
        link: address(entry, "url", base, repairs)
            .or_else(|| address(entry, "external_url", base, repairs)),
        summary: line(entry, "summary", repairs).map(|summary| bounded(summary, limits.max_text)),
        content: content
            .filter(|content| !content.is_empty())
            .map(|content| bounded(content, limits.max_text)),
        authors: authors(entry, repairs),
        categories: list(entry, "tags")
            .filter_map(Value::as_str)
            .map(|tag| text::one_line(text::tidy(tag, repairs)))
            .collect(),
        enclosures: list(entry, "attachments")
            .filter_map(|attachment| {
                Some(Enclosure {
                    url: address(attachment, "url", base, repairs)?,
                    media_type: string(attachment, "mime_type"),
                    length: attachment.get("size_in_bytes").and_then(Value::as_u64),
                })
            })
            .collect(),
        published,
        updated,
    }
}

/// A text or a number (ids are often numbers), trimmed, never empty.
fn string(value: &Value, name: &str) -> Option<String> {
    let written = match value.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!written.is_empty()).then_some(written)
}

fn line(value: &Value, name: &str, repairs: &mut Repairs) -> Option<String> {
    string(value, name)
        .map(|written| text::one_line(text::tidy(&written, repairs)))
        .filter(|line| !line.is_empty())
}

fn list<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    value
        .get(name)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn address(value: &Value, name: &str, base: Option<&Url>, repairs: &mut Repairs) -> Option<String> {
    let written = string(value, name)?;
    let absolute = base
        .and_then(|base| base.join(&written).ok())
        .map_or(written, String::from);
    if super::is_unsafe(&absolute) {
        repairs.add(Repair::UnsafeLink);
        return None;
    }
    Some(absolute)
}

/// `authors` of 1.1, or the single `author` of 1.0.
fn authors(value: &Value, repairs: &mut Repairs) -> Vec<Author> {
    list(value, "authors")
        .chain(value.get("author"))
        .map(|author| Author {
            name: line(author, "name", repairs),
            email: None,
            uri: string(author, "url"),
        })
        .filter(|author| *author != Author::default())
        .collect()
}
