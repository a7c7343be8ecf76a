//! What a feed says of its hub (WebSub §4): by Link headers (RFC 8288), else in the document.

use reqwest::header::{self, HeaderMap};
use url::Url;
use wire::document::FeedInfo;

/// Past this no address is followed; it is kept, logged and sent again for ever.
const LONGEST: usize = 2_048;

/// A hub, and the address under which it knows the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    pub(crate) hub: String,
    pub(crate) topic: String,
}

impl Offered {
    fn new(base: &Url, hub: &str, topic: &str) -> Option<Self> {
        let address = |text: &str| {
            let mut url = base.join(text.trim()).ok()?;
            url.set_fragment(None);
            let fetched = matches!(url.scheme(), "http" | "https");
            (fetched && url.as_str().len() <= LONGEST).then(|| String::from(url))
        };
        Some(Self {
            hub: address(hub)?,
            topic: address(topic)?,
        })
    }
}

/// What the headers of the answer from `base` offer.
pub(crate) fn by_headers(headers: &HeaderMap, base: &Url) -> Option<Offered> {
    let lines = headers.get_all(header::LINK).iter();
    let links: Vec<(String, String)> = lines
        .flat_map(|line| links(&String::from_utf8_lossy(line.as_bytes())))
        .collect();
    let related = |wanted: &str| {
        let is_wanted = |name: &str| name.eq_ignore_ascii_case(wanted);
        let mut found = links.iter();
        let (target, _) = found.find(|(_, rel)| rel.split_ascii_whitespace().any(is_wanted))?;
        Some(target.as_str())
    };
    Offered::new(base, related("hub")?, related("self")?)
}

/// What the document from `base` offers.
pub(crate) fn by_document(info: &FeedInfo, base: &Url) -> Option<Offered> {
    Offered::new(base, info.hub.as_deref()?, info.self_link.as_deref()?)
}

/// Target and relations of each link in a `Link` header.
fn links(line: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(begin) = rest.find('<') {
        let Some((target, after)) = rest[begin + 1..].split_once('>') else {
            break;
        };
        let (parameters, next) = unquoted(after, ',');
        let rel = relation(parameters);
        found.push((target.to_owned(), rel.to_owned()));
        rest = next;
    }
    found
}

/// The first `rel` of a link's parameters: later ones do not count (RFC 8288 §3.3).
fn relation(mut parameters: &str) -> &str {
    while !parameters.is_empty() {
        let (parameter, next) = unquoted(parameters, ';');
        if let Some((name, value)) = parameter.split_once('=')
            && name.trim().eq_ignore_ascii_case("rel")
        {
            return value.trim().trim_matches('"');
        }
        parameters = next;
    }
    ""
}

/// What stands before and after the first `mark` outside of quotation marks.
fn unquoted(text: &str, mark: char) -> (&str, &str) {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == mark && !quoted => return (&text[..at], &text[at + c.len_utf8()..]),
            _ => {}
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(lines: &[&str]) -> Option<(String, String)> {
        let lines = lines
            .iter()
            .map(|line| (header::LINK, line.parse().expect("a value")));
        let base = Url::parse("https://a.example/news/feed").expect("an address");
        by_headers(&lines.collect(), &base).map(|offered| (offered.hub, offered.topic))
    }

    #[test]
    fn hub_and_self_are_found_in_one_link_header_or_in_many() {
        let expected = Some((
            "https://hub.example/".to_owned(),
            "https://a.example/feed".to_owned(),
        ));
        let cases: [&[&str]; 6] = [
            &[
                "<https://hub.example/>; rel=\"hub\"",
                "<https://a.example/feed>; rel=\"self\"",
            ],
            &["<https://hub.example/>;rel=hub,</feed>;rel=self"],
            &[
                "<../feed#top>; title=\"a, b; rel=hub\"; REL=\"Self\", <https://hub.example>; rel=\"x hub\"",
            ],
            &[
                "<https://w.example/>; rel=webmention",
                "<https://hub.example/>; rel=\"hub\", </feed>; rel=self",
            ],
            &[
                "<https://hub.example/>; rel=hub, <https://second.example/>; rel=hub, </feed>; rel=self",
            ],
            &["<https://hub.example/>; title=\"\\\"\"; rel=hub; rel=self, </feed>; rel=self"],
        ];
        for lines in cases {
            assert_eq!(offered(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn half_an_offer_and_one_that_cannot_be_asked_are_none() {
        let long = format!(
            "<https://hub.example/{}>; rel=hub, </f>; rel=self",
            "a".repeat(LONGEST)
        );
        for line in [
            "<https://hub.example/>; rel=hub",
            "</feed>; rel=self",
            "<ftp://hub.example/>; rel=hub, </feed>; rel=self",
            "<javascript:alert(1)>; rel=hub, </feed>; rel=self",
            "<https://hub.example/; rel=hub, /feed; rel=self",
            "<https://hub.example/>, </feed>",
            &long,
        ] {
            assert_eq!(offered(&[line]), None, "{line}");
        }
    }
}
