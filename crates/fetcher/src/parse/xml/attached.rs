//! Who wrote an item, what it is about and what comes with it.

use std::borrow::Cow;

use wire::document::{Author, Enclosure};

use super::super::namespace::Namespace::{Atom, DublinCore, Itunes, Media, News, Rss};
use super::super::tree::Id;
use super::super::{author, text};
use super::Reader;

impl Reader<'_, '_> {
    pub(super) fn authors(&mut self, parent: Id) -> Vec<Author> {
        let tree = self.tree;
        let mut authors = Vec::new();
        for (id, node) in tree.children(parent) {
            let is_named = match node.namespace {
                Rss | Atom => node.is("author") || node.is("managingEditor") || node.is("maker"),
                DublinCore => node.is("creator") || node.is("author"),
                Itunes => node.is("author"),
                _ => false,
            };
            if !is_named {
                continue;
            }
            let named = Author {
                name: self.plain(id, &[(Atom, "name"), (Rss, "name"), (Itunes, "name")]),
                email: self.plain(id, &[(Atom, "email"), (Rss, "email"), (Itunes, "email")]),
                uri: self.plain(
                    id,
                    &[(Atom, "uri"), (Atom, "url"), (Rss, "uri"), (Rss, "url")],
                ),
            };
            let author = if named == Author::default() {
                author(&text::one_line(&text::of_html(
                    &tree.characters(id, self.repairs),
                )))
            } else {
                named
            };
            if author != Author::default() && !authors.contains(&author) {
                authors.push(author);
            }
        }
        authors
    }

    pub(super) fn categories(&mut self, id: Id, fields: Id) -> Vec<String> {
        let tree = self.tree;
        let mut categories = Vec::new();
        for (id, node) in tree.children(id) {
            let is_named = match node.namespace {
                Rss | Atom | Media => node.is("category"),
                DublinCore => node.is("subject"),
                _ => false,
            };
            if !is_named {
                continue;
            }
            let attribute = tree
                .attribute(id, "term")
                .or_else(|| tree.attribute(id, "label"));
            let written = match attribute {
                Some(written) => written,
                None => tree.characters(id, self.repairs),
            };
            let category = text::one_line(&text::of_html(&written));
            if !category.is_empty() && !categories.contains(&category) {
                categories.push(category);
            }
        }
        let keywords = self
            .plain(fields, &[(News, "keywords")])
            .unwrap_or_default();
        categories.extend(
            keywords
                .split(',')
                .map(str::trim)
                .filter(|word| !word.is_empty())
                .map(str::to_owned),
        );
        categories
    }

    pub(super) fn enclosures(&mut self, parent: Id) -> Vec<Enclosure> {
        let tree = self.tree;
        let mut enclosures = Vec::<Enclosure>::new();
        for (id, node) in tree.children(parent) {
            let (address, length) = match node.namespace {
                Rss if node.is("enclosure") => ("url", "length"),
                Media if node.is("content") => ("url", "fileSize"),
                Rss | Atom
                    if node.is("link")
                        && tree
                            .attribute(id, "rel")
                            .is_some_and(|rel| rel == "enclosure") =>
                {
                    ("href", "length")
                }
                _ => continue,
            };
            let Some(url) = tree
                .attribute(id, address)
                .and_then(|url| self.address(id, &url))
            else {
                continue;
            };
            if enclosures.iter().all(|known| known.url != url) {
                enclosures.push(Enclosure {
                    url,
                    media_type: tree.attribute(id, "type").map(Cow::into_owned),
                    length: tree
                        .attribute(id, length)
                        .and_then(|length| length.trim().parse().ok()),
                });
            }
        }
        enclosures
    }
}
