//! Any link against any address is harmless, and names the same item with a fragment as without.

#![no_main]

use fetcher::parse;
use libfuzzer_sys::fuzz_target;
use url::Url;
use wire::{FeedId, Item};

fuzz_target!(|input: (&str, &str)| {
    let (base, link) = input;
    let Some(item) = item(base, link) else {
        return;
    };
    let Some(address) = &item.link else {
        return;
    };
    let scheme = address.split_once(':').map_or("", |(scheme, _)| scheme);
    assert!(!scheme.eq_ignore_ascii_case("javascript"), "{address}");
    // What is no address stands for itself, with whatever looks like a fragment.
    if Url::parse(address).is_ok_and(|url| url.has_host() && url.fragment().is_none()) {
        let fragment = self::item(base, &format!("{address}#part")).map(|item| item.id);
        assert_eq!(fragment, Some(item.id), "{address}");
    }
});

/// The item of a feed at `base` that has `link` and nothing else.
fn item(base: &str, link: &str) -> Option<Item> {
    let escaped = link.replace('&', "&amp;").replace('<', "&lt;");
    let feed =
        format!("<rss version='2.0'><channel><item><link>{escaped}</link></item></channel></rss>");
    let document = parse::document(
        feed.as_bytes(),
        None,
        Some(base),
        &FeedId("fuzz".to_owned()),
    );
    document.items.into_iter().next()
}
