//! An item's plain text as tokens and sentences, with the way back to code points.
//!
//! Everything inside the classifier counts bytes and tokens; [`Text::span`] turns them into the
//! code points that records carry.

use std::ops::Range;

use wire::claim::Span;

/// A longer run of letters is cut into tokens of this many, so that no single word costs more
/// than linear time.
const LONGEST_TOKEN: usize = 64;
/// Bytes between two marks of the code point index.
const MARK_BYTES: usize = 32;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, with digits, inner hyphens and apostrophes: `F-16s`, `47-ма`, `U.S.`.
    Word,
    /// Digits with inner points and commas: `5.56`, `1,000`.
    Number,
    /// Any other mark.
    Punct,
    /// A quotation mark.
    Quote,
}

/// A word, number or mark, by bytes of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where its folded form stands in [`Text::folded`].
    pub(crate) folded: usize,
    pub(crate) kind: Kind,
    /// Line breaks since the token before.
    pub(crate) breaks: u8,
}

/// A text with its tokens.
#[derive(Debug)]
pub(crate) struct Text {
    /// Title, two line breaks and body; the body alone without a title.
    pub(crate) text: String,
    /// Every token's folded form, one space between.
    pub(crate) folded: String,
    /// Where the title ends, in bytes; 0 without one.
    pub(crate) title_end: usize,
    tokens: Vec<Token>,
    marks: Vec<u32>,
}

impl Text {
    pub(crate) fn new(title: Option<&str>, body: &str) -> Self {
        let title = title.unwrap_or_default();
        let (text, title_end) = if title.is_empty() {
            (body.to_owned(), 0)
        } else {
            (format!("{title}\n\n{body}"), title.len())
        };
        let marks = marks(&text);
        let mut built = Self {
            folded: String::with_capacity(text.len() + text.len() / 4),
            title_end,
            tokens: Vec::with_capacity(text.len() / 5),
            marks,
            text,
        };
        built.tokenise();
        built
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    pub(crate) fn token(&self, at: usize) -> Token {
        self.tokens[at]
    }

    /// The folded form of a token; empty past the end.
    pub(crate) fn word(&self, at: usize) -> &str {
        let Some(token) = self.tokens.get(at) else {
            return "";
        };
        // A space stands before every token but the first.
        let end = self
            .tokens
            .get(at + 1)
            .map_or(self.folded.len(), |next| next.folded.saturating_sub(1));
        &self.folded[token.folded..end.max(token.folded)]
    }

    /// The folded forms of a range of tokens, a space between.
    pub(crate) fn words(&self, tokens: &Range<usize>) -> &str {
        if tokens.is_empty() {
            return "";
        }
        let last = self.word(tokens.end - 1);
        &self.folded
            [self.tokens[tokens.start].folded..self.tokens[tokens.end - 1].folded + last.len()]
    }

    /// The token as it stands.
    pub(crate) fn surface(&self, at: usize) -> &str {
        &self.text[self.tokens[at].start..self.tokens[at].end]
    }

    pub(crate) fn is_capitalised(&self, at: usize) -> bool {
        at < self.len()
            && self
                .surface(at)
                .chars()
                .next()
                .is_some_and(char::is_uppercase)
    }

    pub(crate) fn is_wordlike(&self, at: usize) -> bool {
        at < self.len() && matches!(self.tokens[at].kind, Kind::Word | Kind::Number)
    }

    /// Bytes of a range of tokens.
    pub(crate) fn bytes(&self, tokens: &Range<usize>) -> Range<usize> {
        if tokens.is_empty() {
            let at = self
                .tokens
                .get(tokens.start)
                .map_or(self.text.len(), |token| token.start);
            return at..at;
        }
        self.tokens[tokens.start].start..self.tokens[tokens.end - 1].end
    }

    /// The tokens that a range of bytes touches.
    pub(crate) fn tokens_in(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self
            .tokens
            .partition_point(|token| token.end <= bytes.start);
        let end = self.tokens.partition_point(|token| token.start < bytes.end);
        start..end.max(start)
    }

    /// The code points of a range of tokens.
    pub(crate) fn span(&self, tokens: &Range<usize>) -> Span {
        self.span_of_bytes(&self.bytes(tokens))
    }

    /// The code points of a range of bytes.
    pub(crate) fn span_of_bytes(&self, bytes: &Range<usize>) -> Span {
        Span {
            start: self.code_point(bytes.start),
            end: self.code_point(bytes.end),
        }
    }

    fn code_point(&self, byte: usize) -> u32 {
        let mark = byte / MARK_BYTES;
        let rest = &self.text.as_bytes()[mark * MARK_BYTES..byte];
        self.marks[mark] + count(rest)
    }

    /// Where byte `at` of [`Text::folded`] stands in the text.
    pub(crate) fn unfold(&self, at: usize) -> usize {
        let index = self
            .tokens
            .partition_point(|token| token.folded <= at)
            .saturating_sub(1);
        let Some(token) = self.tokens.get(index) else {
            return self.text.len();
        };
        let mut folded = token.folded;
        for (offset, char) in self.text[token.start..token.end].char_indices() {
            if folded >= at {
                return token.start + offset;
            }
            folded += fold_char(char).map_or(0, char::len_utf8);
        }
        token.end
    }

    fn push(&mut self, start: usize, end: usize, kind: Kind, breaks: u8) {
        if !self.folded.is_empty() {
            self.folded.push(' ');
        }
        let folded = self.folded.len();
        let surface = &self.text[start..end];
        // Most words, at a fraction of the cost.
        if surface.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            self.folded.push_str(surface);
            self.folded[folded..].make_ascii_lowercase();
        } else {
            self.folded.extend(surface.chars().filter_map(fold_char));
        }
        self.tokens.push(Token {
            start,
            end,
            folded,
            kind,
            breaks,
        });
    }

    fn tokenise(&mut self) {
        let text = std::mem::take(&mut self.text);
        let mut found = Vec::with_capacity(text.len() / 5);
        let mut at = 0;
        let mut breaks = 0_u8;
        while let Some(char) = text[at..].chars().next() {
            if char.is_whitespace() || is_invisible(char) {
                breaks = breaks.saturating_add(u8::from(char == '\n'));
                at += char.len_utf8();
                continue;
            }
            let (end, kind) = token_at(&text, at, char);
            found.push((at, end, kind, breaks));
            breaks = 0;
            at = end;
        }
        self.text = text;
        for (start, end, kind, breaks) in found {
            self.push(start, end, kind, breaks);
        }
    }
}

/// The end and kind of the token that begins at `at` with `first`.
fn token_at(text: &str, at: usize, first: char) -> (usize, Kind) {
    if !first.is_alphanumeric() {
        let end = at + first.len_utf8();
        if is_apostrophe(first)
            && let Some(length) = possessive(&text[end..])
        {
            return (end + length, Kind::Word);
        }
        let kind = if is_quote(first) {
            Kind::Quote
        } else {
            Kind::Punct
        };
        return (end, kind);
    }
    if let Some(plain) = plain(&text.as_bytes()[at..]) {
        return (at + plain, Kind::Word);
    }
    if let Some(end) = dotted(&text[at..]) {
        return (at + end, Kind::Word);
    }
    let mut end = at;
    let mut letters = 0;
    let mut has_letter = false;
    let mut chars = text[at..].char_indices().peekable();
    while let Some((offset, char)) = chars.next() {
        if letters == LONGEST_TOKEN {
            break;
        }
        let next = chars.peek().map(|&(_, next)| next);
        let inner = next.is_some_and(char::is_alphanumeric);
        let goes_on = char.is_alphanumeric()
            || is_mark(char)
            || (matches!(char, '-' | '‑') && inner)
            || (matches!(char, '.' | ',')
                && !has_letter
                && next.is_some_and(|c| c.is_ascii_digit()));
        if is_apostrophe(char) && inner {
            let after = &text[at + offset + char.len_utf8()..];
            if possessive(after).is_some() {
                break;
            }
            if is_elided(&text[at..at + offset]) {
                end = at + offset + char.len_utf8();
                break;
            }
        } else if !goes_on {
            break;
        }
        has_letter |= char.is_alphabetic();
        letters += 1;
        end = at + offset + char.len_utf8();
    }
    let kind = if has_letter { Kind::Word } else { Kind::Number };
    (end.max(at + first.len_utf8()), kind)
}

/// The length of a run of ASCII letters that what follows cannot go on: most words, at a fraction of the cost.
fn plain(bytes: &[u8]) -> Option<usize> {
    let run = bytes.iter().take_while(|byte| byte.is_ascii_alphabetic());
    let length = run.take(LONGEST_TOKEN).count();
    let ends = match bytes.get(length) {
        None | Some(b' ' | b'\n' | b',' | b':' | b';' | b'?' | b'!' | b')' | b'"') => true,
        // One letter before a point may open an initialism.
        Some(b'.') => length > 1,
        Some(_) => false,
    };
    (length > 0 && ends).then_some(length)
}

/// `s` after an apostrophe, when nothing else belongs to the word: `NATO` + `'s`.
fn possessive(after: &str) -> Option<usize> {
    let mut chars = after.chars();
    let first = chars.next()?;
    let closed = !chars.next().is_some_and(char::is_alphanumeric);
    (matches!(first, 's' | 'S') && closed).then_some(1)
}

/// French articles and pronouns that lose their vowel: `l'OTAN`, `n'a`.
fn is_elided(before: &str) -> bool {
    const ELIDED: [&str; 14] = [
        "l", "d", "n", "s", "j", "m", "t", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu",
        "quelqu",
    ];
    before.len() <= 6 && ELIDED.contains(&before.to_lowercase().as_str())
}

/// The length of an initialism with points: `U.S.`, `z.B.`, `т.д.`.
fn dotted(text: &str) -> Option<usize> {
    let mut end = 0;
    let mut parts = 0;
    let mut chars = text.chars();
    while let (Some(letter), Some('.')) = (chars.next(), chars.next()) {
        if !letter.is_alphabetic() {
            break;
        }
        parts += 1;
        end += letter.len_utf8() + 1;
        if parts == 8 {
            break;
        }
    }
    (parts >= 2).then_some(end)
}

/// A string as tokens are compared: lower case, one kind of apostrophe, `ё` as `е`, no stress marks.
pub(crate) fn fold(text: &str) -> String {
    text.chars().filter_map(fold_char).collect()
}

fn fold_char(char: char) -> Option<char> {
    if is_mark(char) || is_invisible(char) {
        return None;
    }
    Some(match char {
        '’' | '‘' | 'ʼ' | '`' | '´' => '\'',
        '‑' => '-',
        'ё' | 'Ё' => 'е',
        other => other.to_lowercase().next().unwrap_or(other),
    })
}

fn is_mark(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}' | '\u{ad}')
}

fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

pub(crate) fn is_apostrophe(char: char) -> bool {
    matches!(char, '\'' | '’' | 'ʼ' | '`' | '´')
}

fn is_quote(char: char) -> bool {
    matches!(
        char,
        '"' | '“'
            | '”'
            | '„'
            | '‟'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '‘'
            | '’'
            | '‚'
            | '\''
            | '〝'
            | '〞'
            | '＂'
    )
}

/// Code points before every [`MARK_BYTES`]th byte.
fn marks(text: &str) -> Vec<u32> {
    let mut total = 0;
    let mut marks = Vec::with_capacity(text.len() / MARK_BYTES + 1);
    marks.push(0);
    for chunk in text.as_bytes().chunks(MARK_BYTES) {
        total += count(chunk);
        marks.push(total);
    }
    marks
}

/// Code points that begin in `bytes`: all but the continuation bytes of UTF-8.
fn count(bytes: &[u8]) -> u32 {
    let starts = bytes.iter().filter(|&&byte| byte & 0xc0 != 0x80).count();
    u32::try_from(starts).unwrap_or(u32::MAX)
}
