//! Where a feed and its items say that they are to be found.

use url::Url;

use super::super::is_unsafe;
use super::super::namespace::Namespace::{Atom, Feedburner, Rss};
use super::super::repair::Repair;
use super::super::tree::Id;
use super::Reader;

impl Reader<'_, '_> {
    /// The page that a feed or an item belongs to.
    pub(super) fn link(&mut self, parent: Id) -> Option<String> {
        let tree = self.tree;
        let mut best: Option<(u8, String)> = None;
        for (id, node) in tree.children(parent) {
            let is_link =
                matches!(node.namespace, Rss | Atom) && (node.is("link") || node.is("loc"));
            if !is_link {
                continue;
            }
            let rel = tree.attribute(id, "rel");
            let is_page = |rel: &str| rel.trim().eq_ignore_ascii_case("alternate");
            if rel.as_deref().is_some_and(|rel| !is_page(rel)) {
                continue;
            }
            let kind = tree.attribute(id, "type");
            let (rank, address) = match tree.attribute(id, "href") {
                Some(href) if node.namespace == Rss && rel.is_none() && kind.is_none() => {
                    (0, href.into_owned())
                }
                Some(href) => {
                    let page = kind.is_none_or(|kind| kind.contains("html"));
                    (if page { 1 } else { 2 }, href.into_owned())
                }
                None => (0, self.characters(id)),
            };
            let Some(address) = self.address(id, &address) else {
                continue;
            };
            // Of several links that say nothing of themselves the last one counts, as other readers have it.
            if best
                .as_ref()
                .is_none_or(|(known, _)| rank < *known || rank == 0)
            {
                best = Some((rank, address));
            }
        }
        best.map(|(_, address)| address)
    }

    /// A guid that is an address, unless the feed says that it is none (RSS 2.0, `isPermaLink`).
    pub(super) fn permalink(&mut self, parent: Id) -> Option<String> {
        let guid = self.tree.child(parent, &[(Rss, "guid")])?;
        let denied = self
            .tree
            .attribute(guid, "isPermaLink")
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("false"));
        let written = self.tree.characters(guid, self.repairs);
        let absolute = Url::parse(written.trim()).is_ok_and(|url| url.has_host());
        if denied || !absolute {
            return None;
        }
        self.address(guid, &written)
    }

    /// The page that an item says is its own, where its link leads over a counter or to a copy:
    /// `rel=canonical` (RFC 6596) or what FeedBurner replaced.
    pub(super) fn original(&mut self, parent: Id) -> Option<String> {
        self.related(parent, "canonical").or_else(|| {
            let original = self.tree.child(parent, &[(Feedburner, "origLink")])?;
            let written = self.tree.characters(original, self.repairs).into_owned();
            self.address(original, &written)
        })
    }

    /// The page that the element itself names (CDF).
    pub(super) fn own_address(&mut self, id: Id) -> Option<String> {
        let href = self.tree.attribute(id, "href")?;
        self.address(id, &href)
    }

    /// The address of a `link` with that relation.
    pub(super) fn related(&mut self, parent: Id, relation: &str) -> Option<String> {
        let tree = self.tree;
        let (id, _) = tree.children(parent).find(|(id, node)| {
            node.is("link")
                && tree.attribute(*id, "rel").is_some_and(|rel| {
                    rel.split_ascii_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case(relation))
                })
        })?;
        let href = tree.attribute(id, "href")?;
        self.address(id, &href)
    }

    /// An address that a reader may be sent to: absolute where the base is known, never a script.
    pub(super) fn address(&mut self, id: Id, written: &str) -> Option<String> {
        let written = written.trim();
        if written.is_empty() {
            return None;
        }
        let absolute = self.tree.absolute(id, written);
        if is_unsafe(&absolute) {
            self.repairs.add(Repair::UnsafeLink);
            return None;
        }
        Some(absolute)
    }
}
