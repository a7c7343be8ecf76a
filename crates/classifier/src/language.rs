//! Which of the six languages a text is written in.

use rustc_hash::FxHashMap;
use wire::Language;

use crate::lexicon::Lexicon;
use crate::text::{Kind, Text};

/// Words that are read at most: the language of an item shows early.
const WORDS: usize = 400;
/// Weight of a letter that only one language has, against 1 for a function word.
const LETTER: f32 = 0.5;
/// Weight of a word that only looks like a verb of the language.
const VERB: f32 = 0.3;

/// What a word says for each language of [`Language::TAGGED`].
type Weights = [f32; Language::TAGGED.len()];

/// Tells languages by their words and letters.
#[derive(Debug)]
pub(crate) struct Detector {
    /// Of every word that the files list; what others say depends on their endings.
    listed: FxHashMap<String, Weights>,
}

impl Detector {
    pub(crate) fn new(lexicons: &FxHashMap<Language, Lexicon>) -> Self {
        let words = lexicons.values().flat_map(Lexicon::words);
        let weights = |word: &str| {
            weigh(word, lexicons, |lexicon| {
                if lexicon.function.contains(word) {
                    1.0
                } else if lexicon.form(word).is_some() {
                    VERB
                } else {
                    0.0
                }
            })
        };
        Self {
            listed: words.map(|word| (word.to_owned(), weights(word))).collect(),
        }
    }

    fn weights(&self, word: &str, lexicons: &FxHashMap<Language, Lexicon>) -> Weights {
        let listed = self.listed.get(word).copied();
        listed.unwrap_or_else(|| {
            weigh(word, lexicons, |lexicon| {
                lexicon.form_by_ending(word).map_or(0.0, |_| VERB)
            })
        })
    }
}

fn weigh(
    word: &str,
    lexicons: &FxHashMap<Language, Lexicon>,
    weight: impl Fn(&Lexicon) -> f32,
) -> Weights {
    let is_ascii = word.is_ascii();
    Language::TAGGED.map(|language| {
        // No word in these letters is one of theirs.
        if is_ascii && matches!(language, Language::Uk | Language::Ru) {
            return 0.0;
        }
        lexicons.get(&language).map_or(0.0, &weight)
    })
}

/// The language of `text`. `hint`, what the feed says of itself, wins only where the words leave
/// room for it; with neither it is `und`.
pub(crate) fn detect(
    text: &Text,
    detector: &Detector,
    lexicons: &FxHashMap<Language, Lexicon>,
    hint: Option<Language>,
) -> Language {
    let mut scores: Weights = Weights::default();
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
        let weights = detector.weights(word, lexicons);
        for (score, weight) in scores.iter_mut().zip(weights) {
            *score += weight;
        }
        if word.is_ascii() {
            latin += word.bytes().filter(u8::is_ascii_alphabetic).count() as u32;
            continue;
        }
        for char in word.chars() {
            if char.is_ascii_alphabetic() {
                latin += 1;
                continue;
            }
            if ('\u{400}'..='\u{4ff}').contains(&char) {
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
