//! HTML without advertisements, counters and buttons to share: what stands in them is no text of the item, and
//! changes when the item does not.

use super::scan::{self, Piece, Scanner};
use crate::volatile;

/// Elements that hold furniture.
const HOLDERS: [&str; 8] = ["div", "span", "p", "section", "aside", "ins", "ul", "table"];

/// The pieces of an HTML text, with the end tag alone of an element that is furniture.
pub(super) struct Unfurnished<'a> {
    html: &'a str,
    scanner: Scanner<'a>,
    /// Once an element was not closed, none is left out: it would take the rest of the text with it.
    broken: bool,
}

impl<'a> Unfurnished<'a> {
    pub(super) fn new(html: &'a str) -> Self {
        Self {
            html,
            scanner: Scanner::new(html),
            broken: false,
        }
    }
}

impl<'a> Iterator for Unfurnished<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let piece = self.scanner.next()?;
        let Piece::Start {
            name,
            attributes,
            empty: false,
        } = piece
        else {
            return Some(piece);
        };
        if self.broken || !is_furniture(name, attributes) {
            return Some(piece);
        }
        let rest = &self.html[self.scanner.offset()..];
        let Some(length) = length_to_end(rest, name) else {
            self.broken = true;
            return Some(piece);
        };
        self.html = &rest[length..];
        self.scanner = Scanner::new(self.html);
        Some(Piece::End(name))
    }
}

fn is_furniture(name: &str, attributes: &str) -> bool {
    !attributes.is_empty()
        && HOLDERS.iter().any(|it| it.eq_ignore_ascii_case(name))
        && scan::attributes(attributes).any(|(key, value)| {
            (key.eq_ignore_ascii_case("class") || key.eq_ignore_ascii_case("id"))
                && volatile::is_furniture(value)
        })
}

/// The bytes up to and with the end tag of an open element `name`, in which others of that name may stand.
fn length_to_end(rest: &str, name: &str) -> Option<usize> {
    let mut scanner = Scanner::new(rest);
    let mut open = 1;
    while let Some(piece) = scanner.next() {
        match piece {
            Piece::Start {
                name: inner,
                empty: false,
                ..
            } if inner.eq_ignore_ascii_case(name) => open += 1,
            Piece::End(inner) if inner.eq_ignore_ascii_case(name) => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(scanner.offset());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(html: &str) -> String {
        let pieces = Unfurnished::new(html);
        let text = pieces.filter_map(|piece| match piece {
            Piece::Text(text) => Some(text),
            _ => None,
        });
        text.collect()
    }

    #[test]
    fn advertisements_and_buttons_to_share_are_left_out() {
        let html = "<p>One.</p><div class='Ad-Slot x'><div>Buy <b>now</b></div> Sale</div><p id=lead>Two.</p>\
            <span class=feedflare>Share</span>";
        assert_eq!(text(html), "One.Two.");
    }

    #[test]
    fn an_advertisement_that_is_never_closed_does_not_take_the_text_with_it() {
        let html = "<div class=ad>One.</div><div class=ad>Two.<p>Three.</p>";
        assert_eq!(text(html), "Two.Three.");
    }
}
