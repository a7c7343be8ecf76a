//! What names an item for as long as it lives.

use std::cell::OnceCell;
use std::collections::HashMap;

use url::Url;
use wire::id::{IdOrigin, digest};
use wire::{FeedId, Item, ItemId};

use super::repair::{Repair, Repairs};
use crate::volatile;

/// Gives every item its id: by guid, else by canonical link, else by content. A guid that stands on
/// items with different links, or on items without links that say different things, names none of them;
/// a link that stands on items with different titles and texts, without a guid, names none of them either.
/// `originals` are the addresses that the items say they are the copies of, in their order.
pub(super) fn assign(
    items: &mut [Item],
    originals: &[Option<String>],
    feed: &FeedId,
    repairs: &mut Repairs,
) {
    let originals = originals
        .iter()
        .map(Option::as_deref)
        .chain(std::iter::repeat(None));
    let links: Vec<Option<String>> = items
        .iter()
        .zip(originals)
        .map(|(item, original)| original.or(item.link.as_deref()).map(canonical))
        .collect();
    // Read only where it is asked for: most items are named without.
    let contents = vec![OnceCell::new(); items.len()];
    let content_of = |at: usize| contents[at].get_or_init(|| content(&items[at])).as_str();
    let link_of = |at: usize| links[at].as_deref();
    let mut by_guid = HashMap::<&str, Vec<usize>>::new();
    let mut by_link = HashMap::<&str, Vec<usize>>::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(guid) = &item.guid {
            by_guid.entry(guid).or_default().push(at);
        }
        if let Some(link) = link_of(at) {
            by_link.entry(link).or_default().push(at);
        }
    }
    by_guid.retain(|_, group| {
        if group.iter().all(|at| links[*at].is_some()) {
            differ(group, link_of)
        } else {
            differ(group, content_of)
        }
    });
    // A link is only asked to tell items apart where a guid does not; under one title, or with one text, it leads
    // to one story, which some feeds list twice: once without its text, or under a new headline.
    let title_of = |at: usize| {
        let title = items[at].title.as_deref();
        title
            .filter(|title| !title.is_empty())
            .unwrap_or_else(|| content_of(at))
    };
    let text_of = |at: usize| text(&items[at]).unwrap_or_else(|| title_of(at));
    by_link.retain(|_, group| {
        group.iter().any(|at| items[*at].guid.is_none())
            && differ(group, title_of)
            && differ(group, text_of)
    });
    let ids: Vec<(IdOrigin, ItemId)> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let guid = item.guid.as_deref();
            let own_guid = guid.filter(|guid| !by_guid.contains_key(guid));
            if own_guid != guid {
                repairs.add(Repair::RepeatedGuid);
            }
            let (origin, value) = match (own_guid, link_of(at)) {
                (Some(guid), _) => (IdOrigin::Guid, guid),
                (None, Some(link)) if !by_link.contains_key(link) => (IdOrigin::Link, link),
                _ => (IdOrigin::Content, content_of(at)),
            };
            (origin, ItemId::new(feed, origin, value))
        })
        .collect();
    for (item, (origin, id)) in items.iter_mut().zip(ids) {
        item.id_origin = origin;
        item.id = id;
    }
}

/// Whether not all items of a group have the same value.
fn differ<T: PartialEq>(group: &[usize], value: impl Fn(usize) -> T) -> bool {
    group
        .windows(2)
        .any(|pair| value(pair[0]) != value(pair[1]))
}

/// One spelling for all addresses of a page: encrypted or not, host in lower case and without a last full stop,
/// no default port, no fragment, no tracking parameters, no empty query. What is no address stands for itself.
pub(crate) fn canonical(link: &str) -> String {
    let Ok(mut url) = Url::parse(link.trim()) else {
        return link.trim().to_owned();
    };
    url.set_fragment(None);
    if url.scheme() == "http" && url.set_scheme("https").is_err() {
        return url.into();
    }
    if let Some(host) = url.host_str().and_then(|host| host.strip_suffix('.')) {
        let host = host.to_owned();
        // A host without its last full stop is one as well.
        let _ = url.set_host(Some(&host));
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    url.into()
}

fn is_tracking(pair: &str) -> bool {
    volatile::is_tracking(pair.split('=').next().unwrap_or_default())
}

/// What an item says, in one digest. A title alone names nothing, so its date stands beside it.
fn content(item: &Item) -> String {
    let title = item.title.as_deref().unwrap_or_default();
    let Some(text) = text(item) else {
        let published = item.published.or(item.updated).map(|at| at.to_string());
        let media = item
            .enclosures
            .first()
            .map_or("", |enclosure| enclosure.url.as_str());
        return digest(&[title, published.as_deref().unwrap_or_default(), media]);
    };
    digest(&[title, text])
}

fn text(item: &Item) -> Option<&str> {
    let text = item.content.as_deref().or(item.summary.as_deref());
    text.filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_page_have_one_spelling() {
        let spellings = [
            "HTTPS://News.Example:443/a?id=1&utm_source=rss&fbclid=x#top",
            "https://news.example/a?utm_medium=feed&id=1",
            "http://news.example/a?id=1",
            "http://news.example:80/a?id=1&gclid=3",
            "https://news.example./a?id=1&WT.mc_id=2",
        ];
        for spelling in spellings {
            assert_eq!(canonical(spelling), "https://news.example/a?id=1");
        }
    }

    #[test]
    fn addresses_of_two_pages_stay_apart() {
        for (one, other) in [
            ("https://a.example/1", "https://a.example/2"),
            ("https://a.example/?id=1", "https://a.example/?id=2"),
            ("https://a.example:8080/", "https://a.example/"),
            ("https://a.example/A", "https://a.example/a"),
            ("urn:isbn:1", "urn:isbn:2"),
        ] {
            assert_ne!(canonical(one), canonical(other));
        }
    }
}
