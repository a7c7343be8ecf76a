//! Where claimwire carries what the Universal Feed Parser's names stand for.

use serde_json::Value as Json;

use super::expectation::Step;
use super::value::{Unmapped, Value};

/// Repairs that say nothing about whether a document was well-formed, which is all that `bozo` means.
const WELL_FORMED: [&str; 6] = [
    "unknown-version",
    "unreadable-date",
    "implausible-date",
    "unsafe-link",
    "repeated-guid",
    "hidden-characters",
];

/// The value of a field of `document`, as `claimwire parse --json` printed it; `bytes` are what it read.
pub(crate) fn value(document: &Json, bytes: &[u8], path: &[Step]) -> Result<Value, Unmapped> {
    let found = match path {
        [Step::Name(root)] => match root.as_str() {
            "bozo" => Some(Value::Bool(is_bozo(document))),
            "encoding" => Some(Value::Charset(
                text(&document["encoding"]).text().to_owned(),
                bytes.to_owned(),
            )),
            "version" => Some(Value::Text(version(document))),
            _ => None,
        },
        [Step::Name(root), rest @ ..] if root == "feed" => feed(&document["feed"], rest),
        [Step::Name(root), Step::Index(at), rest @ ..] if root == "entries" => {
            entry(&document["items"][at], rest)
        }
        _ => None,
    };
    found.ok_or_else(|| Unmapped(dotted(path)))
}

/// A path without its indices: `entries.links.href`.
pub(crate) fn dotted(path: &[Step]) -> String {
    let names = path.iter().filter_map(|step| match step {
        Step::Name(name) => Some(name.as_str()),
        Step::Index(_) => None,
    });
    names.collect::<Vec<_>>().join(".")
}

fn feed(feed: &Json, path: &[Step]) -> Option<Value> {
    use Step::Name;
    let [Name(name), rest @ ..] = path else {
        return None;
    };
    match (name.as_str(), rest) {
        ("subtitle" | "tagline" | "description", []) => Some(prose(&feed["subtitle"])),
        ("subtitle_detail" | "tagline_detail", [Name(value)]) if value == "value" => {
            Some(prose(&feed["subtitle"]))
        }
        ("language", []) => Some(text(&feed["language"])),
        // The feed has one date: that of the last change it tells of.
        ("updated" | "updated_parsed" | "published" | "published_parsed", []) => {
            Some(instant(&feed["updated"]))
        }
        ("ttl", []) => Some(number(&feed["ttl"])),
        ("generator", []) => Some(text(&feed["generator"])),
        ("generator_detail", [Name(part)]) if part == "name" => Some(text(&feed["generator"])),
        ("links", rest) => links(feed, rest),
        _ => shared(feed, name, rest),
    }
}

fn entry(item: &Json, path: &[Step]) -> Option<Value> {
    use Step::{Index, Name};
    let [Name(name), rest @ ..] = path else {
        return None;
    };
    match (name.as_str(), rest) {
        // The suite fills in a summary from the content where there is none.
        ("summary" | "description", []) => Some(match prose(&item["summary"]) {
            Value::None => prose(&item["content"]),
            summary => summary,
        }),
        ("summary_detail", [Name(value)]) if value == "value" => Some(prose(&item["summary"])),
        ("content", [Index(0), Name(value)]) if value == "value" => Some(prose(&item["content"])),
        ("id" | "guid", []) => Some(text(&item["guid"])),
        ("published" | "published_parsed" | "created" | "created_parsed", []) => {
            Some(instant(&item["published"]))
        }
        // The suite has an entry that was never changed updated when it was published.
        ("updated" | "updated_parsed", []) => Some(match instant(&item["updated"]) {
            Value::None => instant(&item["published"]),
            updated => updated,
        }),
        ("category", []) => Some(prose(&item["categories"][0])),
        ("tags", []) => Some(Value::List(
            list(&item["categories"]).iter().map(prose).collect(),
        )),
        ("tags", [Index(at), Name(term)]) if term == "term" => Some(prose(&item["categories"][at])),
        ("enclosures", [Index(at), rest @ ..]) => {
            let enclosure = enclosure(&item["enclosures"][at]);
            match rest {
                [] => Some(enclosure),
                [Name(part)] => member(enclosure, part),
                _ => None,
            }
        }
        ("links", rest) => links(item, rest),
        _ => shared(item, name, rest),
    }
}

/// What a feed and its entries have alike.
fn shared(node: &Json, name: &str, rest: &[Step]) -> Option<Value> {
    use Step::{Index, Name};
    match (name, rest) {
        ("title", []) => Some(prose(&node["title"])),
        ("title_detail", [Name(value)]) if value == "value" => Some(prose(&node["title"])),
        ("link", []) => Some(text(&node["link"])),
        ("author", []) => Some(author_line(&node["authors"][0])),
        ("author_detail", [Name(part)]) => member(author(&node["authors"][0]), part),
        ("authors", [Index(at), Name(part)]) => member(author(&node["authors"][at]), part),
        _ => None,
    }
}

/// The links that are carried: the page, the feed itself, its hub, and enclosures.
fn links(node: &Json, path: &[Step]) -> Option<Value> {
    let named = |rel: &str, href: &Json| {
        let rel = Value::Text(rel.to_owned());
        Value::Map(vec![
            ("rel".to_owned(), rel),
            ("href".to_owned(), text(href)),
        ])
    };
    let own = [("alternate", "link"), ("self", "self"), ("hub", "hub")];
    let own = own
        .into_iter()
        .filter(|(_, field)| node[*field].is_string())
        .map(|(rel, field)| named(rel, &node[field]));
    let enclosures = list(&node["enclosures"])
        .iter()
        .map(|enclosure| named("enclosure", &enclosure["url"]));
    let all: Vec<Value> = own.chain(enclosures).collect();
    match path {
        [] => Some(Value::List(all)),
        [Step::Index(at), rest @ ..] => {
            let link = all.get(*at).cloned().unwrap_or(Value::None);
            match rest {
                [] => Some(link),
                [Step::Name(part)] if link == Value::None => {
                    matches!(part.as_str(), "rel" | "href").then_some(Value::None)
                }
                [Step::Name(part)] => member(link, part),
                _ => None,
            }
        }
        _ => None,
    }
}

fn member(map: Value, name: &str) -> Option<Value> {
    let Value::Map(entries) = map else {
        return None;
    };
    let found = entries.into_iter().find(|(key, _)| key == name);
    found.map(|(_, value)| value)
}

fn enclosure(enclosure: &Json) -> Value {
    let url = text(&enclosure["url"]);
    Value::Map(vec![
        ("href".to_owned(), url.clone()),
        ("url".to_owned(), url),
        ("type".to_owned(), text(&enclosure["type"])),
        ("length".to_owned(), number(&enclosure["length"])),
    ])
}

fn author(author: &Json) -> Value {
    let uri = text(&author["uri"]);
    Value::Map(vec![
        ("name".to_owned(), prose(&author["name"])),
        ("email".to_owned(), text(&author["email"])),
        ("href".to_owned(), uri.clone()),
        ("url".to_owned(), uri),
    ])
}

/// `Name (address)`, or one of the two.
fn author_line(author: &Json) -> Value {
    let part = |name: &str| author[name].as_str();
    match (part("name"), part("email")) {
        (Some(name), Some(email)) => Value::Prose(format!("{name} ({email})")),
        (name, email) => name
            .or(email)
            .map_or(Value::None, |only| Value::Prose(only.to_owned())),
    }
}

fn is_bozo(document: &Json) -> bool {
    list(&document["repairs"])
        .iter()
        .filter_map(Json::as_str)
        .any(|repair| !WELL_FORMED.contains(&repair))
}

/// The suite's name of a format, which tells two lineages of RSS 0.91 apart and claimwire does not.
fn version(document: &Json) -> String {
    let unknown = list(&document["repairs"])
        .iter()
        .any(|repair| repair == "unknown-version");
    let format = document["format"].as_str().unwrap_or_default();
    match format {
        "RSS 2.0" if unknown => "rss".to_owned(),
        _ => format.to_lowercase().replace([' ', '.'], ""),
    }
}

fn list(value: &Json) -> &[Json] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text(value: &Json) -> Value {
    value
        .as_str()
        .map_or(Value::None, |text| Value::Text(text.to_owned()))
}

pub(crate) fn prose(value: &Json) -> Value {
    value
        .as_str()
        .map_or(Value::None, |text| Value::Prose(text.to_owned()))
}

fn number(value: &Json) -> Value {
    value.as_i64().map_or(Value::None, Value::Number)
}

pub(crate) fn instant(value: &Json) -> Value {
    let parsed = value.as_str().and_then(|text| text.parse().ok());
    parsed.map_or(Value::None, Value::Instant)
}
