//! A TOML text and what is said when something in it is wrong.

use std::ops::Range;
use std::path::Path;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::ConfigError;

/// A TOML text under the name that errors give it.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// The file as the operator named it.
    pub(crate) name: String,
    text: String,
    /// Where its lines end.
    ends: Vec<usize>,
}

impl Source {
    /// A text that is already at hand.
    pub(crate) fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        let ends = text.match_indices('\n').map(|(end, _)| end).collect();
        Self {
            name: name.into(),
            text,
            ends,
        }
    }

    /// The text of a file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        match std::fs::read_to_string(path) {
            Ok(text) => Ok(Self::new(path.display().to_string(), text)),
            Err(error) => Err(ConfigError(format!(
                "{} cannot be read: {error}",
                path.display()
            ))),
        }
    }

    /// The value that the text holds, or one line that names the file, the line and the key.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        toml::from_str(&self.text).map_err(|error| {
            let at = error.span().unwrap_or_default();
            let line = self.line_text(&at);
            let key = line.split_once('=').map_or("", |(key, _)| key.trim());
            let what = explain(error.message(), key, &self.section(&at));
            self.error(&at, what)
        })
    }

    /// The text as a table without types.
    pub(crate) fn table(&self) -> Result<toml::Table, ConfigError> {
        self.parse()
    }

    /// An error about the bytes `at`.
    pub(crate) fn error(&self, at: &Range<usize>, what: impl std::fmt::Display) -> ConfigError {
        ConfigError(format!("{}:{}: {what}", self.name, self.line(at)))
    }

    /// An error about a key of a section; without a line when the text does not hold it.
    pub(crate) fn error_at(
        &self,
        section: &str,
        key: &str,
        what: impl std::fmt::Display,
    ) -> ConfigError {
        match self.key_span(section, key) {
            Some(at) => self.error(&at, what),
            None => ConfigError(format!("{}: {what}", self.name)),
        }
    }

    /// Where a key of a section stands.
    pub(crate) fn key_span(&self, section: &str, key: &str) -> Option<Range<usize>> {
        self.span(&[section, key])
    }

    /// Where the value stands that keys lead to, from the outermost inwards.
    pub(crate) fn span(&self, path: &[&str]) -> Option<Range<usize>> {
        let root = DeTable::parse(&self.text).ok()?;
        let (first, rest) = path.split_first()?;
        let mut value = root.get_ref().get(*first)?;
        for key in rest {
            value = value.get_ref().get(*key)?;
        }
        Some(value.span())
    }

    /// The line that bytes stand on, from 1.
    pub(crate) fn line(&self, at: &Range<usize>) -> usize {
        self.ends.partition_point(|end| *end < at.start) + 1
    }

    fn line_text(&self, at: &Range<usize>) -> &str {
        self.text.lines().nth(self.line(at) - 1).unwrap_or_default()
    }

    /// The header that bytes stand under, such as `[log]`; empty at the top.
    fn section(&self, at: &Range<usize>) -> String {
        let headers = self.text.lines().take(self.line(at));
        let header = headers.filter(|line| line.trim_start().starts_with('['));
        let header = header.last().unwrap_or_default();
        header
            .rfind(']')
            .map_or("", |end| header[..=end].trim())
            .to_owned()
    }
}

/// serde's words for what is wrong, in words for the person who wrote the file.
pub(crate) fn explain(message: &str, key: &str, section: &str) -> String {
    let place = match section {
        "" => String::new(),
        section => format!(" in {section}"),
    };
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    if let [unknown, valid @ ..] = quoted.as_slice() {
        if message.starts_with("unknown field") && section.trim_matches(['[', ']']) == *unknown {
            return format!("unknown section {section}; {}", suggest(unknown, valid));
        }
        if message.starts_with("unknown field") {
            return format!(
                "unknown key \"{unknown}\"{place}; {}",
                suggest(unknown, valid)
            );
        }
        if message.starts_with("unknown variant") {
            let valid = suggest(unknown, valid);
            return format!("{key} cannot be \"{unknown}\"{place}; {valid}");
        }
        if message.starts_with("missing field") {
            return format!("the key \"{unknown}\" is missing{place}");
        }
    }
    let message = message
        .lines()
        .collect::<Vec<_>>()
        .join(", ")
        .replace("expected u16", "expected a whole number")
        .replace("expected u32", "expected a whole number")
        .replace("expected a boolean", "expected true or false");
    match key {
        "" => message,
        key => format!("{key}{place}: {message}"),
    }
}

/// The nearest of `valid`, or all of them where none is near.
pub(crate) fn suggest(unknown: &str, valid: &[&str]) -> String {
    match nearest(unknown, valid.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("it can be {}", valid.join(", ")),
    }
}

/// The word that was probably meant.
pub(crate) fn nearest<'a>(word: &str, valid: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    valid
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len() / 3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
