//! Words, numbers and signs, with the number forms of each language.

use std::borrow::Cow;

use wire::Language;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    /// A plain decimal.
    Number(String),
    /// `2024-07-09`.
    Iso,
    Sign,
}

/// A stretch of the text.
#[derive(Clone, Debug)]
pub(super) struct Token<'a> {
    pub(super) start: usize,
    pub(super) end: usize,
    /// In lower case.
    pub(super) text: Cow<'a, str>,
    pub(super) kind: Kind,
    /// Stands directly after the token before it.
    pub(super) glued: bool,
}

/// The tokens of `text`. Digits that belong to a name (`F-16`, `Shahed-136`, `T72`) or to a range are words.
pub(super) fn tokens(text: &str, language: Language) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(text.len() / 5);
    let mut at = 0;
    while let Some(char) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        let (length, kind) = if char.is_whitespace() {
            at += char.len_utf8();
            continue;
        } else if char.is_ascii_digit() {
            digits(rest, language)
        } else if char.is_alphabetic() {
            (name(rest), Kind::Word)
        } else {
            (char.len_utf8(), Kind::Sign)
        };
        at += length;
        let glued = tokens.last().is_some_and(|last| last.end == start);
        tokens.push(Token {
            start,
            end: at,
            text: lower(&text[start..at]),
            kind,
            glued,
        });
    }
    tokens
}

/// In lower case, with one kind of apostrophe.
fn lower(word: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if word.bytes().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase().replace(['’', 'ʼ'], "'"))
    }
}

/// Bytes of a word: letters, and the digits, hyphens and apostrophes inside it.
fn name(rest: &str) -> usize {
    // Most words, at a fraction of the cost.
    let bytes = rest.as_bytes();
    let plain = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric());
    let plain = plain.count();
    if matches!(bytes.get(plain), None | Some(b' ' | b'.' | b',' | b'\n')) {
        return plain;
    }
    let mut end = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, char)) = chars.next() {
        let joins = matches!(char, '-' | '‑' | '\'' | '’' | 'ʼ')
            && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !char.is_alphanumeric() && !joins && !is_mark(char) {
            break;
        }
        end = at + char.len_utf8();
    }
    end
}

/// A combining accent, as decomposed Unicode has it.
fn is_mark(char: char) -> bool {
    matches!(char, '\u{300}'..='\u{36f}')
}

fn digits(rest: &str, language: Language) -> (usize, Kind) {
    let bytes = rest.as_bytes();
    if is_iso(bytes) {
        return (10, Kind::Iso);
    }
    let run = |from: usize| {
        bytes[from..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count()
    };
    let mut end = run(0);
    let mut number = rest[..end].to_owned();
    if end <= 3 {
        let mut separator = None;
        while let Some(char) = rest[end..].chars().next() {
            let from = end + char.len_utf8();
            let groups = is_group(char, language) && separator.is_none_or(|first| first == char);
            if !groups || run(from) != 3 {
                break;
            }
            separator = Some(char);
            number.push_str(&rest[from..from + 3]);
            end = from + 3;
        }
    }
    if let Some(char) = rest[end..].chars().next()
        && is_decimal(char, language)
        && (1..=6).contains(&run(end + 1))
    {
        let after = end + 1 + run(end + 1);
        number.push('.');
        number.push_str(&rest[end + 1..after]);
        end = after;
    }
    // A date in figures, a range or a version is no number of its own.
    let mut tail = rest[end..].chars();
    let joined = matches!(tail.next(), Some('-' | '–' | '‑' | '.' | ',' | '/' | ':'))
        && tail.next().is_some_and(|next| next.is_ascii_digit());
    if joined {
        let all = rest
            .find(|char: char| !(char.is_ascii_digit() || "-–‑.,/:".contains(char)))
            .unwrap_or(rest.len());
        return (all, Kind::Sign);
    }
    (end, Kind::Number(plain(&number)))
}

fn is_iso(bytes: &[u8]) -> bool {
    let shape = b"0000-00-00";
    bytes.len() >= 10
        && bytes.iter().zip(shape).all(|(byte, like)| match like {
            b'-' => *byte == b'-',
            _ => byte.is_ascii_digit(),
        })
        && !bytes.get(10).is_some_and(u8::is_ascii_digit)
}

fn is_group(char: char, language: Language) -> bool {
    match char {
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => true,
        ',' => language == Language::En,
        '.' => language == Language::De,
        _ => false,
    }
}

/// Elsewhere than in German the point serves beside the comma, because wires copy English figures.
fn is_decimal(char: char, language: Language) -> bool {
    match char {
        '.' => language != Language::De,
        ',' => language != Language::En,
        _ => false,
    }
}

/// Without zeros that say nothing.
fn plain(number: &str) -> String {
    let number = match number.split_once('.') {
        Some(_) => number.trim_end_matches('0').trim_end_matches('.'),
        None => number,
    };
    let whole = number.trim_start_matches('0');
    if whole.is_empty() || whole.starts_with('.') {
        format!("0{whole}")
    } else {
        whole.to_owned()
    }
}

/// `number` times ten to the `power`.
pub(super) fn shifted(number: &str, power: u32) -> String {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut figures = whole.to_owned();
    let mut fraction = fraction.chars();
    for _ in 0..power {
        figures.push(fraction.next().unwrap_or('0'));
    }
    plain(&format!("{figures}.{}", fraction.as_str()))
}
