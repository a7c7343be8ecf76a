//! The rule files and what is said when one is wrong.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::de::DeserializeOwned;

/// Rule files by path under `config/`, such as `cues/en.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFiles(pub BTreeMap<String, String>);

/// A rule file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("config/{file}:{line}: {what}")]
pub struct RuleError {
    /// The file, by its path under `config/`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub what: String,
}

macro_rules! builtin {
    ($($path:literal),* $(,)?) => {
        [$(($path, include_str!(concat!("../../../config/", $path)))),*]
    };
}

impl RuleFiles {
    /// The files that the program was built with: everything under `config/` that holds rules.
    #[must_use]
    pub fn builtin() -> Self {
        let files = builtin![
            "attribution/en.cues.tsv",
            "attribution/en.roles.tsv",
            "attribution/en.words.tsv",
            "cues/de.toml",
            "cues/en.toml",
            "cues/fr.toml",
            "cues/guards.toml",
            "cues/pl.toml",
            "cues/ru.toml",
            "cues/uk.toml",
            "cues/verbs.de.toml",
            "cues/verbs.en.toml",
            "cues/verbs.fr.toml",
            "cues/verbs.pl.toml",
            "cues/verbs.ru.toml",
            "cues/verbs.uk.toml",
            "entities/demonyms.toml",
            "entities/documents.toml",
            "entities/events.toml",
            "entities/nato.toml",
            "entities/organisations.toml",
            "entities/persons.toml",
            "entities/places.toml",
            "entities/references.toml",
            "entities/roles.toml",
            "entities/weapons.toml",
            "factuality/en.toml",
            "factuality/en.weights.tsv",
            "grammar/en.toml",
            "inflection.toml",
            "names/de.toml",
            "names/en.toml",
            "names/fr.toml",
            "names/pl.toml",
            "names/ru.toml",
            "names/uk.toml",
            "relevance.toml",
            "text/de.toml",
            "text/en.toml",
            "text/fr.toml",
            "text/pl.toml",
            "text/ru.toml",
            "text/uk.toml",
            "values.toml",
        ];
        Self(
            files
                .into_iter()
                .map(|(path, content)| (path.to_owned(), content.to_owned()))
                .collect(),
        )
    }

    /// The files under a folder, in order of their names.
    pub(crate) fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = File<'a>> {
        self.0
            .iter()
            .filter(move |(path, _)| path.starts_with(folder))
            .map(|(path, content)| File { path, content })
    }

    /// One file; an absent one is empty.
    pub(crate) fn one<'a>(&'a self, path: &'a str) -> File<'a> {
        File {
            path,
            content: self.0.get(path).map_or("", String::as_str),
        }
    }

    /// The same files give the same digest on every machine.
    pub(crate) fn digest(&self) -> String {
        let parts: Vec<&str> = self
            .0
            .iter()
            .flat_map(|(path, content)| [path.as_str(), content.as_str()])
            .collect();
        wire::id::digest(&parts)
    }
}

/// One rule file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct File<'a> {
    pub(crate) path: &'a str,
    pub(crate) content: &'a str,
}

impl File<'_> {
    pub(crate) fn parse<T: DeserializeOwned>(self) -> Result<T, RuleError> {
        toml::from_str(self.content).map_err(|error| {
            let at = error.span().unwrap_or_default();
            self.error(&at, error.message().replace('\n', " "))
        })
    }

    /// An error about the bytes `at` of this file.
    pub(crate) fn error(self, at: &Range<usize>, what: impl Into<String>) -> RuleError {
        let before = &self.content.as_bytes()[..at.start.min(self.content.len())];
        RuleError {
            file: self.path.to_owned(),
            line: before.iter().filter(|&&byte| byte == b'\n').count() + 1,
            what: what.into(),
        }
    }
}
