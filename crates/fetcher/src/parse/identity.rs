//! What names an item for as long as it lives.

use std::collections::HashMap;

use url::Url;
use wire::id::{IdOrigin, digest};
use wire::{FeedId, Item, ItemId};

use super::repair::{Repair, Repairs};

/// Query parameters that say how a reader came, not what is read.
const TRACKING: [&str; 12] = [
    "fbclid",
    "gclid",
    "dclid",
    "yclid",
    "msclkid",
    "mc_cid",
    "mc_eid",
    "igshid",
    "at_medium",
    "at_campaign",
    "at_custom1",
    "ref_src",
];

/// Gives every item its id: by guid, else by canonical link, else by content. A guid that stands on
/// items with different links, or on items without links that say different things, names none of them;
/// a link that stands on different items without a guid names none of them either.
pub(super) fn assign(items: &mut [Item], feed: &FeedId, repairs: &mut Repairs) {
    let links: Vec<Option<String>> = items
        .iter()
        .map(|item| item.link.as_deref().map(canonical))
        .collect();
    let contents: Vec<Option<String>> = items.iter().map(|item| Some(content(item))).collect();
    let mut by_guid = HashMap::<&str, Vec<usize>>::new();
    let mut by_link = HashMap::<&str, Vec<usize>>::new();
    for (at, item) in items.iter().enumerate() {
        if let Some(guid) = &item.guid {
            by_guid.entry(guid).or_default().push(at);
        }
        if let Some(link) = &links[at] {
            by_link.entry(link).or_default().push(at);
        }
    }
    let differ = |group: &[usize], values: &[Option<String>]| {
        group
            .windows(2)
            .any(|pair| values[pair[0]] != values[pair[1]])
    };
    by_guid.retain(|_, group| {
        let linked = group.iter().all(|at| links[*at].is_some());
        differ(group, if linked { &links } else { &contents })
    });
    // A link is only asked to tell items apart where a guid does not.
    by_link.retain(|_, group| {
        group.iter().any(|at| items[*at].guid.is_none()) && differ(group, &contents)
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
            let (origin, value) = match (own_guid, links[at].as_deref(), &contents[at]) {
                (Some(guid), _, _) => (IdOrigin::Guid, guid),
                (None, Some(link), _) if !by_link.contains_key(link) => (IdOrigin::Link, link),
                (None, _, Some(content)) => (IdOrigin::Content, content.as_str()),
                (None, _, None) => (IdOrigin::Content, ""),
            };
            (origin, ItemId::new(feed, origin, value))
        })
        .collect();
    for (item, (origin, id)) in items.iter_mut().zip(ids) {
        item.id_origin = origin;
        item.id = id;
    }
}

/// One spelling for all addresses of a page: host in lower case, no default port, no fragment, no
/// tracking parameters, no empty query. What is no address stands for itself.
pub(super) fn canonical(link: &str) -> String {
    let Ok(mut url) = Url::parse(link.trim()) else {
        return link.trim().to_owned();
    };
    url.set_fragment(None);
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair)).collect();
        let kept = kept.join("&");
        url.set_query((!kept.is_empty()).then_some(kept.as_str()));
    }
    url.into()
}

fn is_tracking(pair: &str) -> bool {
    let name = pair
        .split('=')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.contains(&name.as_str())
}

/// What an item says, in one digest. A title alone names nothing, so its date stands beside it.
fn content(item: &Item) -> String {
    let text = item
        .content
        .as_deref()
        .or(item.summary.as_deref())
        .unwrap_or_default();
    let title = item.title.as_deref().unwrap_or_default();
    if text.is_empty() {
        let published = item.published.or(item.updated).map(|at| at.to_string());
        let media = item
            .enclosures
            .first()
            .map_or("", |enclosure| enclosure.url.as_str());
        return digest(&[title, published.as_deref().unwrap_or_default(), media]);
    }
    digest(&[title, text])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_page_have_one_spelling() {
        let spellings = [
            "HTTPS://News.Example:443/a?id=1&utm_source=rss&fbclid=x#top",
            "https://news.example/a?utm_medium=feed&id=1",
        ];
        for spelling in spellings {
            assert_eq!(canonical(spelling), "https://news.example/a?id=1");
        }
    }
}
