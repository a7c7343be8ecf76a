//! Money, quantities and dates, normalised. The words and units are data: `config/values.toml`.

mod date;
mod scan;

use std::collections::HashMap;
use std::str::FromStr;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use toml::Spanned;
use wire::Language;
use wire::entity::{EntityType, Value};

use crate::wordset::Outline;
use scan::{Kind, Token};

/// Words of the longest phrase in the file.
const LONGEST_PHRASE: usize = 3;

/// A value in a text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Found {
    /// First byte.
    pub(crate) start: usize,
    /// One past the last byte.
    pub(crate) end: usize,
    pub(crate) kind: EntityType,
    /// Made of the value: `money:EUR:50000000000`.
    pub(crate) id: String,
    /// None for a date that the text alone does not place: *last year* of an unknown one.
    pub(crate) value: Option<Value>,
}

/// What the file says of one word or phrase.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Meaning {
    /// ISO 4217 code.
    Currency(String),
    /// Power of ten.
    Scale(u32),
    /// A measure that follows its number at once.
    Unit(String),
    /// A noun that may have one adjective before it.
    Counted(String),
    Numeral(u32),
    Month(i8),
    /// 1 is Monday.
    Weekday(i8),
    /// Days from the publication.
    Day(i64),
    /// Weeks from the publication.
    Week(i64),
    /// Years from that of the publication.
    Year(i16),
    /// Months from that of the publication.
    Months(i32),
    /// Stands before a date and keeps to a part of it: *end of*.
    Part(bool),
    /// Stands before a date that is the bound of a longer time: *during*.
    Lasting(bool),
    /// A unit of time, and what makes it a date: *three years ago*.
    Time(bool),
    Ago(bool),
    /// Stands after the number of a century or a decade.
    Era(bool),
    /// A time of the year.
    Season(bool),
    /// Has a full stop of its own, which is true also where a space stands between: *2012 р .*
    Short(bool),
    /// Stands before a year.
    BeforeYear(bool),
    /// Stands after a year.
    AfterYear(bool),
    /// Stands before a weekday to come.
    Next(bool),
    /// Stands directly after the number of a day.
    Ordinal(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    value: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    means: Meaning,
    /// Words of every language: symbols and codes.
    #[serde(default)]
    all: Vec<String>,
    words: Option<Spanned<HashMap<String, Vec<String>>>>,
}

/// What phrases mean in one language.
#[derive(Debug, Default)]
struct Words {
    phrases: FxHashMap<String, Vec<Meaning>>,
    /// The most words of a phrase that begins with this one: nearly no word of a text begins any.
    begins: FxHashMap<String, usize>,
    openers: Outline,
}

impl Words {
    fn learn(&mut self, phrases: &[String], means: &Meaning) {
        for phrase in phrases {
            let phrase = phrase.to_lowercase();
            let words = phrase.split(' ').count();
            let first = phrase.split(' ').next().unwrap_or_default();
            let longest = self.begins.entry(first.to_owned()).or_default();
            *longest = words.max(*longest);
            self.openers.add(first);
            self.phrases.entry(phrase).or_default().push(means.clone());
        }
    }
}

/// The grammar of values in six languages.
#[derive(Debug)]
pub(crate) struct Grammar {
    languages: HashMap<Language, Words>,
}

impl Grammar {
    /// The grammar that `config/values.toml` holds; else the line that is wrong, from 1, and why.
    pub(crate) fn new(toml: &str) -> Result<Self, (usize, String)> {
        let line = |at: usize| toml[..at.min(toml.len())].matches('\n').count() + 1;
        let file: File = toml::from_str(toml).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            (line(at), error.message().replace('\n', " "))
        })?;
        let mut languages: HashMap<Language, Words> = Language::TAGGED
            .into_iter()
            .map(|language| (language, Words::default()))
            .collect();
        for Entry { means, all, words } in file.value {
            for words in languages.values_mut() {
                words.learn(&all, &means);
            }
            let Some(words) = words else { continue };
            let at = words.span().start;
            for (code, phrases) in words.into_inner() {
                let language = Language::from_str(&code).map_err(|what| (line(at), what))?;
                if let Some(long) = phrases
                    .iter()
                    .find(|phrase| phrase.split(' ').count() > LONGEST_PHRASE)
                {
                    return Err((
                        line(at),
                        format!("`{long}` is longer than {LONGEST_PHRASE} words"),
                    ));
                }
                languages
                    .entry(language)
                    .or_default()
                    .learn(&phrases, &means);
            }
        }
        Ok(Self { languages })
    }

    /// The values in `text`, in order, none overlapping, the longest reading at each place. A date that
    /// needs the publication to be placed is left out where `published` is none; days are those of UTC.
    pub(crate) fn find(
        &self,
        text: &str,
        language: Language,
        published: Option<Timestamp>,
    ) -> Vec<Found> {
        let Some(words) = self.languages.get(&language) else {
            return Vec::new();
        };
        let reader = Reader {
            tokens: scan::tokens(text, language),
            words,
            english: language == Language::En,
            today: published.map(|at| jiff::tz::Offset::UTC.to_datetime(at).date()),
        };
        let mut found = Vec::new();
        let mut at = 0;
        while at < reader.tokens.len() {
            if !reader.begins_value(at) {
                at += 1;
                continue;
            }
            let readings = [reader.money(at), reader.quantity(at), reader.date(at)];
            let longest = readings
                .into_iter()
                .flatten()
                .max_by_key(|reading| reading.end);
            let Some(Reading { mut end, value, id }) = longest else {
                at += 1;
                continue;
            };
            if reader.is_short(end) {
                end += 1;
            }
            let (kind, id) = match (&value, id) {
                (Some(value), None) => identify(value),
                (_, id) => (EntityType::Date, id.unwrap_or_default()),
            };
            found.push(Found {
                start: reader.tokens[at].start,
                end: reader.tokens[end - 1].end,
                kind,
                id,
                value,
            });
            at = end;
        }
        found
    }
}

fn identify(value: &Value) -> (EntityType, String) {
    match value {
        Value::Money { amount, currency } => {
            (EntityType::Money, format!("money:{currency}:{amount}"))
        }
        Value::Date { start, end } if start == end => (EntityType::Date, format!("date:{start}")),
        Value::Date { start, end } => (EntityType::Date, format!("date:{start}/{end}")),
        Value::Quantity { value, unit } => {
            (EntityType::Quantity, format!("quantity:{value}:{unit}"))
        }
    }
}

/// A value and the token after it.
struct Reading {
    end: usize,
    value: Option<Value>,
    /// For a date that the text alone does not place.
    id: Option<String>,
}

/// One text's tokens and its language's words.
struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    words: &'a Words,
    english: bool,
    today: Option<jiff::civil::Date>,
}

impl Reader<'_> {
    /// Whether anything at `at` could be read as a value: a figure, or a word that the file lists.
    fn begins_value(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        matches!(token.kind, Kind::Number(_) | Kind::Iso)
            || self.words.openers.may_hold(&token.text)
                && self.words.begins.contains_key(token.text.as_ref())
    }

    /// The longest phrase at `at` with a meaning that `pick` wants, and the token after it.
    fn phrase<T>(&self, at: usize, pick: impl Fn(&Meaning) -> Option<T>) -> Option<(T, usize)> {
        let first = self.tokens.get(at)?;
        let longest = *self.words.begins.get(first.text.as_ref())?;
        (1..=longest.min(self.tokens.len() - at))
            .rev()
            .find_map(|length| {
                let meanings = if length == 1 {
                    self.words.phrases.get(first.text.as_ref())
                } else {
                    let tokens = self.tokens[at..at + length].iter();
                    let joined: Vec<&str> = tokens.map(|token| token.text.as_ref()).collect();
                    self.words.phrases.get(&joined.join(" "))
                };
                Some((meanings?.iter().find_map(&pick)?, at + length))
            })
    }

    /// A number with its scale, as a plain decimal, and the token after it.
    fn amount(&self, at: usize) -> Option<(String, usize)> {
        let token = self.tokens.get(at)?;
        let (number, mut end) = match &token.kind {
            Kind::Number(number) => (number.clone(), at + 1),
            Kind::Word => self.phrase(at, |means| match means {
                Meaning::Numeral(number) => Some(number.to_string()),
                _ => None,
            })?,
            _ => return None,
        };
        let scale = self.phrase(end, |means| match means {
            Meaning::Scale(power) => Some(*power),
            _ => None,
        });
        let Some((power, after)) = scale else {
            return Some((number, end));
        };
        end = after;
        // The full stop of an abbreviation: *Mrd. Euro*.
        if self.tokens.get(end).is_some_and(|token| token.text == ".")
            && self
                .tokens
                .get(end + 1)
                .is_some_and(|token| token.kind == Kind::Word)
        {
            end += 1;
        }
        Some((scan::shifted(&number, power), end))
    }

    /// Whether the token at `end` is the full stop of the abbreviation before it.
    fn is_short(&self, end: usize) -> bool {
        let apart = self.phrase(end - 1, |means| match means {
            Meaning::Short(apart) => Some(*apart),
            _ => None,
        });
        let stop = self.tokens.get(end).filter(|token| token.text == ".");
        stop.zip(apart)
            .is_some_and(|(stop, (apart, _))| stop.glued || apart)
    }

    fn is(&self, at: usize, wanted: &Meaning) -> Option<usize> {
        let found = self.phrase(at, |means| (means == wanted).then_some(()));
        found.map(|((), end)| end)
    }

    fn currency(&self, at: usize) -> Option<(String, usize)> {
        self.phrase(at, |means| match means {
            Meaning::Currency(code) => Some(code.clone()),
            _ => None,
        })
    }

    fn money(&self, at: usize) -> Option<Reading> {
        let (amount, currency, end) = if let Some((currency, next)) = self.currency(at) {
            let (amount, mut end) = self.amount(next)?;
            if self.tokens[end - 1].text == "." {
                end -= 1;
            }
            (amount, currency, end)
        } else {
            let (amount, next) = self.amount(at)?;
            let (currency, end) = self.currency(next)?;
            (amount, currency, end)
        };
        Some(Reading {
            end,
            value: Some(Value::Money { amount, currency }),
            id: None,
        })
    }

    fn quantity(&self, at: usize) -> Option<Reading> {
        let (value, next) = self.amount(at)?;
        let unit = self.phrase(next, |means| match means {
            Meaning::Unit(unit) | Meaning::Counted(unit) => Some(unit.clone()),
            _ => None,
        });
        let after_adjective = || {
            let adjective = self.tokens.get(next)?;
            if adjective.kind != Kind::Word || adjective.glued {
                return None;
            }
            self.phrase(next + 1, |means| match means {
                Meaning::Counted(unit) => Some(unit.clone()),
                _ => None,
            })
        };
        let (unit, end) = unit.or_else(after_adjective)?;
        Some(Reading {
            end,
            value: Some(Value::Quantity { value, unit }),
            id: None,
        })
    }
}

#[cfg(test)]
mod tests;
