//! A feed whose items are known by number: what it says at each version, in three formats.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// How a feed is written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Format {
    Rss,
    Atom,
    Json,
}

/// One wording of one item: the item's number in its feed, from 0, and its revision, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Wording {
    pub(crate) item: usize,
    pub(crate) revision: u32,
}

impl Wording {
    /// Changes with every second revision, so that some edits leave the headline alone.
    pub(crate) fn title(self) -> String {
        let Self { item, revision } = self;
        format!(
            "NATO pledges air defence for Ukraine, report {item}, headline {}",
            revision / 2 + 1
        )
    }

    /// About `bytes` long, relevant, and different in every revision.
    pub(crate) fn text(self, bytes: usize) -> String {
        const SENTENCES: [&str; 4] = [
            "NATO Secretary General Mark Rutte announced 40 more interceptors for Ukraine on Monday.",
            "Ukraine's General Staff claimed that Russia lost 12 tanks near Pokrovsk.",
            "The report could not be independently verified.",
            "Poland's defence ministry said that it may send further air defence systems to Kyiv.",
        ];
        let Self { item, revision } = self;
        let mut text = format!("Report {item} in wording {revision}.");
        for sentence in SENTENCES.iter().cycle() {
            if text.len() >= bytes {
                break;
            }
            text.push(' ');
            text.push_str(sentence);
        }
        text
    }

    /// The wording that a published text is, read back from its words.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (item, rest) = text.strip_prefix("Report ")?.split_once(" in wording ")?;
        let (revision, _) = rest.split_once('.')?;
        Some(Self {
            item: item.parse().ok()?,
            revision: revision.parse().ok()?,
        })
    }

    fn published(self) -> Timestamp {
        let minutes = i64::try_from(self.item).expect("a test has few items");
        "2026-01-05T00:00:00Z"
            .parse::<Timestamp>()
            .expect("a valid time")
            + SignedDuration::from_mins(minutes)
    }
}

/// The document of `feed` that holds `wordings`, newest first.
pub(crate) fn document(feed: &str, format: Format, wordings: &[Wording], bytes: usize) -> String {
    let mut newest_first = wordings.to_vec();
    newest_first.sort_by_key(|wording| std::cmp::Reverse(wording.item));
    match format {
        Format::Rss => rss(feed, &newest_first, bytes),
        Format::Atom => atom(feed, &newest_first, bytes),
        Format::Json => json_feed(feed, &newest_first, bytes),
    }
}

/// What `feed` calls the item.
pub(crate) fn guid(feed: &str, item: usize) -> String {
    format!("tag:{feed}.example,2026:{item}")
}

fn link(feed: &str, item: usize) -> String {
    format!("https://{feed}.example/news/{item}")
}

/// The media type of `format`.
pub(crate) fn media_type(format: Format) -> &'static str {
    match format {
        Format::Rss => "application/rss+xml; charset=utf-8",
        Format::Atom => "application/atom+xml; charset=utf-8",
        Format::Json => "application/feed+json",
    }
}

fn rss(feed: &str, wordings: &[Wording], bytes: usize) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel><title>{feed}</title>\
         <link>https://{feed}.example/</link><description>Scripted</description>\n"
    );
    for wording in wordings {
        let published = wording.published().strftime("%a, %d %b %Y %H:%M:%S +0000");
        writeln!(
            xml,
            "<item><guid isPermaLink=\"false\">{}</guid><link>{}</link><title>{}</title>\
             <description>{}</description><pubDate>{published}</pubDate></item>",
            guid(feed, wording.item),
            link(feed, wording.item),
            wording.title(),
            wording.text(bytes),
        )
        .expect("a string takes everything");
    }
    xml + "</channel></rss>\n"
}

fn atom(feed: &str, wordings: &[Wording], bytes: usize) -> String {
    let mut xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>https://{feed}.example/</id><title>{feed}</title><updated>2026-01-05T00:00:00Z</updated>\n"
    );
    for wording in wordings {
        let published = wording.published();
        writeln!(
            xml,
            "<entry><id>{}</id><link href=\"{}\"/><title>{}</title><published>{published}</published>\
             <updated>{published}</updated><content type=\"text\">{}</content></entry>",
            guid(feed, wording.item),
            link(feed, wording.item),
            wording.title(),
            wording.text(bytes),
        )
        .expect("a string takes everything");
    }
    xml + "</feed>\n"
}

fn json_feed(feed: &str, wordings: &[Wording], bytes: usize) -> String {
    let items: Vec<_> = wordings
        .iter()
        .map(|wording| {
            json!({
                "id": guid(feed, wording.item),
                "url": link(feed, wording.item),
                "title": wording.title(),
                "content_text": wording.text(bytes),
                "date_published": wording.published(),
            })
        })
        .collect();
    json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed,
        "home_page_url": format!("https://{feed}.example/"),
        "items": items,
    })
    .to_string()
}
