//! Markup to plain text: words in order, a line for each block, nothing invisible.

use super::entity;
use super::furniture::Unfurnished;
use super::repair::Repairs;
use super::scan::Piece;

/// Elements whose content is no text.
const UNSEEN: [&str; 7] = [
    "script", "style", "head", "template", "noscript", "iframe", "svg",
];

/// Elements that begin and end a line.
const BLOCKS: [&str; 33] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
    "caption",
];

/// The text of `html`, references resolved, blocks on lines of their own.
pub(super) fn of_html(html: &str) -> String {
    if !html.contains(['<', '&']) {
        return tidy(html);
    }
    let mut out = String::with_capacity(html.len());
    let mut repairs = Repairs::default();
    let mut unseen: Option<&str> = None;
    for piece in Unfurnished::new(html) {
        match piece {
            Piece::Start { name, empty, .. } if unseen.is_none() => {
                if !empty && is_any(name, &UNSEEN) {
                    unseen = Some(name);
                } else {
                    out.push_str(boundary(name));
                }
            }
            Piece::End(name) if unseen.is_some_and(|open| open.eq_ignore_ascii_case(name)) => {
                unseen = None;
            }
            Piece::End(name) if unseen.is_none() => out.push_str(boundary(name)),
            Piece::Text(text) if unseen.is_none() => {
                // A line break in HTML source is a blank; only elements break lines.
                let resolved = entity::resolve(text, &mut repairs);
                out.extend(
                    resolved
                        .chars()
                        .map(|c| if c == '\n' || c == '\r' { ' ' } else { c }),
                );
            }
            Piece::Cdata(text) if unseen.is_none() => out.push_str(text),
            _ => {}
        }
    }
    tidy(&out)
}

/// Plain text with blanks collapsed, line breaks kept once, and what cannot be seen left out:
/// control characters, directional overrides and isolates (UAX #9), soft hyphens, zero-width blanks.
pub(super) fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap: Option<char> = None;
    for c in text.chars() {
        match c {
            '\n' | '\u{2028}' | '\u{2029}' => gap = Some('\n'),
            c if c.is_whitespace() => gap = gap.or(Some(' ')),
            c if is_invisible(c) => {}
            c => {
                if let Some(gap) = gap.take()
                    && !out.is_empty()
                {
                    out.push(gap);
                }
                out.push(c);
            }
        }
    }
    out
}

/// The same on a single line: titles and names.
pub(super) fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{00AD}' | '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'
            | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}')
}

fn boundary(name: &str) -> &'static str {
    if is_any(name, &BLOCKS) {
        "\n"
    } else if is_any(name, &["td", "th", "option", "img"]) {
        " "
    } else {
        ""
    }
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_lines_of_text_in_order() {
        let html = "<p>One <b>two</b>,\nthree&nbsp;&mdash; four</p><script>x < 1</script><ul><li>a<li>b</ul>";
        assert_eq!(of_html(html), "One two, three — four\na\nb");
    }

    #[test]
    fn a_less_than_sign_in_running_text_stays() {
        assert_eq!(of_html("1 < 2 & 3 > 2"), "1 < 2 & 3 > 2");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        assert_eq!(tidy("a\u{202E}b\u{7}c\u{AD}d \u{200B} e"), "abcd e");
    }
}
