//! Markup in pieces, whatever its state: a scanner that never fails.
//!
//! Real feeds are often not XML: an end tag is missing, a `<` stands in running text, a quote is
//! not closed, the connection broke half-way. An XML reader stops there. This one gives every byte
//! of the input to exactly one piece and says what was wrong, so that one bad field costs one field.

/// A piece of markup; offsets are bytes into the scanned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Characters outside any tag, references unresolved.
    Text(&'a str),
    /// The inside of a CDATA section.
    Cdata(&'a str),
    /// A start tag, or an empty element.
    Start {
        name: &'a str,
        attributes: &'a str,
        empty: bool,
    },
    /// An end tag.
    End(&'a str),
    /// A comment, a processing instruction or a document type declaration.
    Aside(&'a str),
}

/// Something that a well-formed document does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// The text ends inside a tag, a comment or a CDATA section.
    CutOff,
    /// A `<` that begins nothing.
    StrayLessThan,
    /// An attribute value whose quote is not closed.
    UnclosedQuote,
}

/// Bytes after a `<` in an attribute's value in which the end of the value is looked for.
const MAX_VALUE: usize = 1024;

/// Iterates over the pieces of a text.
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    flaw: Option<Flaw>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            flaw: None,
        }
    }

    /// Where the next piece begins.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// What was wrong with the last piece, if anything was.
    pub(super) fn take_flaw(&mut self) -> Option<Flaw> {
        self.flaw.take()
    }

    /// The piece that runs up to the end of `close`, without `open` and `close`.
    fn bracketed(&mut self, open: usize, close: &str) -> &'a str {
        let rest = &self.text[self.at..];
        let Some(length) = rest[open..].find(close) else {
            self.flaw = Some(Flaw::CutOff);
            self.at = self.text.len();
            return &rest[open..];
        };
        self.at += open + length + close.len();
        &rest[open..open + length]
    }

    fn text_from(&mut self, searched: usize) -> Piece<'a> {
        let rest = &self.text[self.at..];
        let length = rest[searched..]
            .find('<')
            .map_or(rest.len(), |at| searched + at);
        self.at += length;
        Piece::Text(&rest[..length])
    }

    fn start_tag(&mut self) -> Piece<'a> {
        let rest = &self.text[self.at..];
        if let Some(next) = lone_less_than(rest) {
            self.flaw = Some(Flaw::StrayLessThan);
            self.at += next;
            return Piece::Text(&rest[..next]);
        }
        let Some(length) = self.tag_length(rest) else {
            self.flaw = Some(Flaw::CutOff);
            self.at = self.text.len();
            return Piece::Aside(rest);
        };
        self.at += length + 1;
        let inside = &rest[1..length];
        let empty = inside.ends_with('/');
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        let end = inside
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(inside.len());
        Piece::Start {
            name: &inside[..end],
            attributes: &inside[end..],
            empty,
        }
    }

    /// The distance from a tag's `<` to its `>`, which may stand inside a quoted value.
    fn tag_length(&mut self, tag: &str) -> Option<usize> {
        let mut quote = None;
        for (at, byte) in tag.bytes().enumerate().skip(1) {
            match (quote, byte) {
                (None, b'>') => return Some(at),
                // Only after `=` does a quote open a value: names do hold apostrophes in broken feeds.
                (None, b'"' | b'\'') if tag[..at].trim_ascii_end().ends_with('=') => {
                    quote = Some(byte);
                }
                (Some(open), byte) if open == byte => quote = None,
                // HTML allows it in a value, where a quote that ends the value follows.
                (Some(open), b'<') if !ends_value(&tag[at..], open) => {
                    self.flaw = Some(Flaw::UnclosedQuote);
                    return tag.find('>');
                }
                _ => {}
            }
        }
        quote.and_then(|_| tag.find('>'))
    }

    fn declaration(&mut self) -> Piece<'a> {
        let rest = &self.text[self.at..];
        let close = rest.find('>').unwrap_or(rest.len());
        // An internal subset holds declarations of its own and ends in `]>`.
        let subset = rest[..close].contains('[');
        Piece::Aside(self.bracketed(2, if subset { "]>" } else { ">" }))
    }
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = &self.text[self.at..];
        let bytes = rest.as_bytes();
        if *bytes.first()? != b'<' {
            return Some(self.text_from(0));
        }
        Some(if rest.starts_with("<!--") {
            Piece::Aside(self.bracketed(4, "-->"))
        } else if rest.starts_with("<![CDATA[") {
            Piece::Cdata(self.bracketed(9, "]]>"))
        } else if rest.starts_with("<?") {
            Piece::Aside(self.bracketed(2, "?>"))
        } else if rest.starts_with("<!") {
            self.declaration()
        } else if rest.starts_with("</") {
            Piece::End(self.bracketed(2, ">").trim_ascii())
        } else if bytes
            .get(1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        {
            self.start_tag()
        } else {
            self.flaw = Some(if bytes.len() == 1 {
                Flaw::CutOff
            } else {
                Flaw::StrayLessThan
            });
            self.text_from(1)
        })
    }
}

/// Whether the next quote in `rest` is followed by what can follow a value: a blank, or the end of the tag.
fn ends_value(rest: &str, quote: u8) -> bool {
    let near = &rest.as_bytes()[..rest.len().min(MAX_VALUE)];
    let end = near.iter().position(|byte| *byte == quote);
    let next = end.and_then(|end| near.get(end + 1));
    next.is_some_and(|next| next.is_ascii_whitespace() || matches!(next, b'>' | b'/'))
}

/// Where the next `<` stands, if the one that `tag` begins with meets it before a quote or a `>`.
fn lone_less_than(tag: &str) -> Option<usize> {
    let at = tag[1..].find(['<', '>', '"', '\''])? + 1;
    (tag.as_bytes()[at] == b'<').then_some(at)
}

/// The name and the raw value of every attribute in a start tag, in order.
pub(super) fn attributes(mut raw: &str) -> impl Iterator<Item = (&str, &str)> {
    std::iter::from_fn(move || {
        raw = raw.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/');
        if raw.is_empty() {
            return None;
        }
        let name_end = raw
            .char_indices()
            .skip(1)
            .find(|(_, c)| c.is_ascii_whitespace() || *c == '=')
            .map_or(raw.len(), |(at, _)| at);
        let name = &raw[..name_end];
        let after = raw[name_end..].trim_ascii_start();
        let Some(value) = after.strip_prefix('=') else {
            raw = after;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, rest) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => value[1..]
                .split_once(char::from(*quote))
                .unwrap_or((&value[1..], "")),
            _ => value
                .split_once(|c: char| c.is_ascii_whitespace())
                .unwrap_or((value, "")),
        };
        raw = rest;
        Some((name, value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_piece_is_told_apart() {
        let text = "<?xml?><!DOCTYPE a [<!ENTITY b 'c>'>]><a b='>' c=d><![CDATA[<x>]]>1 < 2<br/><!-- > --></a>";
        let pieces: Vec<_> = Scanner::new(text).collect();
        assert_eq!(
            pieces,
            [
                Piece::Aside("xml"),
                Piece::Aside("DOCTYPE a [<!ENTITY b 'c>'>"),
                Piece::Start {
                    name: "a",
                    attributes: " b='>' c=d",
                    empty: false
                },
                Piece::Cdata("<x>"),
                Piece::Text("1 "),
                Piece::Text("< 2"),
                Piece::Start {
                    name: "br",
                    attributes: "",
                    empty: true
                },
                Piece::Aside(" > "),
                Piece::End("a"),
            ]
        );
    }

    #[test]
    fn attributes_are_read_in_every_quoting() {
        let read: Vec<_> = attributes(" a=\"1 2\" b = '3' c=4 d").collect();
        assert_eq!(read, [("a", "1 2"), ("b", "3"), ("c", "4"), ("d", "")]);
    }

    #[test]
    fn a_value_may_hold_markup_and_a_quote_that_is_not_closed_ends_with_its_tag() {
        let count = |text| Scanner::new(text).count();
        assert_eq!(count("<img alt='a<br/>b' src='c'>"), 1);
        assert_eq!(count("<a href='c>text</a><b class='d'>"), 4);
    }

    #[test]
    fn a_text_that_ends_inside_a_tag_is_cut_off() {
        let mut scanner = Scanner::new("<a href='x");
        assert!(scanner.next().is_some());
        assert_eq!(scanner.take_flaw(), Some(Flaw::CutOff));
        assert_eq!(scanner.next(), None);
    }
}
