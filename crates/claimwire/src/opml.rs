//! Feed lists as other readers exchange them: OPML 2.0 (<https://opml.org/spec2.opml>).
//!
//! OPML has no place for what this project asks of a feed, so an exported outline carries it in attributes of a
//! namespace of our own. A list from elsewhere has none of them and gets cautious defaults.

use std::collections::HashSet;

use quick_xml::Reader;
use quick_xml::escape::escape;
use quick_xml::events::{BytesStart, Event};
use serde::Serialize;
use url::Url;
use wire::claim::Reliability;
use wire::feed::PublisherKind;
use wire::{FeedSpec, Language};

/// Outlines may be nested this deep; what is deeper is no list that a person made.
const MAX_DEPTH: usize = 64;

/// What an OPML document holds.
#[derive(Debug, Default)]
pub(crate) struct Imported {
    /// The feeds, in the order of the document, with ids that are unique among them and the known ones.
    pub(crate) feeds: Vec<Listed>,
    /// A line for each outline that was left out: where it is, and why.
    pub(crate) left_out: Vec<String>,
}

/// A feed as a `[[feed]]` table has it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Listed {
    id: String,
    url: String,
    publisher: String,
    language: Language,
    country: String,
    kind: PublisherKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    admiralty: Option<Reliability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credential: Option<String>,
}

impl From<&FeedSpec> for Listed {
    fn from(spec: &FeedSpec) -> Self {
        Self {
            id: spec.id.0.clone(),
            url: spec.url.clone(),
            publisher: spec.publisher.clone(),
            language: spec.language,
            country: spec.country.clone(),
            kind: spec.kind,
            admiralty: spec.admiralty,
            interval: spec.interval.map(|it| format!("{}ms", it.as_millis())),
            credential: spec.credential.clone(),
        }
    }
}

/// The feeds as one OPML document.
pub(crate) fn write(feeds: &[FeedSpec]) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <opml version=\"2.0\" xmlns:claimwire=\"urn:claimwire:feed\">\n\
         <head><title>claimwire feeds</title></head>\n<body>\n",
    );
    for feed in feeds.iter().map(Listed::from) {
        let attributes = [
            ("type", Some("rss".to_owned())),
            ("text", Some(feed.publisher)),
            ("xmlUrl", Some(feed.url)),
            ("language", Some(feed.language.code().to_owned())),
            ("category", Some(wire::name(&feed.kind))),
            ("claimwire:id", Some(feed.id)),
            ("claimwire:country", Some(feed.country)),
            (
                "claimwire:admiralty",
                feed.admiralty.as_ref().map(wire::name),
            ),
            ("claimwire:interval", feed.interval),
            ("claimwire:credential", feed.credential),
        ];
        text.push_str("<outline");
        for (key, value) in attributes {
            if let Some(value) = value {
                text.push_str(&format!(" {key}=\"{}\"", escape(&*value)));
            }
        }
        text.push_str("/>\n");
    }
    text.push_str("</body>\n</opml>\n");
    text
}

/// The feeds of an OPML document that `known` does not follow yet.
///
/// # Errors
/// One line that says at which line the document stops being OPML.
pub(crate) fn read(text: &str, known: &[FeedSpec]) -> Result<Imported, String> {
    let mut reader = Reader::from_str(text);
    let mut imported = Imported::default();
    let mut ids: HashSet<String> = known.iter().map(|feed| feed.id.0.clone()).collect();
    let mut urls: HashSet<String> = known.iter().map(|feed| feed.url.clone()).collect();
    let mut folders: Vec<String> = Vec::new();
    let mut root = false;
    loop {
        let event = reader.read_event();
        // Where the reader stands after the event, which for an outline is the line that it ends on.
        let position = usize::try_from(reader.buffer_position()).unwrap_or(text.len());
        let line = 1 + text
            .bytes()
            .take(position)
            .filter(|byte| *byte == b'\n')
            .count();
        let (element, nests) = match event.map_err(|error| format!("{line}: {error}"))? {
            Event::Eof if !root || !folders.is_empty() => {
                return Err(format!("{line}: the document ends before </opml>"));
            }
            Event::Eof => return Ok(imported),
            Event::End(_) => {
                folders.pop();
                continue;
            }
            Event::Start(element) => (element, true),
            Event::Empty(element) => (element, false),
            _ => continue,
        };
        if !root && element.name().as_ref() != "opml" {
            return Err(format!(
                "{line}: the document is not OPML: it does not begin with <opml>"
            ));
        }
        root = true;
        let attributes = attributes(&element).map_err(|what| format!("{line}: {what}"))?;
        let get = |key: &str| {
            let found = attributes.iter().find(|(name, _)| name == key);
            found
                .map(|(_, value)| value.trim())
                .filter(|value| !value.is_empty())
        };
        if element.name().as_ref() == "outline" && get("xmlUrl").is_some() {
            match listed(&get, &folders, &mut ids, &mut urls) {
                Ok(feed) => imported.feeds.push(feed),
                Err(why) => imported.left_out.push(format!("line {line}: {why}")),
            }
        }
        if nests {
            folders.push(get("text").unwrap_or_default().to_owned());
        }
        if folders.len() > MAX_DEPTH {
            return Err(format!(
                "{line}: outlines are nested more than {MAX_DEPTH} deep"
            ));
        }
    }
}

fn attributes(element: &BytesStart<'_>) -> Result<Vec<(String, String)>, String> {
    let each = element.attributes().map(|attribute| {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute
            .normalized_value(quick_xml::XmlVersion::Implicit1_0)
            .map_err(|error| error.to_string())?;
        let key = attribute.key.as_ref().to_owned();
        Ok((key, value.into_owned()))
    });
    each.collect()
}

/// The feed of an outline, or why it is left out.
fn listed<'a>(
    get: &impl Fn(&str) -> Option<&'a str>,
    folders: &[String],
    ids: &mut HashSet<String>,
    urls: &mut HashSet<String>,
) -> Result<Listed, String> {
    let written = get("xmlUrl").unwrap_or_default();
    let url = Url::parse(written).map_err(|error| format!("xmlUrl is no address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!(
            "only http and https are fetched, not \"{}\"",
            url.scheme()
        ));
    }
    let host = url.host_str().unwrap_or_default();
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "the address at {host} holds a user or password; use [[credential]]"
        ));
    }
    if !urls.insert(written.to_owned()) {
        return Err(format!(
            "a feed at {host}{} is already in the list",
            url.path()
        ));
    }
    let title = get("text").or(get("title")).unwrap_or(host);
    let wanted = get("claimwire:id").unwrap_or(title);
    let id = unique(&[slug(wanted), slug(host), "feed".to_owned()], ids);
    let tag = get("language").unwrap_or_default();
    let country = get("claimwire:country").or(tag.split_once(['-', '_']).map(|(_, region)| region));
    let country = country.map(str::to_ascii_uppercase).filter(|country| {
        country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase())
    });
    let categories = get("category").unwrap_or_default().split([',', '/']);
    let kind = categories
        .chain(folders.iter().rev().map(String::as_str))
        .find_map(|category| named(&category.trim().to_ascii_lowercase()));
    Ok(Listed {
        id,
        url: written.to_owned(),
        publisher: title.to_owned(),
        language: Language::from_tag(tag),
        country: country.unwrap_or_else(|| "XX".to_owned()),
        kind: kind.unwrap_or(PublisherKind::Other),
        admiralty: get("claimwire:admiralty").and_then(named),
        interval: get("claimwire:interval").map(str::to_owned),
        credential: get("claimwire:credential").map(str::to_owned),
    })
}

/// The value of an enum that has `name` in records.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}

/// The first of `wanted` that is not empty, numbered if another feed has it.
fn unique(wanted: &[String], taken: &mut HashSet<String>) -> String {
    let base = wanted
        .iter()
        .find(|id| !id.is_empty())
        .cloned()
        .unwrap_or_default();
    let numbered = (2u32..).map(|number| format!("{base}-{number}"));
    let mut free = std::iter::once(base.clone()).chain(numbered);
    let id = free.find(|id| !taken.contains(id)).unwrap_or(base);
    taken.insert(id.clone());
    id
}

/// Lower-case letters, digits and single hyphens of `text`; empty where it has none in ASCII.
fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOREIGN: &str = r#"<?xml version="1.0"?>
<opml version="2.0"><head/><body>
<outline text="Newspaper"><outline text="News &amp; Views" xmlUrl="https://news.example/a" language="de-AT"/>
<outline text="Новини" xmlUrl="https://novyny.example/rss"/></outline>
<outline text="again" xmlUrl="https://news.example/a"/>
<outline text="News Views" xmlUrl="https://news.example/b"/>
<outline text="secret" xmlUrl="https://u:pass@news.example/c"/>
<outline text="file" xmlUrl="file:///etc/passwd"/></body></opml>"#;

    #[test]
    fn a_list_from_elsewhere_gets_cautious_defaults() {
        let imported = read(FOREIGN, &[]).unwrap();
        let found: Vec<_> = imported
            .feeds
            .iter()
            .map(|it| (it.id.as_str(), it.country.as_str(), it.kind))
            .collect();
        let expected = [
            ("news-views", "AT", PublisherKind::Newspaper),
            ("novyny-example", "XX", PublisherKind::Newspaper),
            ("news-views-2", "XX", PublisherKind::Other),
        ];
        assert_eq!(found, expected);
        assert_eq!(imported.feeds[0].publisher, "News & Views");
        assert_eq!(imported.left_out.len(), 3);
        assert!(
            imported.left_out[0].contains("line 5")
                && imported.left_out[0].contains("news.example/a")
        );
        assert!(!imported.left_out.concat().contains("pass@"));
    }

    #[test]
    fn what_is_not_opml_is_named_with_its_line() {
        for (text, line) in [
            ("<html>\n</html>", "1: "),
            (
                "<opml>\n<body>\n<outline text=\"a\">\n</body></opml>",
                "4: ",
            ),
            ("<opml><body>\n", "2: "),
            ("", "1: "),
        ] {
            let error = read(text, &[]).unwrap_err();
            assert!(error.starts_with(line), "{text}: {error}");
        }
    }
}
