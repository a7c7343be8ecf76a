//! Names with a stem mark, and the forms that `config/inflection.toml` gives them.

use std::collections::HashMap;

use serde::Deserialize;

use crate::files::{RuleError, RuleFiles};

/// Forms that one name may expand to.
const MOST_FORMS: usize = 64;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    paradigm: Vec<Listed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    language: String,
    ending: String,
    #[serde(default)]
    name: Option<String>,
    forms: Vec<String>,
}

/// The paradigms by language and nominative ending, and by name.
#[derive(Debug, Default)]
pub(crate) struct Inflection {
    by_ending: HashMap<(String, String), Vec<String>>,
    by_name: HashMap<(String, String), Vec<String>>,
}

impl Inflection {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let file: File = files.one("inflection.toml").parse()?;
        let mut built = Self::default();
        for paradigm in file.paradigm {
            let Listed {
                language,
                ending,
                name,
                forms,
            } = paradigm;
            match name {
                Some(name) => built.by_name.insert((language, name), forms),
                None => built.by_ending.insert((language, ending), forms),
            };
        }
        Ok(built)
    }

    /// Every form of `name`, at most 64, or what is wrong with it.
    pub(crate) fn expand(&self, language: &str, name: &str) -> Result<Vec<String>, String> {
        let mut forms = vec![String::new()];
        for word in name.split(' ') {
            let choices = self.word(language, word)?;
            let mut next = Vec::new();
            for form in &forms {
                for choice in &choices {
                    if next.len() < MOST_FORMS {
                        let space = if form.is_empty() { "" } else { " " };
                        next.push(format!("{form}{space}{choice}"));
                    }
                }
            }
            forms = next;
        }
        Ok(forms)
    }

    fn word(&self, language: &str, word: &str) -> Result<Vec<String>, String> {
        let Some((stem, rest)) = word.split_once('|') else {
            return Ok(vec![word.to_owned()]);
        };
        let (ending, named) = match rest.split_once("|:").or_else(|| rest.split_once(':')) {
            Some((ending, name)) => (ending, Some(name)),
            None => (rest, None),
        };
        let forms = match named {
            Some(name) => self.by_name.get(&(language.to_owned(), name.to_owned())),
            None => self
                .by_ending
                .get(&(language.to_owned(), ending.to_owned())),
        };
        let forms = forms.ok_or_else(|| {
            format!(
                "`{word}`: inflection.toml has no paradigm `{}` for {language}",
                named.unwrap_or(ending)
            )
        })?;
        let mut all: Vec<String> = forms.iter().map(|form| format!("{stem}{form}")).collect();
        let nominative = format!("{stem}{ending}");
        if !all.contains(&nominative) {
            all.push(nominative);
        }
        Ok(all)
    }
}
