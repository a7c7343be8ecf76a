//! Bytes to text: which charset a document is really in.

use std::borrow::Cow;

use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::repair::{Repair, Repairs};

/// How far into a document its XML declaration may stand, junk included.
const DECLARATION_WINDOW: usize = 1024;

/// The document as text, and the name of its charset. A byte-order mark decides; then bytes that only make
/// sense as UTF-8 are UTF-8 whatever is declared, because text in another charset is never valid UTF-8 by
/// accident; then the charset of `content_type`, that of the XML declaration, and at last what the bytes look
/// like. A label that the bytes contradict is named in `repairs`.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    repairs: &mut Repairs,
) -> (Cow<'a, str>, &'static str) {
    if let Some((text, name)) = utf_32(bytes) {
        return (Cow::Owned(text), name);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..], repairs);
    }
    if let Some(encoding) = wide_without_mark(bytes) {
        return decode_as(encoding, bytes, repairs);
    }
    let labels = [
        content_type.and_then(charset_parameter),
        xml_declaration(bytes),
    ];
    let mut declared = labels
        .iter()
        .flatten()
        .map(|label| Encoding::for_label(label.as_bytes()))
        // The bytes are not wide, so a label that says they are is wrong.
        .map(|encoding| encoding.filter(|known| *known != UTF_16LE && *known != UTF_16BE));
    let (first, second) = (declared.next(), declared.next().flatten());
    if first == Some(None) {
        repairs.add(Repair::CharsetMislabelled);
    }
    let encoding = first.flatten().or(second);
    let stateful = encoding.is_some_and(|encoding| !encoding.is_ascii_compatible());
    if !stateful && let Ok(text) = std::str::from_utf8(bytes) {
        if !bytes.is_ascii() && encoding.is_some_and(|encoding| encoding != UTF_8) {
            repairs.add(Repair::CharsetMislabelled);
        }
        return (Cow::Borrowed(text), UTF_8.name());
    }
    match encoding {
        // Servers add the labels of UTF-8 and of Western text to whatever they serve.
        Some(encoding) if encoding != UTF_8 && (encoding != WINDOWS_1252 || is_western(bytes)) => {
            return decode_as(encoding, bytes, repairs);
        }
        None if mostly_utf_8(bytes) => return decode_as(UTF_8, bytes, repairs),
        Some(encoding) if encoding == UTF_8 && mostly_utf_8(bytes) => {
            return decode_as(UTF_8, bytes, repairs);
        }
        Some(_) => repairs.add(Repair::CharsetMislabelled),
        None => repairs.add(Repair::CharsetUndeclared),
    }
    // The right label may still stand inside.
    let inner = second.filter(|inner| *inner != UTF_8 && Some(*inner) != encoding);
    decode_as(inner.unwrap_or_else(|| looks_like(bytes)), bytes, repairs)
}

fn decode_as<'a>(
    encoding: &'static Encoding,
    bytes: &'a [u8],
    repairs: &mut Repairs,
) -> (Cow<'a, str>, &'static str) {
    let (text, invalid) = encoding.decode_without_bom_handling(bytes);
    if invalid {
        repairs.add(Repair::InvalidBytes);
    }
    (text, encoding.name())
}

/// The `charset` parameter of a media type (RFC 9110 §8.3.2).
fn charset_parameter(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']);
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.to_owned())
    })
}

/// The `encoding` of an XML declaration (XML 1.0 §4.3.3).
fn xml_declaration(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(DECLARATION_WINDOW)]);
    let declaration = &head[head.find("<?xml")?..];
    let declaration = &declaration[..declaration.find("?>")?];
    super::scan::attributes(declaration.trim_start_matches("<?xml"))
        .find(|(name, _)| *name == "encoding")
        .map(|(_, label)| label.trim().to_owned())
}

/// UTF-32, which the Encoding Standard leaves out, by its mark or by where the zero bytes are.
fn utf_32(bytes: &[u8]) -> Option<(String, &'static str)> {
    let (little, skip) = match bytes {
        [0xFF, 0xFE, 0, 0, ..] => (true, 4),
        [0, 0, 0xFE, 0xFF, ..] => (false, 4),
        [b'<', 0, 0, 0, ..] => (true, 0),
        [0, 0, 0, b'<', ..] => (false, 0),
        _ => return None,
    };
    let (units, _) = bytes[skip..].as_chunks::<4>();
    let number = |unit: &[u8; 4]| {
        if little {
            u32::from_le_bytes(*unit)
        } else {
            u32::from_be_bytes(*unit)
        }
    };
    let text = units
        .iter()
        .map(|unit| char::from_u32(number(unit)).unwrap_or('\u{FFFD}'));
    Some((text.collect(), if little { "utf-32le" } else { "utf-32be" }))
}

fn wide_without_mark(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, ..] => Some(UTF_16LE),
        [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// Whether a document is UTF-8 with a few broken bytes, not a document in another charset.
fn mostly_utf_8(bytes: &[u8]) -> bool {
    let (mut sequences, mut broken) = (0_usize, 0_usize);
    for chunk in bytes.utf8_chunks() {
        sequences += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    sequences > broken * 4
}

/// Whether this can be text in Western European letters, of which few stand side by side that are not ASCII.
/// Where most of them do, they are Cyrillic, Greek, Hebrew or the like.
fn is_western(bytes: &[u8]) -> bool {
    let runs = bytes.split(|byte| *byte < 0xC0);
    let (mut long, mut short) = (0_usize, 0_usize);
    for run in runs.filter(|run| !run.is_empty()) {
        if run.len() >= 3 {
            long += 1;
        } else {
            short += 1;
        }
    }
    short >= long
}

/// So many bytes above ASCII say something about frequencies.
const TELLING: usize = 16;

/// What text in this charset looks like, by the frequencies of its letters; a few signs in ASCII are Western.
/// The detector is never asked about UTF-8, which is recognised before.
fn looks_like(bytes: &[u8]) -> &'static Encoding {
    let telling = bytes.iter().filter(|byte| !byte.is_ascii()).count() >= TELLING;
    if !telling && is_western(bytes) {
        return WINDOWS_1252;
    }
    let mut detector = EncodingDetector::new();
    detector.feed(bytes, true);
    detector.guess(None, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CYRILLIC: &str = "<a>Війська відбили наступ на південному напрямку, повідомив речник</a>";

    fn decoded(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str, Vec<String>) {
        let mut repairs = Repairs::default();
        let (text, name) = decode(bytes, content_type, &mut repairs);
        (text.into_owned(), name, repairs.names())
    }

    fn encoded(label: &str, text: &str) -> Vec<u8> {
        let encoding = Encoding::for_label(label.as_bytes()).expect("a known charset");
        let (bytes, _, unmappable) = encoding.encode(text);
        assert!(!unmappable, "{label}");
        bytes.into_owned()
    }

    #[test]
    fn the_declared_charset_decides_for_bytes_that_are_not_utf_8() {
        let cases = [
            ("windows-1251", CYRILLIC),
            ("koi8-u", CYRILLIC),
            ("koi8-r", "<a>Войска отбили наступление</a>"),
            ("iso-8859-5", "<a>Войска отбили наступление</a>"),
            ("iso-8859-1", "<a>Tourné à Besançon</a>"),
            ("iso-8859-2", "<a>Wojska odparły natarcie, źródło</a>"),
            ("iso-8859-15", "<a>2 € pour l’Œuvre</a>"),
            ("windows-1250", "<a>Wojska odparły natarcie, źródło</a>"),
            ("windows-1252", "<a>“Tourné” à Besançon</a>"),
            ("windows-1257", "<a>Kariuomenė atrėmė puolimą</a>"),
            ("gb18030", "<a>军队击退了进攻</a>"),
        ];
        for (label, text) in cases {
            let text = text.replace(
                ['’', 'Œ', '“', '”'],
                if label == "iso-8859-15" { "" } else { "\"" },
            );
            let bytes = encoded(label, &text);
            let by_http = decoded(&bytes, Some(&format!("text/xml; charset=\"{label}\"")));
            assert_eq!((by_http.0, by_http.2), (text.clone(), vec![]), "{label}");
            let declared = format!("<?xml version='1.0' encoding='{label}'?>{text}");
            let by_declaration = decoded(&encoded(label, &declared), None);
            assert_eq!(
                (by_declaration.0, by_declaration.2),
                (declared, vec![]),
                "{label}"
            );
        }
    }

    #[test]
    fn a_label_that_the_bytes_contradict_is_wrong() {
        for (label, real) in [
            ("iso-8859-1", "utf-8"),
            ("utf-8", "windows-1251"),
            ("iso-8859-1", "windows-1251"),
            ("utf-8", "koi8-u"),
            ("utf-16", "utf-8"),
        ] {
            let content_type = format!("text/xml; charset={label}");
            let (text, _, repairs) = decoded(&encoded(real, CYRILLIC), Some(&content_type));
            assert_eq!(text, CYRILLIC, "{label} that is {real}");
            assert_eq!(repairs, ["charset-mislabelled"], "{label} that is {real}");
        }
    }

    #[test]
    fn an_undeclared_charset_is_recognised() {
        for label in ["windows-1251", "koi8-u"] {
            let (text, _, repairs) = decoded(&encoded(label, CYRILLIC), None);
            assert_eq!(
                (text.as_str(), repairs),
                (CYRILLIC, vec!["charset-undeclared".to_owned()]),
                "{label}"
            );
        }
    }

    #[test]
    fn wide_encodings_are_read_with_and_without_a_mark() {
        let marked = format!("\u{FEFF}{CYRILLIC}");
        for text in [CYRILLIC, &marked] {
            let wide = |unit: fn(u32) -> [u8; 4]| -> Vec<u8> {
                text.chars().flat_map(|c| unit(c.into())).collect()
            };
            let half = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
                text.encode_utf16().flat_map(unit).collect()
            };
            for (bytes, name) in [
                (half(u16::to_le_bytes), "UTF-16LE"),
                (half(u16::to_be_bytes), "UTF-16BE"),
                (wide(u32::to_le_bytes), "utf-32le"),
                (wide(u32::to_be_bytes), "utf-32be"),
            ] {
                assert_eq!(
                    decoded(&bytes, None),
                    (CYRILLIC.to_owned(), name, vec![]),
                    "{name}"
                );
            }
        }
    }

    #[test]
    fn utf_8_with_a_few_broken_bytes_stays_utf_8() {
        let mut bytes = CYRILLIC.as_bytes().to_vec();
        bytes.remove(4);
        let (text, name, repairs) = decoded(&bytes, Some("text/xml; charset=utf-8"));
        assert!(text.contains("відбили наступ"), "{text}");
        assert_eq!((name, repairs), ("UTF-8", vec!["invalid-bytes".to_owned()]));
    }
}
