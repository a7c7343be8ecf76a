//! Bytes to text: which charset a document is really in.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251, WINDOWS_1252};

use super::repair::{Repair, Repairs};

/// How far into a document its XML declaration may stand, junk included.
const DECLARATION_WINDOW: usize = 1024;

/// The document as text. A byte-order mark decides; then bytes that only make sense as UTF-8 are
/// UTF-8 whatever is declared, because text in another charset is never valid UTF-8 by accident; then
/// the charset of `content_type`, that of the XML declaration, and at last what the bytes look like.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    repairs: &mut Repairs,
) -> Cow<'a, str> {
    if let Some(text) = utf_32(bytes) {
        return Cow::Owned(text);
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decode_as(encoding, &bytes[mark..], repairs);
    }
    if let Some(encoding) = wide_without_mark(bytes) {
        return decode_as(encoding, bytes, repairs);
    }
    let declared = content_type
        .and_then(charset_parameter)
        .or_else(|| xml_declaration(bytes))
        .and_then(|label| Encoding::for_label(label.as_bytes()))
        // The bytes are not wide, so a label that says they are is wrong.
        .filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE);
    let stateful = declared.is_some_and(|encoding| !encoding.is_ascii_compatible());
    if !stateful && let Ok(text) = std::str::from_utf8(bytes) {
        if !bytes.is_ascii() && declared.is_some_and(|encoding| encoding != UTF_8) {
            repairs.add(Repair::CharsetMislabelled);
        }
        return Cow::Borrowed(text);
    }
    // What is labelled UTF-8 and is not may still carry the right label inside.
    let inner = xml_declaration(bytes).and_then(|label| Encoding::for_label(label.as_bytes()));
    match declared {
        Some(encoding) if encoding != UTF_8 => decode_as(encoding, bytes, repairs),
        Some(_) => {
            repairs.add(Repair::CharsetMislabelled);
            match inner.filter(|encoding| *encoding != UTF_8) {
                Some(encoding) => decode_as(encoding, bytes, repairs),
                None if mostly_utf_8(bytes) => decode_as(UTF_8, bytes, repairs),
                None => decode_as(looks_like(bytes), bytes, repairs),
            }
        }
        None if mostly_utf_8(bytes) => decode_as(UTF_8, bytes, repairs),
        None => {
            repairs.add(Repair::CharsetUndeclared);
            decode_as(looks_like(bytes), bytes, repairs)
        }
    }
}

fn decode_as<'a>(
    encoding: &'static Encoding,
    bytes: &'a [u8],
    repairs: &mut Repairs,
) -> Cow<'a, str> {
    let (text, invalid) = encoding.decode_without_bom_handling(bytes);
    if invalid {
        repairs.add(Repair::InvalidBytes);
    }
    text
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
fn utf_32(bytes: &[u8]) -> Option<String> {
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
    Some(text.collect())
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

/// Cyrillic text is runs of high bytes; Western text has single ones between plain letters.
fn looks_like(bytes: &[u8]) -> &'static Encoding {
    let runs = bytes
        .split(|byte| *byte < 0xC0)
        .filter(|run| !run.is_empty());
    let (mut long, mut short) = (0_usize, 0_usize);
    for run in runs {
        if run.len() >= 3 {
            long += 1;
        } else {
            short += 1;
        }
    }
    if long > short {
        WINDOWS_1251
    } else {
        WINDOWS_1252
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], content_type: Option<&str>) -> (String, Vec<String>) {
        let mut repairs = Repairs::default();
        let text = decode(bytes, content_type, &mut repairs).into_owned();
        (text, repairs.names())
    }

    #[test]
    fn the_http_charset_decides_for_bytes_that_are_not_utf_8() {
        let (bytes, _, _) = WINDOWS_1251.encode("Київ");
        let (text, repairs) = decoded(&bytes, Some("text/xml; charset=windows-1251"));
        assert_eq!((text.as_str(), repairs), ("Київ", vec![]));
    }

    #[test]
    fn utf_8_that_is_declared_as_latin_1_is_read_as_utf_8() {
        let (text, repairs) = decoded(
            "<a>Київ</a>".as_bytes(),
            Some("text/xml; charset=iso-8859-1"),
        );
        assert_eq!(text, "<a>Київ</a>");
        assert_eq!(repairs, ["charset-mislabelled"]);
    }

    #[test]
    fn undeclared_cyrillic_is_recognised() {
        let (bytes, _, _) = WINDOWS_1251.encode("<a>Війська відбили наступ</a>");
        let (text, repairs) = decoded(&bytes, None);
        assert_eq!(text, "<a>Війська відбили наступ</a>");
        assert_eq!(repairs, ["charset-undeclared"]);
    }

    #[test]
    fn wide_encodings_are_read_with_and_without_a_mark() {
        let little: Vec<u8> = "<а/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decoded(&little, None).0, "<а/>");
        let wide: Vec<u8> = "<а/>"
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect();
        assert_eq!(decoded(&wide, None).0, "<а/>");
    }
}
