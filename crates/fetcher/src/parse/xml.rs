//! RSS, RDF, Atom and news sitemaps, from elements to fields.

mod attached;
mod links;

use std::borrow::Cow;

use base64::Engine;
use url::Url;
use wire::document::FeedInfo;
use wire::id::IdOrigin;
use wire::{Item, ItemId};

use super::namespace::Namespace::{
    self, Atom, Content, DublinCore, Itunes, Media, News, Rss, Syndication, Xhtml,
};
use super::repair::{Repair, Repairs};
use super::tree::{Id, Tree};
use super::{Limits, Parsed, bounded, date, text};

/// The feed in `text`; None when no element of it is one.
pub(super) fn read(
    text: &str,
    base: Option<Url>,
    limits: &Limits,
    repairs: &mut Repairs,
) -> Option<Parsed> {
    let tree = Tree::new(text, base, repairs);
    let (root, format) = root(&tree, repairs)?;
    let mut reader = Reader {
        tree: &tree,
        limits,
        repairs,
    };
    let channel = reader.channel(root);
    let feed = reader.feed(root, channel);
    let (items, originals) = reader.items(root, channel);
    Some(Parsed {
        format,
        feed,
        items,
        originals,
    })
}

fn root(tree: &Tree<'_>, repairs: &mut Repairs) -> Option<(Id, String)> {
    let (id, node) = tree.all().find(|(_, node)| {
        ["rss", "rdf", "feed", "entry", "urlset", "channel"]
            .iter()
            .any(|name| node.is(name))
    })?;
    let version = tree.attribute(id, "version").unwrap_or_default();
    let version = version.trim();
    let format = match node.name.to_ascii_lowercase().as_str() {
        "rss" => {
            let known = ["0.90", "0.91", "0.92", "0.93", "0.94"];
            if known.contains(&version) {
                format!("RSS {version}")
            } else if version == "2" || version.starts_with("2.") {
                // 2.0.1 and 2.1 were drafts of 2.0.
                "RSS 2.0".to_owned()
            } else {
                repairs.add(Repair::UnknownVersion);
                "RSS 2.0".to_owned()
            }
        }
        "rdf" => {
            let old = tree.declarations(id).contains("netscape.com");
            if old { "RSS 0.90" } else { "RSS 1.0" }.to_owned()
        }
        "channel" if tree.declarations(id).contains("rss1.1") => "RSS 1.1".to_owned(),
        "channel" => "CDF".to_owned(),
        "urlset" => "News sitemap".to_owned(),
        _ => {
            let old = version == "0.3" || tree.declarations(id).contains("purl.org/atom");
            if old { "Atom 0.3" } else { "Atom 1.0" }.to_owned()
        }
    };
    Some((id, format))
}

struct Reader<'r, 'a> {
    tree: &'r Tree<'a>,
    limits: &'r Limits,
    repairs: &'r mut Repairs,
}

impl<'a> Reader<'_, 'a> {
    /// Where the feed's own fields stand.
    fn channel(&self, root: Id) -> Id {
        self.tree
            .child(root, &[(Rss, "channel"), (Atom, "channel")])
            .unwrap_or(root)
    }

    fn items(&mut self, root: Id, channel: Id) -> (Vec<Item>, Vec<Option<String>>) {
        let tree = self.tree;
        let sitemap = tree.node(root).is("urlset");
        let rss = tree.node(root).is("rss");
        let found = tree
            .all()
            .filter(|(_, node)| node.is_item() && node.is("url") == sitemap);
        let (mut items, mut originals) = (Vec::new(), Vec::new());
        for (id, node) in found {
            if !node.complete {
                // What stands after the damage is unknown: half an item would later look edited.
                self.repairs.add(Repair::Truncated);
            } else if items.len() == self.limits.max_items {
                self.repairs.add(Repair::ItemLimit);
                break;
            } else {
                if rss && !tree.holds(channel, id) {
                    self.repairs.add(Repair::ItemsOutsideChannel);
                }
                items.push(self.item(id));
                originals.push(self.original(id));
            }
        }
        (items, originals)
    }

    fn feed(&mut self, root: Id, channel: Id) -> FeedInfo {
        const TITLE: &[(Namespace, &str)] =
            &[(Rss, "title"), (Atom, "title"), (DublinCore, "title")];
        const SUBTITLE: &[(Namespace, &str)] = &[
            (Rss, "description"),
            (Atom, "subtitle"),
            (Atom, "tagline"),
            (Rss, "tagline"),
            (Rss, "subtitle"),
            (Rss, "abstract"),
            (DublinCore, "description"),
            (Itunes, "subtitle"),
            (Itunes, "summary"),
        ];
        const UPDATED: &[(Namespace, &str)] = &[
            (Atom, "updated"),
            (Rss, "updated"),
            (Atom, "modified"),
            (Rss, "modified"),
            (Rss, "lastBuildDate"),
            (DublinCore, "date"),
            (DublinCore, "modified"),
            (Rss, "pubDate"),
            (DublinCore, "issued"),
        ];
        let language = self
            .plain(
                channel,
                &[
                    (Rss, "language"),
                    (DublinCore, "language"),
                    (Atom, "language"),
                ],
            )
            .or_else(|| self.tree.attribute(root, "lang").map(Cow::into_owned))
            .or_else(|| self.tree.attribute(channel, "lang").map(Cow::into_owned));
        FeedInfo {
            title: self.line(channel, TITLE),
            subtitle: self.text(channel, SUBTITLE),
            link: self.link(channel).or_else(|| self.own_address(channel)),
            language: language.map(|tag| tag.replace('_', "-")),
            updated: self
                .date(channel, UPDATED)
                .or_else(|| self.last_modified(channel)),
            ttl: self.number(channel, &[(Rss, "ttl")]),
            skip_hours: self
                .list(channel, "skipHours", "hour")
                .filter_map(|hour| hour.parse().ok().map(|hour: u8| hour % 24))
                .collect(),
            skip_days: self.list(channel, "skipDays", "day").collect(),
            sy_period: self.plain(channel, &[(Syndication, "updatePeriod")]),
            sy_frequency: self.number(channel, &[(Syndication, "updateFrequency")]),
            hub: self.related(channel, "hub"),
            self_link: self.related(channel, "self"),
            generator: self.plain(channel, &[(Rss, "generator"), (Atom, "generator")]),
            authors: self.authors(channel),
        }
    }

    fn item(&mut self, id: Id) -> Item {
        const TITLE: &[(Namespace, &str)] = &[
            (Rss, "title"),
            (Atom, "title"),
            (News, "title"),
            (DublinCore, "title"),
            (Itunes, "title"),
            (Media, "title"),
        ];
        const GUID: &[(Namespace, &str)] = &[
            (Rss, "guid"),
            (Atom, "id"),
            (Rss, "id"),
            (DublinCore, "identifier"),
        ];
        const SUMMARY: &[(Namespace, &str)] = &[
            (Atom, "summary"),
            (Rss, "description"),
            (Rss, "summary"),
            (Rss, "abstract"),
            (DublinCore, "description"),
            (Itunes, "summary"),
            (Itunes, "subtitle"),
            (Media, "description"),
        ];
        const CONTENT: &[(Namespace, &str)] = &[
            (Content, "encoded"),
            (Rss, "encoded"),
            (Atom, "content"),
            (Rss, "content"),
            (Xhtml, "body"),
            (Rss, "fulltext"),
            (Rss, "fullitem"),
            (Rss, "body"),
        ];
        const PUBLISHED: &[(Namespace, &str)] = &[
            (Rss, "pubDate"),
            (Atom, "published"),
            (Rss, "published"),
            (Atom, "issued"),
            (Rss, "issued"),
            (News, "publication_date"),
            (DublinCore, "date"),
            (DublinCore, "issued"),
            (DublinCore, "created"),
            (Atom, "created"),
        ];
        const UPDATED: &[(Namespace, &str)] = &[
            (Atom, "updated"),
            (Rss, "updated"),
            (Atom, "modified"),
            (Rss, "modified"),
            (DublinCore, "modified"),
            (Rss, "lastmod"),
        ];
        // The fields of a news sitemap stand one level down.
        let fields = self.tree.child(id, &[(News, "news")]).unwrap_or(id);
        let guid = self
            .tree
            .child(id, GUID)
            .map(|guid| match self.tree.has_markup(guid) {
                // A program that compares ids character by character sees the tags as well.
                true => text::one_line(text::tidy(&self.tree.markup(guid), self.repairs)),
                false => self.characters(guid),
            })
            .filter(|guid| !guid.is_empty())
            .or_else(|| {
                self.tree
                    .attribute(id, "about")
                    .map(|about| about.trim().to_owned())
            })
            .filter(|guid| !guid.is_empty());
        let link = self
            .link(id)
            .or_else(|| self.permalink(id))
            .or_else(|| self.own_address(id));
        // Video feeds describe the item where they describe its media.
        let group = self.tree.child(id, &[(Media, "group")]).unwrap_or(id);
        let mut summary = self.text(id, SUMMARY).or_else(|| self.text(group, SUMMARY));
        let mut content = self.text(id, CONTENT);
        if content.is_none()
            && let Some((first, second)) = self.two_texts(id)
        {
            (summary, content) = (Some(first), Some(second));
        }
        Item {
            id: ItemId(String::new()),
            id_origin: IdOrigin::Content,
            guid,
            title: self.line(fields, TITLE),
            link,
            summary,
            content,
            authors: self.authors(id),
            categories: self.categories(id, fields),
            enclosures: self.enclosures(id),
            published: self.date(fields, PUBLISHED),
            updated: self.date(id, UPDATED).or_else(|| self.last_modified(id)),
        }
    }

    /// The texts of an item of RSS that has a `description` and a `summary` that differ, in their order.
    fn two_texts(&mut self, id: Id) -> Option<(String, String)> {
        let description = self.tree.child(id, &[(Rss, "description")])?;
        let summary = self.tree.child(id, &[(Rss, "summary")])?;
        let [first, second] = [description.min(summary), description.max(summary)]
            .map(|field| bounded(self.plain_text(field), self.limits.max_text));
        (!first.is_empty() && !second.is_empty() && first != second).then_some((first, second))
    }

    /// The first of the fields that says something, as plain text.
    fn text(&mut self, parent: Id, names: &[(Namespace, &str)]) -> Option<String> {
        names.iter().find_map(|name| {
            let field = self.tree.child(parent, &[*name])?;
            let plain = self.plain_text(field);
            (!plain.is_empty()).then(|| bounded(plain, self.limits.max_text))
        })
    }

    fn line(&mut self, parent: Id, names: &[(Namespace, &str)]) -> Option<String> {
        self.text(parent, names).map(text::one_line)
    }

    /// A text construct by its declared type (RFC 4287 §3.1); RSS has HTML everywhere.
    fn plain_text(&mut self, field: Id) -> String {
        if self.tree.has_markup(field) {
            return self.markup_text(field);
        }
        let characters = self.tree.characters(field, self.repairs);
        let kind = self
            .tree
            .attribute(field, "type")
            .map(|kind| kind.to_ascii_lowercase());
        let mode = self.tree.attribute(field, "mode");
        let atom = self.tree.node(field).namespace == Atom;
        let binary = atom && kind.as_deref().is_some_and(is_binary);
        if (binary || mode.is_some_and(|mode| mode == "base64"))
            && let Some(decoded) = base64_text(&characters)
        {
            return text::of_html(&decoded, self.repairs);
        }
        match kind.as_deref() {
            Some("text" | "text/plain") => text::tidy(&characters, self.repairs),
            None if atom => text::tidy(&characters, self.repairs),
            _ => text::of_html(&characters, self.repairs),
        }
    }

    /// The text of a field that holds elements. Where it says that it is HTML, its characters are HTML as well:
    /// some programs wrap what they have escaped in a `div`.
    fn markup_text(&mut self, field: Id) -> String {
        let text = text::of_html(&self.tree.markup(field), self.repairs);
        let kind = self.tree.attribute(field, "type");
        let html = kind.is_some_and(|kind| kind.eq_ignore_ascii_case("html"));
        if html && text.contains("</") {
            return text::of_html(&text, self.repairs);
        }
        text
    }

    /// The first of the fields as it stands, in one line.
    fn plain(&mut self, parent: Id, names: &[(Namespace, &str)]) -> Option<String> {
        let field = self.tree.child(parent, names)?;
        Some(self.characters(field)).filter(|characters| !characters.is_empty())
    }

    /// An element's characters in one line.
    fn characters(&mut self, id: Id) -> String {
        let characters = self.tree.characters(id, self.repairs);
        text::one_line(text::tidy(&characters, self.repairs))
    }

    fn number(&mut self, parent: Id, names: &[(Namespace, &str)]) -> Option<u32> {
        self.plain(parent, names)?.parse().ok()
    }

    fn date(&mut self, parent: Id, names: &[(Namespace, &str)]) -> Option<jiff::Timestamp> {
        let mut unreadable = false;
        let found = names.iter().find_map(|name| {
            let written = self.plain(parent, &[*name])?;
            let read = date::parse(&written);
            unreadable |= read.is_none();
            read
        });
        if unreadable && found.is_none() {
            self.repairs.add(Repair::UnreadableDate);
        }
        found
    }

    /// The date of an element that carries it itself (CDF).
    fn last_modified(&self, id: Id) -> Option<jiff::Timestamp> {
        date::parse(&self.tree.attribute(id, "lastmod")?)
    }

    fn list(&mut self, parent: Id, outer: &str, inner: &str) -> impl Iterator<Item = String> {
        let values: Vec<String> = match self.tree.child(parent, &[(Rss, outer)]) {
            Some(list) => self
                .tree
                .children(list)
                .filter(|(_, node)| node.is(inner))
                .map(|(id, _)| self.characters(id))
                .collect(),
            None => Vec::new(),
        };
        values.into_iter()
    }
}

/// Whether a media type is neither text nor XML, so that what has it stands in base64 (RFC 4287 §4.1.3.3).
fn is_binary(kind: &str) -> bool {
    let media_type = kind.contains('/');
    media_type && !kind.starts_with("text/") && !kind.ends_with("/xml") && !kind.ends_with("+xml")
}

/// Atom 0.3 `mode="base64"`, and what is binary in Atom 1.0.
fn base64_text(characters: &str) -> Option<String> {
    let packed: String = characters.split_ascii_whitespace().collect();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(packed)
        .ok()?;
    String::from_utf8(bytes).ok()
}
