//! Any HTML is plain text, in which nothing is left to normalise.

#![no_main]

use fetcher::parse;
use libfuzzer_sys::fuzz_target;
use wire::FeedId;

fuzz_target!(|html: &str| {
    let Some(text) = summary("html", html) else {
        return;
    };
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    assert_eq!(text.trim(), text);
    assert_eq!(summary("text", &text), Some(text));
});

/// What a reader gets of a summary of that type.
fn summary(kind: &str, text: &str) -> Option<String> {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    let feed = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom'><entry><summary type='{kind}'>{escaped}</summary></entry></feed>"
    );
    let document = parse::document(feed.as_bytes(), None, None, &FeedId("fuzz".to_owned()));
    assert_eq!(document.items.len(), 1);
    document.items.into_iter().next()?.summary
}
