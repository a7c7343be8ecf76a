//! Markup to plain text: words in order, a line for each block, nothing invisible.

use super::entity;
use super::furniture::Unfurnished;
use super::repair::Repairs;
use super::scan::Piece;

/// Elements whose content is no text.
const UNSEEN: [&str; 7] = [
    "script", "style", "head", "template", "noscript", "iframe", "svg",
];

/// Elements that begin and end a line of their own.
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
pub(super) fn of_html(html: &str, repairs: &mut Repairs) -> String {
    let mut text = Plain::with_capacity(html.len());
    if !html.contains(['<', '&']) {
        text.push(html, repairs);
        return text.out;
    }
    text.line_breaks = false;
    let mut unseen: Option<&str> = None;
    for piece in Unfurnished::new(html) {
        match piece {
            Piece::Start { name, empty, .. } if unseen.is_none() => {
                if !empty && is_any(name, &UNSEEN) {
                    unseen = Some(name);
                } else {
                    text.part(boundary(name));
                }
            }
            Piece::End(name) if unseen.is_some_and(|open| open.eq_ignore_ascii_case(name)) => {
                unseen = None;
            }
            Piece::End(name) if unseen.is_none() => text.part(boundary(name)),
            Piece::Text(characters) if unseen.is_none() => {
                // What is wrong with the references of a field says nothing about the document.
                for part in entity::parts(characters, &mut Repairs::default()) {
                    text.push(&part, repairs);
                }
            }
            Piece::Cdata(characters) if unseen.is_none() => text.push(characters, repairs),
            _ => {}
        }
    }
    text.out
}

/// Plain text with blanks collapsed, line breaks kept once, and what cannot be seen left out:
/// control characters, directional overrides and isolates (UAX #9), soft hyphens, zero-width blanks.
pub(super) fn tidy(text: &str, repairs: &mut Repairs) -> String {
    let mut plain = Plain::with_capacity(text.len());
    plain.push(text, repairs);
    plain.out
}

/// The same on a single line: titles and names.
pub(super) fn one_line(mut text: String) -> String {
    if text.contains('\n') {
        text = text.replace('\n', " ");
    }
    text
}

/// Text as it is put together.
struct Plain {
    out: String,
    /// The blank that goes before the next character.
    gap: Option<char>,
    /// Whether a line break is one: in HTML source it is a blank.
    line_breaks: bool,
}

impl Plain {
    fn with_capacity(bytes: usize) -> Self {
        Self {
            out: String::with_capacity(bytes),
            gap: None,
            line_breaks: true,
        }
    }

    /// Sets what comes apart from what came before.
    fn part(&mut self, boundary: Option<char>) {
        match boundary {
            Some('\n') => self.gap = boundary,
            _ => self.gap = self.gap.or(boundary),
        }
    }

    fn push(&mut self, text: &str, repairs: &mut Repairs) {
        let mut rest = text;
        while !rest.is_empty() {
            let plain = plain_prefix(rest);
            if plain > 0 {
                self.push_plain(&rest[..plain]);
                rest = &rest[plain..];
            }
            let mut characters = rest.chars();
            let Some(c) = characters.next() else {
                return;
            };
            rest = characters.as_str();
            match c {
                '\n' | '\r' if !self.line_breaks => self.part(Some(' ')),
                '\n' | '\u{2028}' | '\u{2029}' => self.part(Some('\n')),
                c if c.is_whitespace() => self.part(Some(' ')),
                // What stands here was windows-1252 before somebody took it for Latin-1.
                '\u{80}'..='\u{9F}' if let Some(meant) = entity::of_windows_1252(c) => {
                    self.push_plain(meant.encode_utf8(&mut [0; 4]));
                }
                c if is_invisible(c) => repairs.drop_character(c),
                c => self.push_plain(c.encode_utf8(&mut [0; 4])),
            }
        }
    }

    fn push_plain(&mut self, text: &str) {
        if let Some(gap) = self.gap.take()
            && !self.out.is_empty()
        {
            self.out.push(gap);
        }
        self.out.push_str(text);
    }
}

/// How many bytes at the beginning of `text` are words with single blanks between them: what can be taken
/// over as it stands.
fn plain_prefix(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    loop {
        at += bytes[at..]
            .iter()
            .position(|byte| !IS_PLAIN[usize::from(*byte)])
            .unwrap_or(bytes.len() - at);
        let single_blank = at > 0
            && bytes.get(at) == Some(&b' ')
            && bytes
                .get(at + 1)
                .is_some_and(|next| IS_PLAIN[usize::from(*next)]);
        if !single_blank {
            return at;
        }
        at += 1;
    }
}

/// Bytes that belong to characters which are neither blank nor invisible, whatever follows. The others begin
/// characters that have to be looked at: ASCII controls and blanks, and the lead bytes of U+0080..U+00BF,
/// U+0600..U+063F, U+1000..U+3FFF and U+F000..U+FFFF.
const IS_PLAIN: [bool; 256] = {
    let mut plain = [true; 256];
    let mut byte = 0;
    while byte <= b' ' {
        plain[byte as usize] = false;
        byte += 1;
    }
    plain[0x7F] = false;
    let leads = [0xC2, 0xD8, 0xE1, 0xE2, 0xE3, 0xEF];
    let mut at = 0;
    while at < leads.len() {
        plain[leads[at]] = false;
        at += 1;
    }
    plain
};

fn is_invisible(c: char) -> bool {
    c.is_control()
        || is_directional(c)
        || matches!(
            c,
            '\u{00AD}'
                | '\u{061C}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2060}'
                | '\u{FEFF}'
                | '\u{FFFE}'
                | '\u{FFFF}'
        )
}

/// Embeddings, overrides and isolates, which make text look other than it reads (UAX #9 §2).
pub(super) fn is_directional(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn boundary(name: &str) -> Option<char> {
    if is_any(name, &BLOCKS) {
        Some('\n')
    } else if is_any(name, &["td", "th", "option", "img"]) {
        Some(' ')
    } else {
        None
    }
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn html(html: &str) -> String {
        of_html(html, &mut Repairs::default())
    }

    #[test]
    fn markup_becomes_lines_of_text_in_order() {
        let source = "<p>One <b>two</b>,\nthree&nbsp;&mdash; four</p><script>x < 1</script><ul><li>a<li>b</ul>";
        assert_eq!(html(source), "One two, three — four\na\nb");
    }

    #[test]
    fn a_less_than_sign_in_running_text_stays() {
        assert_eq!(html("1 < 2 & 3 > 2"), "1 < 2 & 3 > 2");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out_and_counted() {
        let mut repairs = Repairs::default();
        let text = tidy(
            "  a\u{202E}b\u{7}c\u{AD}d \u{200B} e\u{A0}\u{3000}\tf \r\n g",
            &mut repairs,
        );
        assert_eq!(text, "abcd e f\ng");
        assert_eq!(
            repairs.names(),
            ["directional-characters", "control-characters"]
        );
        assert_eq!(repairs.dropped_characters(), 4);
    }

    #[test]
    fn latin_1_that_was_windows_1252_is_read_as_meant() {
        assert_eq!(html("don\u{92}t \u{93}a\u{94} \u{81}b"), "don’t “a” b");
    }

    #[test]
    fn joiners_that_shape_words_and_emoji_stay() {
        let text = "می\u{200C}خواهم 👩\u{200D}🚀";
        assert_eq!(html(text), text);
    }
}
