//! Which of the six languages a text is written in.

use std::collections::HashMap;

use wire::Language;

use crate::lexicon::Lexicon;
use crate::text::{Kind, Text};

/// Words that are read at most: the language of an item shows early.
const WORDS: usize = 400;
/// Weight of a letter that only one language has, against 1 for a function word.
const LETTER: f32 = 0.5;
/// Weight of a word that only looks like a verb of the language.
const VERB: f32 = 0.3;

/// The language of `text`. `hint`, what the feed says of itself, wins only where the words leave
/// room for it; with neither it is `und`.
pub(crate) fn detect(
    text: &Text,
    lexicons: &HashMap<Language, Lexicon>,
    hint: Option<Language>,
) -> Language {
    let mut scores = [0.0_f32; 6];
    let mut cyrillic = 0_u32;
    let mut latin = 0_u32;
    let mut words = 0_u32;
    let mut has_ukrainian = false;
    for at in (0..text.len())
        .filter(|&at| text.token(at).kind == Kind::Word)
        .take(WORDS)
    {
        let word = text.word(at);
        words += 1;
        let is_ascii = word.is_ascii();
        for (score, language) in scores.iter_mut().zip(Language::TAGGED) {
            // No word in these letters is one of theirs.
            if is_ascii && matches!(language, Language::Uk | Language::Ru) {
                continue;
            }
            if let Some(lexicon) = lexicons.get(&language) {
                if lexicon.function.contains(word) {
                    *score += 1.0;
                } else if lexicon.form(word).is_some() {
                    *score += VERB;
                }
            }
        }
        for char in word.chars() {
            if char.is_ascii_alphabetic() {
                latin += 1;
            } else if ('\u{400}'..='\u{4ff}').contains(&char) {
                cyrillic += 1;
            }
            has_ukrainian |= matches!(char, 'і' | 'ї' | 'є' | 'ґ');
            if let Some(language) = letter(char) {
                scores[language] += LETTER;
            }
        }
    }
    // Ukrainian can hardly go long without the letters that Russian lacks.
    if !has_ukrainian {
        scores[2] += match cyrillic {
            0..12 => 0.0,
            12..30 => 0.25,
            _ => 1.0,
        };
    }
    let is_cyrillic = cyrillic > latin;
    let allowed = |language: Language| {
        matches!(language, Language::Uk | Language::Ru) == is_cyrillic && cyrillic + latin > 0
    };
    let mut best = (Language::Und, 0.0);
    for (score, language) in scores.into_iter().zip(Language::TAGGED) {
        let favour = if hint == Some(language) { 1.0 } else { 0.0 };
        if allowed(language) && score + favour > best.1 {
            best = (language, score + favour);
        }
    }
    // A few words of one of the six in a text of another language prove nothing.
    let enough = words.min(40) as f32 * 0.04;
    let hinted = hint.is_some_and(|hint| hint == best.0);
    if best.1 >= enough.max(if hinted { 0.0 } else { 0.25 }) {
        best.0
    } else {
        Language::Und
    }
}

/// The place in [`Language::TAGGED`] of the one language that has this letter.
fn letter(char: char) -> Option<usize> {
    Some(match char {
        'і' | 'ї' | 'є' | 'ґ' => 1,
        'ы' | 'э' | 'ъ' => 2,
        'ß' | 'ä' | 'ö' | 'ü' => 3,
        'è' | 'ê' | 'ç' | 'à' | 'ù' | 'œ' | 'î' | 'û' => 4,
        'ł' | 'ą' | 'ę' | 'ż' | 'ś' | 'ź' | 'ń' | 'ć' => 5,
        _ => return None,
    })
}
