//! The jobs that people hold: *deputy director*, *народний депутат*.

use std::ops::Range;

use wire::entity::EntityType;

use super::Name;
use super::read::Reader;

/// Words that may open a job: *first deputy head*.
const JOB_OPENERS: usize = 3;

impl Reader<'_> {
    pub(super) fn jobs(&self, sentence: &Range<usize>) -> Vec<Name> {
        let mut found: Vec<Name> = Vec::new();
        let mut at = sentence.start;
        while at < sentence.end {
            let Some(mut end) = self.job(at, sentence.end) else {
                at += 1;
                continue;
            };
            let floor = found.last().map_or(sentence.start, |name| name.tokens.end);
            let mut start = at;
            while start > floor
                && at - start < JOB_OPENERS
                && self.shapes.job_openers.contains(self.text.word(start - 1))
            {
                start -= 1;
            }
            // *deputy head*: a job that is told by another one.
            while self
                .shapes
                .job_openers
                .contains(self.bare(self.text.word(end - 1)))
                && let Some(further) = (end < sentence.end)
                    .then(|| self.job(end, sentence.end))
                    .flatten()
            {
                end = further;
            }
            for phrase in &self.shapes.job_phrases {
                let from = start.saturating_sub(phrase.len()).max(floor);
                let here = (from..start).map(|at| self.text.word(at));
                if here.eq(phrase.iter().map(String::as_str)) {
                    start = from;
                    break;
                }
            }
            let tokens = start..end;
            let linked = self.linked(&tokens).any(|mention| mention.entry.is_some());
            if !linked {
                found.push(Name {
                    kind: EntityType::Role,
                    id: self.id(&tokens),
                    tokens,
                });
            }
            at = end;
        }
        found
    }

    /// A job without what is put before it in the same word.
    fn bare<'w>(&self, word: &'w str) -> &'w str {
        let mut prefixes = self.shapes.job_prefixes.iter();
        prefixes
            .find_map(|prefix| word.strip_prefix(prefix.as_str()))
            .unwrap_or(word)
    }

    /// The end of the job that begins at a token.
    fn job(&self, at: usize, limit: usize) -> Option<usize> {
        let word = self.text.word(at);
        let bare = self.bare(word);
        let rest = self
            .shapes
            .jobs
            .get(word)
            .or_else(|| self.shapes.jobs.get(bare));
        if let Some(rest) = rest {
            return rest.iter().find_map(|rest| {
                let words = rest.split(' ').filter(|word| !word.is_empty());
                let mut end = at + 1;
                for word in words {
                    if end >= limit || self.text.word(end) != word {
                        return None;
                    }
                    end += 1;
                }
                Some(end)
            });
        }
        let ends = |ending: &String| bare.ends_with(ending.as_str());
        (bare.chars().count() >= 7 && self.shapes.job_endings.iter().any(ends)).then_some(at + 1)
    }
}
