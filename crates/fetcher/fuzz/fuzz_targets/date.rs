//! A date that is read is read again from its standard form.

#![no_main]

use fetcher::parse;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use wire::FeedId;

fuzz_target!(|written: &str| {
    if let Some(instant) = published(written) {
        assert_eq!(published(&instant.to_string()), Some(instant));
    }
});

fn published(written: &str) -> Option<Timestamp> {
    let escaped = written.replace('&', "&amp;").replace('<', "&lt;");
    let feed = format!("<rss version='2.0'><channel><item><pubDate>{escaped}</pubDate></item></channel></rss>");
    let document = parse::document(feed.as_bytes(), None, None, &FeedId("fuzz".to_owned()));
    document.items.into_iter().next()?.published
}
