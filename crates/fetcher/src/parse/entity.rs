//! Character references of XML and HTML, resolved once.

use std::borrow::Cow;

use super::repair::{Repair, Repairs};

/// The longest name of a reference in HTML is 31 letters (`CounterClockwiseContourIntegral`).
const LONGEST_NAME: usize = 32;

/// `text` with its references resolved. What is no reference stays as it stands; references that XML
/// does not define, and ampersands that begin none, are named in `repairs`.
pub(super) fn resolve<'a>(text: &'a str, repairs: &mut Repairs) -> Cow<'a, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for part in parts(text, repairs) {
        out.push_str(&part);
    }
    Cow::Owned(out)
}

/// The same in pieces that are not copied: what stands between references, and what each of them is.
pub(super) fn parts<'a>(
    mut rest: &'a str,
    repairs: &mut Repairs,
) -> impl Iterator<Item = Cow<'a, str>> {
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let at = rest.find('&').unwrap_or(rest.len());
        if at > 0 {
            let (before, after) = rest.split_at(at);
            rest = after;
            return Some(Cow::Borrowed(before));
        }
        let Some((resolved, length)) = reference(rest) else {
            repairs.add(Repair::BareAmpersand);
            rest = &rest[1..];
            return Some(Cow::Borrowed("&"));
        };
        if !resolved.standard {
            repairs.add(Repair::HtmlEntities);
        }
        rest = &rest[length..];
        Some(resolved.text)
    })
}

struct Resolved<'a> {
    text: Cow<'a, str>,
    /// Whether XML itself defines the reference.
    standard: bool,
}

/// The reference that `text` begins with and how many bytes it takes.
fn reference(text: &str) -> Option<(Resolved<'_>, usize)> {
    let body = &text[1..];
    let end = body
        .bytes()
        .take(LONGEST_NAME + 1)
        .position(|byte| byte == b';')?;
    let name = body.get(..end)?;
    let text = match name {
        "amp" => "&".into(),
        "lt" => "<".into(),
        "gt" => ">".into(),
        "quot" => "\"".into(),
        "apos" => "'".into(),
        _ if name.starts_with('#') => numeric(&name[1..])?.to_string().into(),
        _ => {
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return None;
            }
            let whole = text.get(..end + 2)?;
            let resolved = html_escape::decode_html_entities(whole);
            if resolved == whole {
                return None;
            }
            return Some((
                Resolved {
                    text: resolved,
                    standard: false,
                },
                end + 2,
            ));
        }
    };
    Some((
        Resolved {
            text,
            standard: true,
        },
        end + 2,
    ))
}

/// The character of `#123` or `#x7B`. Numbers 128 to 159 mean what windows-1252 has there, as in HTML
/// (WHATWG HTML §13.2.5.80); what is no character becomes U+FFFD.
fn numeric(digits: &str) -> Option<char> {
    let (digits, radix) = match digits.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => (hexadecimal, 16),
        None => (digits, 10),
    };
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return None;
    }
    let number = u32::from_str_radix(digits, radix).unwrap_or(u32::MAX);
    let c = char::from_u32(number).unwrap_or(char::REPLACEMENT_CHARACTER);
    Some(of_windows_1252(c).unwrap_or(c))
}

/// What windows-1252 has in the place of a C1 control character, if anything.
pub(super) fn of_windows_1252(c: char) -> Option<char> {
    let byte = u8::try_from(u32::from(c))
        .ok()
        .filter(|byte| (0x80..=0x9F).contains(byte))?;
    let byte = [byte];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().filter(|meant| !meant.is_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_xml_and_html_are_resolved_and_the_rest_stays() {
        let mut repairs = Repairs::default();
        let text = "AT&T &amp;lt; caf&eacute; &#8217;&#x92; &unknown; &";
        assert_eq!(resolve(text, &mut repairs), "AT&T &lt; café ’’ &unknown; &");
        assert_eq!(repairs.names(), ["bare-ampersand", "html-entities"]);
    }
}
