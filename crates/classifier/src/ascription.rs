//! Attribution in its wide sense: whatever a text lays at somebody's door, said, thought, wanted or felt.
//!
//! The claims rest on [`crate::attribution`], whose rules know verbs of reporting alone. This finds the long
//! tail as well, *is critical of*, *the poll showed*, *plans to*, by two chains of labels: which words are a
//! cue, and which words of its sentence are the source and the content of each cue. Their weights are
//! fitted by `make fit` and stand in `config/attribution/`.

mod chain;
mod cue;
mod features;
pub(crate) mod fit;
mod quotation;
mod reading;
mod words;

use std::ops::Range;

use wire::claim::Attribution;

use crate::analysis::Analysis;
use crate::attribution;
use crate::claim;
use crate::files::{RuleError, RuleFiles};
use crate::grammar::Grammar;
use crate::source;
use chain::{Row, Step, Weights};
use features::{Scene, Sums};
use reading::Reading;
use words::Words;

/// An attribution in the wide sense, by tokens.
#[derive(Clone, Debug)]
pub(crate) struct Ascribed {
    /// Empty where the text names nobody.
    pub(crate) source: Range<usize>,
    pub(crate) cue: Range<usize>,
    pub(crate) content: Range<usize>,
}

/// What was learned of one language.
#[derive(Debug, Default)]
pub(crate) struct Model {
    words: Words,
    cues: Weights,
    roles: Weights,
}

/// Labels of the chain of cues: the first word of one, a further one.
const BEGINS: usize = 1;
const GOES_ON: usize = 2;
/// Labels of the chain of roles.
const SOURCE: usize = 1;
const CONTENT: usize = 2;

impl Ascribed {
    /// As it leaves the crate.
    pub(crate) fn attribution(&self, analysis: &Analysis<'_>) -> Attribution {
        let mention = attribution::named(analysis, &self.source);
        let (class, entity) = source::of(analysis, mention, &self.source, &self.content, None);
        claim::attribution_of(
            analysis,
            [&self.source, &self.cue, &self.content],
            class,
            entity,
        )
    }
}

impl Model {
    pub(crate) fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        Ok(Self {
            words: Words::new(files.one("attribution/en.words.tsv"))?,
            cues: Weights::new(files.one("attribution/en.cues.tsv"))?,
            roles: Weights::new(files.one("attribution/en.roles.tsv"))?,
        })
    }

    /// The attributions of a text, in order of their cues.
    pub(crate) fn find(&self, analysis: &Analysis<'_>, grammar: &Grammar) -> Vec<Ascribed> {
        let reading = Reading::new(analysis, grammar, &self.words);
        let mut found = Vec::new();
        for sentence in &analysis.sentences {
            let cues = self.cues_of(&reading, sentence);
            let mut cued = vec![false; sentence.len()];
            for at in cues.iter().flat_map(Clone::clone) {
                cued[at - sentence.start] = true;
            }
            let sums = Sums::new(&reading, sentence, cued);
            for cue in cues {
                let scene = Scene {
                    reading: &reading,
                    sums: &sums,
                    cue,
                };
                found.push(self.roles_of(sentence, &scene));
            }
        }
        quotation::extend(&reading, &mut found);
        found
    }

    fn cues_of(&self, reading: &Reading<'_>, sentence: &Range<usize>) -> Vec<Range<usize>> {
        let scores: Vec<Row> = sentence
            .clone()
            .map(|at| {
                let mut row = Row::default();
                cue::features(reading, sentence, at, |name| self.cues.add(name, &mut row));
                row
            })
            .collect();
        let steps = vec![self.cues.step(cue::STEP); scores.len().saturating_sub(1)];
        let mut cues: Vec<Range<usize>> = Vec::new();
        for (at, row) in sentence
            .clone()
            .zip(chain::marginals(&scores, &steps).labels)
        {
            if row[0] > self.cues.threshold {
                continue;
            }
            match cues.last_mut() {
                Some(last) if last.end == at && row[GOES_ON] >= row[BEGINS] => last.end += 1,
                _ => cues.push(at..at + 1),
            }
        }
        cues
    }

    fn roles_of(&self, bounds: &Range<usize>, scene: &Scene<'_>) -> Ascribed {
        let mut scores = vec![Row::default(); bounds.len()];
        scene.roles(|at, name| self.roles.add(name, &mut scores[at - bounds.start]));
        let steps: Vec<Step> = (bounds.start + 1..bounds.end)
            .map(|at| self.roles.step(&scene.step(at)))
            .collect();
        let labels = chain::marginals(&scores, &steps).labels;
        let role = |label: usize| -> Range<usize> {
            let mine = |at: &usize| {
                let row = &labels[at - bounds.start];
                !scene.cue.contains(at) && row[label] > row[0] && row[label] > row[3 - label]
            };
            let first = bounds.clone().find(mine);
            let last = bounds.clone().rev().find(mine);
            first
                .zip(last)
                .map_or(scene.cue.start..scene.cue.start, |(first, last)| {
                    first..last + 1
                })
        };
        Ascribed {
            source: role(SOURCE),
            content: role(CONTENT),
            cue: scene.cue.clone(),
        }
    }
}
