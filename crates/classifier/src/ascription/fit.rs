//! Fits the attribution model to annotated articles.

mod training;

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::FxHashSet;

use super::cue;
use super::features::{Scene, Sums};
use super::reading::Reading;
use super::words::{Rates, Words};
use super::{BEGINS, CONTENT, GOES_ON, SOURCE};
use crate::analysis::Analysis;
use crate::grammar::Grammar;
use crate::text::Kind;
use crate::{Classifier, Language, RuleFiles, Text};
use training::{Chain, Plan};

/// An article and what people marked in it.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its text.
    pub text: String,
    /// Its attributions.
    pub attributions: Vec<Marked>,
}

/// An attribution as people marked it: pieces of each role in code points.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    /// Who.
    pub source: Vec<Range<usize>>,
    /// By which words.
    pub cue: Vec<Range<usize>>,
    /// What.
    pub content: Vec<Range<usize>>,
}

/// Words that count as themselves.
const COMMON: usize = 250;

/// The figures were chosen on a tenth of PolNeAR's train articles.
const CUES: Plan = Plan {
    least: 4,
    fits: 8,
    passes: 5,
    sparse: 25.0,
    small: 0.5,
};
const ROLES: Plan = Plan {
    least: 10,
    fits: 1,
    passes: 3,
    sparse: 20.0,
    small: 1.0,
};

/// A token less probable than this to be no cue is (part of) one.
const THRESHOLD: f64 = 0.7;

/// The files of `config/attribution/` that these examples give; `origin` says where they are from.
#[must_use]
pub fn fit(classifier: &Classifier, examples: &[Example], origin: &str) -> RuleFiles {
    let texts: Vec<Text> = examples
        .iter()
        .map(|example| Text {
            text: example.text.clone(),
            language: Some(Language::En),
            ..Text::default()
        })
        .collect();
    let analyses: Vec<Analysis<'_>> = texts
        .iter()
        .map(|text| classifier.analyse(text, classifier.read(text).0))
        .collect();
    let counts: Vec<Rates> = analyses
        .iter()
        .zip(examples)
        .map(|(analysis, example)| rates(analysis, &classifier.grammar, example))
        .collect();
    let words = Words {
        common: common(&analyses),
        rates: counts.iter().fold(Rates::default(), Rates::plus),
    };
    // What several people read is one article: none of them tells how the others' words are used.
    let mut by_text: HashMap<&str, Rates> = HashMap::new();
    for (example, counts) in examples.iter().zip(&counts) {
        let own = by_text.entry(&example.text).or_default();
        *own = std::mem::take(own).plus(counts);
    }
    let mut cues = Chain::default();
    let mut roles = Chain::default();
    for (analysis, example) in analyses.iter().zip(examples) {
        let own = &by_text[example.text.as_str()];
        let reading = Reading::without(analysis, &classifier.grammar, &words, own);
        let marked = Tokens::new(&reading, example);
        add_cues(&mut cues, &reading, &marked);
        add_roles(&mut roles, &reading, &marked);
    }
    let about = format!("# Fitted from {origin}.\n");
    let cues = cues.fit(CUES);
    let roles = roles.fit(ROLES);
    RuleFiles(
        [
            (
                "attribution/en.words.tsv",
                format!("{about}# stem, times in a cue, times in all; or word, common\n{words}"),
            ),
            (
                "attribution/en.cues.tsv",
                format!("{about}# feature, no cue, first word of a cue, further word\nthreshold\t{THRESHOLD}\n{cues}"),
            ),
            (
                "attribution/en.roles.tsv",
                format!("{about}# feature, neither, source, content\n{roles}"),
            ),
        ]
        .map(|(path, content)| (path.to_owned(), content))
        .into(),
    )
}

/// The words written small most often, and more often than with a capital.
fn common(analyses: &[Analysis<'_>]) -> FxHashSet<String> {
    let mut counts: HashMap<&str, (usize, usize)> = HashMap::new();
    for text in analyses.iter().map(|analysis| &analysis.text) {
        for at in (0..text.len()).filter(|&at| text.token(at).kind == Kind::Word) {
            let (small, capital) = counts.entry(text.word(at)).or_default();
            *(if text.is_capitalised(at) {
                capital
            } else {
                small
            }) += 1;
        }
    }
    let mut words: Vec<(&str, usize)> = counts
        .into_iter()
        .filter(|(word, (small, capital))| small > capital || *word == "i")
        .map(|(word, (small, capital))| (word, small + capital))
        .collect();
    words.sort_by_key(|&(word, count)| (std::cmp::Reverse(count), word));
    words
        .into_iter()
        .take(COMMON)
        .map(|(word, _)| word.to_owned())
        .collect()
}

/// How often each stem of an article is in a cue, and how often it occurs.
fn rates(analysis: &Analysis<'_>, grammar: &Grammar, example: &Example) -> Rates {
    let reading = Reading::new(analysis, grammar, &Words::default());
    let cued = Tokens::new(&reading, example).cued;
    let mut rates = Rates::default();
    for (at, is_cue) in cued.into_iter().enumerate() {
        rates.count(reading.stem(&(at..at + 1), at, 0), is_cue);
    }
    rates
}

/// What was marked, by tokens.
struct Tokens {
    /// The pieces of the source, the cue and the content of each attribution.
    attributions: Vec<[Vec<Range<usize>>; 3]>,
    /// Whether a token is in a cue.
    cued: Vec<bool>,
}

impl Tokens {
    fn new(reading: &Reading<'_>, example: &Example) -> Self {
        let length = reading.text.len();
        let starts: Vec<usize> = (0..length)
            .map(|at| reading.text.span(&(at..at + 1)).start as usize)
            .collect();
        let touched = |pieces: &[Range<usize>]| -> Vec<Range<usize>> {
            pieces
                .iter()
                .map(|piece| {
                    let first = starts.partition_point(|&start| start <= piece.start);
                    let end = starts.partition_point(|&start| start < piece.end);
                    first.saturating_sub(1)..end
                })
                .filter(|tokens| !tokens.is_empty())
                .collect()
        };
        let attributions: Vec<[Vec<Range<usize>>; 3]> = example
            .attributions
            .iter()
            .map(|one| [&one.source, &one.cue, &one.content].map(|pieces| touched(pieces)))
            .collect();
        let mut cued = vec![false; length];
        for piece in attributions.iter().flat_map(|[_, cue, _]| cue) {
            cued[piece.clone()].fill(true);
        }
        Self { attributions, cued }
    }
}

fn add_cues(chain: &mut Chain, reading: &Reading<'_>, marked: &Tokens) {
    let mut labels = vec![0; reading.text.len()];
    for piece in marked.attributions.iter().flat_map(|[_, cue, _]| cue) {
        labels[piece.clone()].fill(GOES_ON);
        labels[piece.start] = BEGINS;
    }
    for sentence in reading.sentences {
        for at in sentence.clone() {
            cue::features(reading, sentence, at, |name| {
                chain.feature(at - sentence.start, name);
            });
        }
        chain.end(&labels[sentence.clone()], |_| cue::STEP.to_owned());
    }
}

fn add_roles(chain: &mut Chain, reading: &Reading<'_>, marked: &Tokens) {
    for [source, cue, content] in &marked.attributions {
        let Some(cue) = cue.iter().max_by_key(|piece| piece.len()) else {
            continue;
        };
        let number = reading
            .sentences
            .partition_point(|sentence| sentence.end <= cue.start);
        let sentence = reading.sentences[number].clone();
        let cue = cue.start..cue.end.min(sentence.end);
        let mut labels = vec![0; sentence.len()];
        for (pieces, label) in [(content, CONTENT), (source, SOURCE)] {
            for at in pieces.iter().flat_map(Clone::clone) {
                if sentence.contains(&at) && !cue.contains(&at) {
                    labels[at - sentence.start] = label;
                }
            }
        }
        let sums = Sums::new(reading, &sentence, marked.cued[sentence.clone()].to_vec());
        let scene = Scene {
            reading,
            sums: &sums,
            cue,
        };
        scene.roles(|at, name| chain.feature(at - sentence.start, name));
        chain.end(&labels, |at| scene.step(sentence.start + at));
    }
}
