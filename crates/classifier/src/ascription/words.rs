//! How words are used: those that count as themselves, and how often the others are cues.

use std::fmt;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::files::{File, RuleError};

/// The words of one language.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    /// Words that count as themselves where they surround another.
    pub(crate) common: FxHashSet<String>,
    pub(crate) rates: Rates,
}

/// How often stems are (part of) a cue, and how often they occur.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates(FxHashMap<String, [u32; 2]>);

impl Words {
    /// Lines of a stem, how often it is a cue and how often it occurs; or of a word and `common`.
    /// Columns end at tabs, `# ` opens a comment.
    pub(crate) fn new(file: File<'_>) -> Result<Self, RuleError> {
        let mut words = Self::default();
        for (number, line) in file.content.lines().enumerate() {
            if line.is_empty() || line.starts_with("# ") {
                continue;
            }
            words.read(line).ok_or_else(|| RuleError {
                file: file.path.to_owned(),
                line: number + 1,
                what: "neither a stem with two counts nor a common word".to_owned(),
            })?;
        }
        Ok(words)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (word, rest) = line.split_once('\t')?;
        if rest == "common" {
            self.common.insert(word.to_owned());
        } else {
            let (cue, all) = rest.split_once('\t')?;
            let counts = [cue.parse().ok()?, all.parse().ok()?];
            self.rates.0.insert(word.to_owned(), counts);
        }
        Some(())
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut common: Vec<&String> = self.common.iter().collect();
        common.sort();
        for word in common {
            writeln!(f, "{word}\tcommon")?;
        }
        let mut stems: Vec<(&String, &[u32; 2])> = self
            .rates
            .0
            .iter()
            .filter(|(_, counts)| counts[1] > 2)
            .collect();
        stems.sort();
        for (stem, [cue, all]) in stems {
            writeln!(f, "{stem}\t{cue}\t{all}")?;
        }
        Ok(())
    }
}

impl Rates {
    pub(crate) fn count(&mut self, stem: &str, is_cue: bool) {
        let counts = self.0.entry(stem.to_owned()).or_default();
        counts[0] += u32::from(is_cue);
        counts[1] += 1;
    }

    pub(crate) fn plus(mut self, more: &Self) -> Self {
        for (stem, counts) in &more.0 {
            let sum = self.0.entry(stem.clone()).or_default();
            sum[0] += counts[0];
            sum[1] += counts[1];
        }
        self
    }

    /// How often a stem is a cue, in words, what was counted in `own` left out.
    pub(crate) fn rate(&self, stem: &str, own: &Self) -> &'static str {
        let [cue, all] = self.0.get(stem).copied().unwrap_or_default();
        let [own_cue, own_all] = own.0.get(stem).copied().unwrap_or_default();
        let (cue, all) = (cue.saturating_sub(own_cue), all.saturating_sub(own_all));
        if all < 3 {
            return "new";
        }
        match 100 * cue / all {
            0 if all > 50 => "never",
            0 => "0",
            1..=4 => "1",
            5..=9 => "5",
            10..=19 => "10",
            20..=34 => "20",
            35..=49 => "35",
            50..=64 => "50",
            65..=79 => "65",
            _ => "80",
        }
    }
}
