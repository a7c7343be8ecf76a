//! Any bytes under any media type are text in a charset that is named, and the same text again.

#![no_main]

use fetcher::parse;
use libfuzzer_sys::fuzz_target;
use wire::FeedId;

fuzz_target!(|input: (Option<String>, &[u8])| {
    let (content_type, bytes) = input;
    let feed = FeedId("fuzz".to_owned());
    let document = parse::document(bytes, content_type.as_deref(), None, &feed);
    assert!(!document.repairs.contains(&"parser-panicked".to_owned()));
    assert!(!document.encoding.is_empty());
    let again = parse::document(bytes, content_type.as_deref(), None, &feed);
    assert_eq!(document, again);
});
