//! Documents damaged in the ways in which networks, editors and template engines damage them: whatever
//! is left of one is read without a panic, and read the same again, in any encoding.
//!
//! `CLAIMWIRE_MUTATIONS` says how many documents each test damages; `make fuzz` asks for 20,000.

use encoding_rs::{Encoding, KOI8_U, WINDOWS_1251, WINDOWS_1252};
use fetcher::parse;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use wire::{Document, FeedId};

const SOUND: [&str; 6] = [
    include_str!("fixtures/atom-0.3.xml"),
    include_str!("fixtures/hints-for-readers.xml"),
    include_str!("fixtures/json-feed.json"),
    include_str!("fixtures/mismatched-tags.xml"),
    include_str!("fixtures/undeclared-html-entities.xml"),
    include_str!("fixtures/every-module.xml"),
];

/// What gets into documents where it should not.
const INTRUDERS: [&str; 24] = [
    "<",
    ">",
    "&",
    "&amp;",
    "&nbsp;",
    "&#0;",
    "&#x1F600;",
    "\"",
    "'",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<item>",
    "</item>",
    "<entry>",
    "</channel>",
    "</title>",
    "<br>",
    "\u{1}",
    "\u{202E}",
    "\u{FFFF}",
    "Київ",
    "<?xml version='1.0'?>",
];

#[derive(Clone, Debug)]
enum Damage {
    CutOff(Index),
    Lost(Index, usize),
    Doubled(Index, usize),
    Intruded(Index, &'static str),
    UpperCase(Index, usize),
}

impl Damage {
    fn to(&self, text: &str) -> String {
        let place = |at: &Index| text.floor_char_boundary(at.index(text.len() + 1));
        let piece = |at: &Index, length: usize| {
            let start = place(at);
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            (&text[..start], &text[start..end], &text[end..])
        };
        match self {
            Self::CutOff(at) => text[..place(at)].to_owned(),
            Self::Lost(at, length) => {
                let (before, _, after) = piece(at, *length);
                [before, after].concat()
            }
            Self::Doubled(at, length) => {
                let (before, doubled, after) = piece(at, *length);
                [before, doubled, doubled, after].concat()
            }
            Self::Intruded(at, intruder) => {
                let (before, after) = text.split_at(place(at));
                [before, *intruder, after].concat()
            }
            Self::UpperCase(at, length) => {
                let (before, shouted, after) = piece(at, *length);
                [before, &shouted.to_uppercase(), after].concat()
            }
        }
    }
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        1 => any::<Index>().prop_map(Damage::CutOff),
        3 => (any::<Index>(), 1..40_usize).prop_map(|(at, length)| Damage::Lost(at, length)),
        2 => (any::<Index>(), 1..200_usize).prop_map(|(at, length)| Damage::Doubled(at, length)),
        4 => (any::<Index>(), select(INTRUDERS.to_vec())).prop_map(|(at, what)| Damage::Intruded(at, what)),
        1 => (any::<Index>(), 1..80_usize).prop_map(|(at, length)| Damage::UpperCase(at, length)),
    ]
}

fn damaged() -> impl Strategy<Value = String> {
    (
        select(SOUND.to_vec()),
        prop::collection::vec(damage(), 1..6),
    )
        .prop_map(|(sound, damages)| {
            damages
                .iter()
                .fold(sound.to_owned(), |text, damage| damage.to(&text))
        })
}

fn documents() -> ProptestConfig {
    let asked = std::env::var("CLAIMWIRE_MUTATIONS").ok();
    ProptestConfig {
        cases: asked
            .and_then(|number| number.parse().ok())
            .unwrap_or(2_000),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn read(bytes: &[u8], charset: Option<&str>) -> Document {
    let content_type = charset.map(|charset| format!("application/xml; charset={charset}"));
    parse::document(
        bytes,
        content_type.as_deref(),
        Some("https://news.example/feed"),
        &FeedId("test".to_owned()),
    )
}

/// The text in a charset that has all of its characters.
fn encoded(text: &str, encoding: &'static Encoding) -> Option<Vec<u8>> {
    let (bytes, _, unmappable) = encoding.encode(text);
    (!unmappable).then(|| bytes.into_owned())
}

fn marked<const N: usize>(text: &str, unit: impl Fn(u32) -> [u8; N]) -> Vec<u8> {
    let marked = ["\u{FEFF}", text].concat();
    if N == 2 {
        return marked
            .encode_utf16()
            .flat_map(|code| unit(code.into()))
            .collect();
    }
    marked.chars().flat_map(|c| unit(c.into())).collect()
}

fn half(code: u32) -> u16 {
    u16::try_from(code).expect("a UTF-16 code unit")
}

proptest! {
    #![proptest_config(documents())]

    #[test]
    fn what_is_left_of_a_document_is_the_same_in_every_encoding(text in damaged()) {
        let known = read(text.as_bytes(), Some("utf-8"));
        prop_assert!(!known.repairs.contains(&"parser-panicked".to_owned()));
        prop_assert_eq!(&known, &read(text.as_bytes(), Some("utf-8")));
        let wide = [
            marked(&text, |code| half(code).to_le_bytes()),
            marked(&text, |code| half(code).to_be_bytes()),
            marked(&text, u32::to_le_bytes),
            marked(&text, u32::to_be_bytes),
        ];
        for bytes in wide {
            prop_assert_eq!(&known.items, &read(&bytes, None).items);
        }
        for encoding in [WINDOWS_1251, KOI8_U, WINDOWS_1252] {
            if let Some(bytes) = encoded(&text, encoding) {
                prop_assert_eq!(&known.items, &read(&bytes, Some(encoding.name())).items);
            }
        }
    }

    #[test]
    fn no_damage_to_its_bytes_makes_a_document_panic(
        text in damaged(),
        flips in prop::collection::vec((any::<Index>(), any::<u8>()), 1..20),
        charset in select(vec![None, Some("utf-8"), Some("utf-16"), Some("windows-1251"), Some("iso-2022-jp")]),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte) in flips {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
        }
        let document = read(&bytes, charset);
        prop_assert!(!document.repairs.contains(&"parser-panicked".to_owned()));
        prop_assert_eq!(&document, &read(&bytes, charset));
    }
}
