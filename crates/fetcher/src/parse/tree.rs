//! The elements of a document, nested as their writer meant them.
//!
//! Nothing is copied: a node points into the text. End tags that are missing or do not match are
//! made good from what is known of feeds: an item does not hold an item, a title does not hold a link.

mod builder;

use std::borrow::Cow;

use url::Url;

use super::entity;
use super::namespace::Namespace;
use super::repair::Repairs;
use super::scan::{self, Piece, Scanner};

/// A document's elements in document order; a node's descendants follow it.
pub(super) struct Tree<'a> {
    text: &'a str,
    nodes: Vec<Node<'a>>,
    bases: Vec<Option<Url>>,
}

/// An element.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) namespace: Namespace,
    /// The name without its prefix.
    pub(super) name: &'a str,
    attributes: &'a str,
    inner: (usize, usize),
    /// One past the last descendant.
    next: usize,
    base: usize,
    inside: Inside<'a>,
    /// Whether its end tag, or something that ends it, was met.
    pub(super) complete: bool,
}

/// What an element holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside<'a> {
    /// Nothing, or blanks.
    Blank,
    /// Characters and references.
    Text,
    /// One CDATA section, in blanks and comments.
    Cdata(&'a str),
    /// Characters, CDATA sections and comments.
    Mixed,
    /// Tags.
    Markup,
}

/// A node's place in its tree, by the order of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id(usize);

impl<'a> Tree<'a> {
    /// The elements of `text`. `base` is where relative addresses start from.
    pub(super) fn new(text: &'a str, base: Option<Url>, repairs: &mut Repairs) -> Self {
        builder::build(text, base, repairs)
    }

    pub(super) fn node(&self, id: Id) -> &Node<'a> {
        &self.nodes[id.0]
    }

    /// Every element, in document order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Id, &Node<'a>)> {
        self.nodes
            .iter()
            .enumerate()
            .map(|(at, node)| (Id(at), node))
    }

    /// The elements directly inside `parent`.
    pub(super) fn children(&self, parent: Id) -> impl Iterator<Item = (Id, &Node<'a>)> {
        let end = self.nodes[parent.0].next;
        let mut at = parent.0 + 1;
        std::iter::from_fn(move || {
            let id = (at < end).then_some(Id(at))?;
            at = self.nodes[at].next;
            Some((id, self.node(id)))
        })
    }

    /// Whether `inner` stands somewhere inside `outer`.
    pub(super) fn holds(&self, outer: Id, inner: Id) -> bool {
        outer.0 < inner.0 && inner.0 < self.nodes[outer.0].next
    }

    /// The first child with one of the names, in order of the names.
    pub(super) fn child(&self, parent: Id, names: &[(Namespace, &str)]) -> Option<Id> {
        names.iter().find_map(|(namespace, name)| {
            self.children(parent)
                .find(|(_, node)| node.namespace == *namespace && node.is(name))
                .map(|(id, _)| id)
        })
    }

    /// The value of an attribute, whatever its prefix, references resolved.
    pub(super) fn attribute(&self, id: Id, name: &str) -> Option<Cow<'a, str>> {
        scan::attributes(self.node(id).attributes)
            .find(|(key, _)| local(key).eq_ignore_ascii_case(name))
            .map(|(_, value)| entity::resolve(value, &mut Repairs::default()))
    }

    /// The element's attributes as written, namespace declarations among them.
    pub(super) fn declarations(&self, id: Id) -> &'a str {
        self.node(id).attributes
    }

    /// Whether the element holds markup and not only characters.
    pub(super) fn has_markup(&self, id: Id) -> bool {
        self.node(id).inside == Inside::Markup
    }

    /// The element's source, tags included, CDATA unwrapped.
    pub(super) fn markup(&self, id: Id) -> Cow<'a, str> {
        let inner = self.inner(id);
        if !inner.contains("<![CDATA[") {
            return Cow::Borrowed(inner);
        }
        let mut scanner = Scanner::new(inner);
        let mut out = String::with_capacity(inner.len());
        let mut start = 0;
        while let Some(piece) = scanner.next() {
            match piece {
                Piece::Cdata(text) => out.push_str(text),
                _ => out.push_str(&inner[start..scanner.offset()]),
            }
            start = scanner.offset();
        }
        Cow::Owned(out)
    }

    /// The element's characters: references resolved, CDATA as it stands, tags left out.
    pub(super) fn characters(&self, id: Id, repairs: &mut Repairs) -> Cow<'a, str> {
        match self.node(id).inside {
            Inside::Cdata(text) => return Cow::Borrowed(text),
            Inside::Blank | Inside::Text => return entity::resolve(self.inner(id), repairs),
            Inside::Mixed | Inside::Markup => {}
        }
        let mut out = String::new();
        for piece in Scanner::new(self.inner(id)) {
            match piece {
                Piece::Text(text) => out.push_str(&entity::resolve(text, repairs)),
                Piece::Cdata(text) => out.push_str(text),
                _ => {}
            }
        }
        Cow::Owned(out)
    }

    /// `address` made absolute by `xml:base` and the document's own address, where that is possible.
    pub(super) fn absolute(&self, id: Id, address: &str) -> String {
        let address = address.trim();
        match &self.bases[self.node(id).base] {
            Some(base) => base
                .join(address)
                .map_or_else(|_| address.to_owned(), String::from),
            None => address.to_owned(),
        }
    }

    fn inner(&self, id: Id) -> &'a str {
        let (start, end) = self.node(id).inner;
        &self.text[start..end]
    }
}

impl Node<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// Whether this can be one entry of a feed; `url` is one in a sitemap only.
    pub(super) fn is_item(&self) -> bool {
        match self.namespace {
            Namespace::Rss => self.is("item") || self.is("entry") || self.is("url"),
            Namespace::Atom => self.is("entry") || self.is("item"),
            _ => false,
        }
    }

    /// Whether it is a field that holds characters only, so that another field inside it means that
    /// its end tag is missing.
    fn is_leaf(&self) -> bool {
        matches!(self.namespace, Namespace::Rss | Namespace::Atom)
            && [
                "title",
                "link",
                "guid",
                "pubdate",
                "id",
                "published",
                "updated",
                "ttl",
                "language",
            ]
            .iter()
            .any(|name| self.is(name))
    }

    /// Whether it is a field that no other leaf holds.
    fn begins_field(&self) -> bool {
        self.is_leaf()
            || self.is_item()
            || (matches!(self.namespace, Namespace::Rss | Namespace::Atom)
                && [
                    "description",
                    "summary",
                    "content",
                    "author",
                    "category",
                    "enclosure",
                ]
                .iter()
                .any(|name| self.is(name)))
    }
}

fn local(qualified: &str) -> &str {
    qualified
        .split_once(':')
        .map_or(qualified, |(_, name)| name)
}
