//! The elements of a document, nested as their writer meant them.
//!
//! Nothing is copied: a node points into the text. End tags that are missing or do not match are
//! made good from what is known of feeds: an item does not hold an item, a title does not hold a link.

use std::borrow::Cow;

use url::Url;

use super::entity;
use super::namespace::{self, Namespace};
use super::repair::{Repair, Repairs};
use super::scan::{self, Flaw, Piece, Scanner};

/// Deeper elements stay part of their ancestor's text, and their end tags end nothing.
const MAX_DEPTH: usize = 128;
/// More namespaces than any document needs; what is declared beyond is taken as undeclared.
const MAX_BINDINGS: usize = 128;
/// More elements than a document of two thousand rich items has.
const MAX_NODES: usize = 200_000;

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
    /// Whether its end tag, or something that ends it, was met.
    pub(super) complete: bool,
}

/// A node's place in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(usize);

struct Open<'a> {
    qualified: &'a str,
    node: usize,
    /// How many namespace bindings were in force outside it.
    bindings: usize,
    base: usize,
}

struct Builder<'a> {
    tree: Tree<'a>,
    open: Vec<Open<'a>>,
    bindings: Vec<(&'a str, Namespace)>,
    base: usize,
}

impl<'a> Tree<'a> {
    /// The elements of `text`. `base` is where relative addresses start from.
    pub(super) fn new(text: &'a str, base: Option<Url>, repairs: &mut Repairs) -> Self {
        let tree = Tree {
            text,
            nodes: Vec::new(),
            bases: vec![base],
        };
        let mut builder = Builder {
            tree,
            open: Vec::new(),
            bindings: Vec::new(),
            base: 0,
        };
        let mut scanner = Scanner::new(text);
        let mut start = 0;
        while let Some(piece) = scanner.next() {
            match scanner.take_flaw() {
                Some(Flaw::CutOff) => repairs.add(Repair::Truncated),
                Some(Flaw::StrayLessThan) => repairs.add(Repair::StrayLessThan),
                Some(Flaw::UnclosedQuote) => repairs.add(Repair::UnclosedQuote),
                None => {}
            }
            let end = scanner.offset();
            match piece {
                Piece::Start {
                    name,
                    attributes,
                    empty,
                } => {
                    let kept = builder.open(name, attributes, (start, end), repairs);
                    if kept && empty {
                        builder.close_innermost(end, true);
                    }
                }
                Piece::End(name) => builder.close(name, start, repairs),
                _ => {}
            }
            start = end;
        }
        if !builder.open.is_empty() {
            repairs.add(Repair::Truncated);
        }
        while !builder.open.is_empty() {
            builder.close_innermost(text.len(), false);
        }
        builder.tree
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
        self.inner(id).contains("<")
            && Scanner::new(self.inner(id))
                .any(|piece| matches!(piece, Piece::Start { .. } | Piece::End(_)))
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
        let inner = self.inner(id);
        if !inner.contains('<') {
            return entity::resolve(inner, repairs);
        }
        let mut out = Cow::Borrowed("");
        for piece in Scanner::new(inner) {
            let characters = match piece {
                Piece::Text(text) => entity::resolve(text, repairs),
                Piece::Cdata(text) => Cow::Borrowed(text),
                _ => continue,
            };
            // Most fields are one CDATA section in blanks, which then needs no copy.
            if out.trim_ascii().is_empty() {
                out = characters;
            } else if !characters.trim_ascii().is_empty() {
                out.to_mut().push_str(&characters);
            }
        }
        out
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

impl<'a> Builder<'a> {
    /// Whether the element was kept.
    fn open(
        &mut self,
        qualified: &'a str,
        attributes: &'a str,
        (start, end): (usize, usize),
        repairs: &mut Repairs,
    ) -> bool {
        if self.open.len() >= MAX_DEPTH {
            return false;
        }
        if self.tree.nodes.len() >= MAX_NODES {
            repairs.add(Repair::NodeLimit);
            return false;
        }
        let bindings = self.bindings.len();
        let base = self.base;
        self.bind(attributes);
        let namespace = self.namespace(qualified, repairs);
        let node = Node {
            namespace,
            name: local(qualified),
            attributes,
            inner: (end, end),
            next: 0,
            base: self.base,
            complete: false,
        };
        self.end_what_cannot_hold(&node, start, repairs);
        self.open.push(Open {
            qualified,
            node: self.tree.nodes.len(),
            bindings,
            base,
        });
        self.tree.nodes.push(node);
        true
    }

    fn end_what_cannot_hold(&mut self, node: &Node<'_>, at: usize, repairs: &mut Repairs) {
        if !node.begins_field() {
            return;
        }
        let innermost_leaf = self.innermost().is_some_and(Node::is_leaf);
        if innermost_leaf {
            repairs.add(Repair::UnclosedElement);
            self.close_innermost(at, true);
        }
        if !node.is_item() {
            return;
        }
        let outer = self.open.iter().rposition(|open| {
            let outer = &self.tree.nodes[open.node];
            outer.is_item() && outer.is(node.name)
        });
        let Some(depth) = outer else {
            return;
        };
        repairs.add(Repair::UnclosedElement);
        while self.open.len() > depth {
            self.close_innermost(at, true);
        }
    }

    fn innermost(&self) -> Option<&Node<'a>> {
        self.open.last().map(|open| &self.tree.nodes[open.node])
    }

    /// Ends the innermost open element of that name, and with it what is open inside.
    fn close(&mut self, qualified: &str, at: usize, repairs: &mut Repairs) {
        let named = |open: &Open<'_>| open.qualified.eq_ignore_ascii_case(qualified);
        let Some(depth) = self.open.iter().rposition(named) else {
            repairs.add(Repair::UnmatchedEndTag);
            return;
        };
        if self.open.len() > depth + 1 {
            repairs.add(Repair::UnclosedElement);
        }
        while self.open.len() > depth {
            self.close_innermost(at, true);
        }
    }

    fn close_innermost(&mut self, at: usize, complete: bool) {
        let Some(open) = self.open.pop() else {
            return;
        };
        self.bindings.truncate(open.bindings);
        self.base = open.base;
        let next = self.tree.nodes.len();
        let node = &mut self.tree.nodes[open.node];
        node.inner.1 = at.max(node.inner.0);
        node.next = next;
        node.complete = complete;
    }

    fn bind(&mut self, attributes: &'a str) {
        if !attributes.contains("xml") {
            return;
        }
        let room = MAX_BINDINGS.saturating_sub(self.bindings.len());
        for (name, value) in scan::attributes(attributes).take(room) {
            if name == "xmlns" {
                let namespace = match namespace::of_name(value) {
                    // A default namespace that nobody knows is a misspelled one.
                    Namespace::Other if self.open.is_empty() => Namespace::Rss,
                    namespace => namespace,
                };
                self.bindings.push(("", namespace));
            } else if let Some(prefix) = name.strip_prefix("xmlns:") {
                self.bindings.push((prefix, namespace::of_name(value)));
            } else if name == "xml:base" {
                self.rebase(value);
            }
        }
    }

    /// An `xml:base` that is no address is left out: the one outside stays in force.
    fn rebase(&mut self, value: &str) {
        let value = value.trim();
        let base = match &self.tree.bases[self.base] {
            Some(outer) => outer.join(value).ok(),
            None => Url::parse(value).ok(),
        };
        if base
            .as_ref()
            .is_some_and(|base| matches!(base.scheme(), "http" | "https"))
        {
            self.base = self.tree.bases.len();
            self.tree.bases.push(base);
        }
    }

    fn namespace(&self, qualified: &str, repairs: &mut Repairs) -> Namespace {
        let prefix = qualified.split_once(':').map_or("", |(prefix, _)| prefix);
        let bound = self.bindings.iter().rev().find(|(name, _)| *name == prefix);
        match bound {
            Some((_, namespace)) => *namespace,
            None if prefix.is_empty() => Namespace::Rss,
            None => {
                repairs.add(Repair::UndeclaredNamespace);
                namespace::of_undeclared(prefix)
            }
        }
    }
}

fn local(qualified: &str) -> &str {
    qualified
        .split_once(':')
        .map_or(qualified, |(_, name)| name)
}
