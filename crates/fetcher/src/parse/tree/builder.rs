//! How the pieces of a document become its tree.

use url::Url;

use super::super::namespace::{self, Namespace};
use super::super::repair::{Repair, Repairs};
use super::super::scan::{self, Flaw, Piece, Scanner};
use super::{Inside, Node, Tree, local};

/// Deeper elements stay part of their ancestor's text, and their end tags end nothing.
const MAX_DEPTH: usize = 128;
/// More namespaces than any document needs; what is declared beyond is taken as undeclared.
const MAX_BINDINGS: usize = 128;
/// More elements than a document of two thousand rich items has.
const MAX_NODES: usize = 200_000;

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

/// The tree of `text`. `base` is where relative addresses start from.
pub(super) fn build<'a>(text: &'a str, base: Option<Url>, repairs: &mut Repairs) -> Tree<'a> {
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
            Piece::Text(_) | Piece::Cdata(_) | Piece::Aside(_) => builder.note(piece),
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

impl<'a> Builder<'a> {
    /// Remembers what stands inside the innermost open element, so that nobody has to scan it again.
    fn note(&mut self, piece: Piece<'a>) {
        let Some(node) = self.innermost_mut() else {
            return;
        };
        let blank = |text: &str| text.trim_ascii().is_empty();
        node.inside = match (node.inside, piece) {
            (Inside::Blank, Piece::Cdata(text)) => Inside::Cdata(text),
            (Inside::Cdata(known), Piece::Aside(_)) => Inside::Cdata(known),
            (Inside::Blank | Inside::Cdata(_), Piece::Text(text)) if blank(text) => node.inside,
            (Inside::Blank | Inside::Text, Piece::Text(_)) => Inside::Text,
            (Inside::Markup, _) => Inside::Markup,
            _ => Inside::Mixed,
        };
    }

    fn note_markup(&mut self) {
        if let Some(node) = self.innermost_mut() {
            node.inside = Inside::Markup;
        }
    }

    /// Whether the element was kept.
    fn open(
        &mut self,
        qualified: &'a str,
        attributes: &'a str,
        (start, end): (usize, usize),
        repairs: &mut Repairs,
    ) -> bool {
        if self.open.len() >= MAX_DEPTH {
            self.note_markup();
            return false;
        }
        if self.tree.nodes.len() >= MAX_NODES {
            self.note_markup();
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
            inside: Inside::Blank,
            complete: false,
        };
        self.end_what_cannot_hold(&node, start, repairs);
        self.note_markup();
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

    fn innermost_mut(&mut self) -> Option<&mut Node<'a>> {
        let open = self.open.last()?;
        Some(&mut self.tree.nodes[open.node])
    }

    /// Ends the innermost open element of that name, and with it what is open inside.
    fn close(&mut self, qualified: &str, at: usize, repairs: &mut Repairs) {
        let named = |open: &Open<'_>| open.qualified.eq_ignore_ascii_case(qualified);
        let Some(depth) = self.open.iter().rposition(named) else {
            repairs.add(Repair::UnmatchedEndTag);
            self.note_markup();
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
