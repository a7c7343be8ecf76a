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
                uri: self.home_page(id),
            };
            let author = if named == Author::default() {
                let written = tree.characters(id, self.repairs);
                // An address in angle brackets is no element.
                let plain = match written.contains('@') {
                    true => text::tidy(&written, self.repairs),
                    false => text::of_html(&written, self.repairs),
                };
                author(&text::one_line(plain))
            } else {
                named
            };
            if author != Author::default() && !authors.contains(&author) {
                authors.push(author);
            }
        }
        authors
    }

    fn home_page(&mut self, author: Id) -> Option<String> {
        const NAMES: [&str; 3] = ["uri", "url", "homepage"];
        let named = NAMES.iter().flat_map(|name| [(Atom, *name), (Rss, *name)]);
        let field = self.tree.child(author, &named.collect::<Vec<_>>())?;
        let written = self.characters(field);
        self.address(field, &written)
    }

    pub(super) fn categories(&mut self, id: Id, fields: Id) -> Vec<String> {
        let tree = self.tree;
        let mut categories = Vec::new();
        // Only iTunes nests them.
        let nested = tree
            .children(id)
            .filter(|(_, node)| node.namespace == Itunes)
            .flat_map(|(outer, _)| tree.children(outer));
        for (id, node) in tree.children(id).chain(nested) {
            let is_named = match node.namespace {
                Rss | Atom | Media | Itunes => node.is("category"),
                DublinCore => node.is("subject"),
                _ => false,
            };
            if !is_named {
                continue;
            }
            // iTunes names a category in `text`, Atom in `term`.
            let attribute = ["term", "label", "text"]
                .into_iter()
                .find_map(|name| tree.attribute(id, name));
            let written = match attribute {
                Some(written) => written,
                None => tree.characters(id, self.repairs),
            };
            let category = text::one_line(text::of_html(&written, self.repairs));
            if !category.is_empty() && !categories.contains(&category) {
                categories.push(category);
            }
        }
        let keywords = [
            (fields, (News, "keywords")),
            (id, (Itunes, "keywords")),
            (id, (Media, "keywords")),
        ];
        for (parent, name) in keywords {
            let listed = self.plain(parent, &[name]).unwrap_or_default();
            for word in listed.split(',').map(str::trim) {
                if !word.is_empty() && !categories.iter().any(|known| known == word) {
                    categories.push(word.to_owned());
                }
            }
        }
        categories
    }

    pub(super) fn enclosures(&mut self, parent: Id) -> Vec<Enclosure> {
        let tree = self.tree;
        let mut enclosures = Vec::<Enclosure>::new();
        // Renditions of one picture or film may stand in a group (Media RSS 1.5.1).
        let group = tree.child(parent, &[(Media, "group")]);
        let grouped = group.into_iter().flat_map(|group| tree.children(group));
        for (id, node) in tree.children(parent).chain(grouped) {
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
            let written = match tree.attribute(id, address) {
                Some(written) => written.into_owned(),
                None => self.characters(id),
            };
            let Some(url) = self.address(id, &written) else {
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
