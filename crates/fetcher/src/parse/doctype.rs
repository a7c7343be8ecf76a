//! Entities that a document defines for itself (XML 1.0 §4.2), as far as they are harmless: short texts
//! without markup and without further references, so that nothing can grow out of them.

use std::borrow::Cow;
use std::collections::HashMap;

/// How far into a document its document type declaration may begin.
const WINDOW: usize = 4096;
const MAX_ENTITIES: usize = 64;
/// Bytes of an entity's name.
const MAX_NAME: usize = 64;
/// Bytes of one entity.
const MAX_VALUE: usize = 256;
/// Bytes by which all replacements together may lengthen a document.
const MAX_GROWTH: usize = 1 << 20;

/// The text with its own entities in place of the references to them.
pub(super) fn expanded(text: &str) -> Cow<'_, str> {
    let Some((subset, end)) = internal_subset(text) else {
        return Cow::Borrowed(text);
    };
    let entities = entities(subset);
    if entities.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..end]);
    let mut room = MAX_GROWTH;
    let mut rest = &text[end..];
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let name = &rest[1..rest.floor_char_boundary(1 + MAX_NAME)];
        let known = name.split_once(';').map(|(name, _)| name);
        let known = known.and_then(|name| Some((name.len(), entities.get(name)?)));
        match known {
            Some((length, value)) if value.len() <= room => {
                out.push_str(value);
                room -= value.len();
                rest = &rest[length + 2..];
            }
            _ => {
                out.push('&');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// What stands between the brackets of the document type declaration, and where the brackets end.
fn internal_subset(text: &str) -> Option<(&str, usize)> {
    let head = &text[..text.floor_char_boundary(WINDOW)];
    let start = head.find("<!DOCTYPE")?;
    let open = start + text[start..].find(['[', '>'])?;
    if text.as_bytes()[open] == b'>' {
        return None;
    }
    let length = text[open..].find("]>")?;
    Some((&text[open + 1..open + length], open + length + 2))
}

fn entities(subset: &str) -> HashMap<&str, &str> {
    let declarations = subset.split("<!ENTITY").skip(1).take(MAX_ENTITIES);
    declarations
        .filter_map(|declaration| {
            let (name, rest) = declaration.trim_start().split_once(char::is_whitespace)?;
            let rest = rest.trim_start();
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, _) = rest[1..].split_once(quote)?;
            let harmless = value.len() <= MAX_VALUE && !value.contains(['<', '&', '%']);
            harmless.then_some((name, value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_put_in_and_everything_else_stays() {
        let document = "<!DOCTYPE rss [\n<!ENTITY id \"tag:a,\">\n<!ENTITY % p 'x'>\n<!ENTITY s SYSTEM 'file:///etc'>\n\
            <!ENTITY b '&id;&id;'>]><rss>&id;1 &s; &b; &amp; &</rss>";
        assert!(expanded(document).ends_with("<rss>tag:a,1 &s; &b; &amp; &</rss>"));
    }

    #[test]
    fn a_document_without_entities_is_not_copied() {
        for document in [
            "<rss>&id;</rss>",
            "<!DOCTYPE rss><rss>[<!ENTITY a 'b'>]></rss>",
        ] {
            assert!(matches!(expanded(document), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn many_references_do_not_make_a_document_large() {
        let references = "&a;".repeat(100_000);
        let document = format!(
            "<!DOCTYPE a [<!ENTITY a '{}'>]><a>{references}</a>",
            "x".repeat(200)
        );
        assert!(expanded(&document).len() <= document.len() + MAX_GROWTH);
    }
}
