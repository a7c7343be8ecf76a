//! Any text is a document or none, with the same items in UTF-8 and in UTF-16.

#![no_main]

use fetcher::parse;
use libfuzzer_sys::fuzz_target;
use wire::{Document, FeedId};

fuzz_target!(|text: &str| {
    let narrow = read(&["\u{FEFF}", text].concat().into_bytes());
    assert!(!narrow.repairs.contains(&"parser-panicked".to_owned()));
    let wide: Vec<u8> = ["\u{FEFF}", text]
        .concat()
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    assert_eq!(narrow.items, read(&wide).items);
});

fn read(bytes: &[u8]) -> Document {
    parse::document(bytes, None, Some("https://news.example/feed"), &FeedId("fuzz".to_owned()))
}
