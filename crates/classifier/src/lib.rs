//! Language, entities, attribution and claim status of one item: pure, synchronous, deterministic.
//!
//! The rules are data under `config/`; this crate reads a text once and asks them. The stages, each
//! a module, in the order in which a text meets them: `text`, `language`, `sentence`, `mention`
//! (with `dictionary` and `inflection`), `relevance`, `cue` (with `pattern`), `attribution`, `source`,
//! `facts`, `rule`, `factuality`, `claim`, `rollup`; and for every clause of an English text `grammar`, `predicate`,
//! `features`, `commitment`, `clause`.

mod analysis;
mod ascription;
mod attribution;
mod catalogue;
mod claim;
mod clause;
mod commitment;
mod cue;
mod dictionary;
mod explain;
mod facts;
mod factuality;
mod features;
mod files;
mod grammar;
mod inflection;
mod language;
mod lexicon;
mod mention;
mod names;
mod pattern;
mod predicate;
mod reference;
mod relevance;
mod rollup;
mod rule;
mod sentence;
mod source;
pub mod story;
mod text;
mod values;
mod wordset;

use std::collections::HashMap;
use std::ops::Range;

use jiff::Timestamp;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use wire::claim::Reliability;
use wire::entity::EntityType;
use wire::tagged::{Clause, Relevance};
use wire::{Claim, Entity, Language, Revision, Tagged};

use crate::analysis::Analysis;
use crate::ascription::Model;
use crate::commitment::Commitment;
use crate::cue::Cues;
use crate::dictionary::Dictionary;
use crate::language::Detector;
use crate::lexicon::Lexicon;
use crate::mention::Mention;
use crate::names::Shapes;
use crate::relevance::Weights;
use crate::values::Grammar;

pub use crate::ascription::fit::{Example, Marked, fit};
pub use crate::catalogue::{Catalogue, Entry, Written};
pub use crate::clause::Observed;
pub use crate::explain::{Candidate, Cue, Explanation, Row, Trace};
pub use crate::files::{RuleError, RuleFiles};

/// A document to tag; as JSON, a line of `claimwire tag`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The document's id, given back as it is.
    pub id: String,
    /// Its headline.
    #[serde(default)]
    pub title: Option<String>,
    /// Its body as plain text; may be a whole article.
    #[serde(default)]
    pub text: String,
    /// What its publisher says it is written in.
    #[serde(default, alias = "lang")]
    pub language: Option<Language>,
    /// When it was published, which relative dates and offices are read by.
    #[serde(default)]
    pub published: Option<Timestamp>,
    /// True when the text was cut off.
    #[serde(default)]
    pub truncated: bool,
    /// How the operator grades its source.
    #[serde(default)]
    pub reliability: Option<Reliability>,
}

impl From<&Revision> for Text {
    fn from(revision: &Revision) -> Self {
        Self {
            id: revision.item.0.clone(),
            title: Some(revision.title.clone()).filter(|title| !title.is_empty()),
            text: revision.text.clone(),
            language: Some(revision.source.language),
            published: revision.published,
            truncated: revision.truncated,
            reliability: revision.source.admiralty,
        }
    }
}

/// How much of a text is analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Claims of texts about NATO or Ukraine.
    Relevant,
    /// Claims, clauses and attributions of any text.
    All,
}

/// The compiled rules. Built once, shared by threads.
#[derive(Debug)]
pub struct Classifier {
    digest: String,
    lexicons: FxHashMap<Language, Lexicon>,
    detector: Detector,
    dictionary: Dictionary,
    cues: Cues,
    weights: Weights,
    values: Grammar,
    names: HashMap<Language, Shapes>,
    grammar: grammar::Grammar,
    commitment: Commitment,
    /// Of English alone.
    ascriptions: Model,
}

impl Classifier {
    /// The classifier of these rules.
    ///
    /// # Errors
    /// The first mistake in a rule file, by file and line.
    pub fn new(files: &RuleFiles) -> Result<Self, RuleError> {
        let values = files.one("values.toml");
        let values = Grammar::new(values.content).map_err(|(line, what)| RuleError {
            file: values.path.to_owned(),
            line,
            what,
        })?;
        let lexicons = Lexicon::all(files)?;
        Ok(Self {
            values,
            digest: files.digest(),
            detector: Detector::new(&lexicons),
            lexicons,
            dictionary: Dictionary::new(files)?,
            cues: Cues::new(files)?,
            weights: Weights::new(files)?,
            names: Shapes::all(files)?,
            grammar: grammar::Grammar::new(files)?,
            commitment: Commitment::new(files)?,
            ascriptions: Model::new(files)?,
        })
    }

    /// The digest of the rules, which stands on every record that they make.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The tags of a revision.
    #[must_use]
    pub fn classify(&self, revision: &Revision) -> Tagged {
        self.tag(&Text::from(revision), Scope::Relevant)
    }

    /// The tags of a text. An irrelevant one has neither entities nor claims unless all is asked for.
    #[must_use]
    pub fn tag(&self, text: &Text, scope: Scope) -> Tagged {
        let (read, relevance, relevant) = self.read(text);
        let all = scope == Scope::All;
        if !relevant && !all {
            return Tagged {
                id: text.id.clone(),
                language: read.language,
                relevant,
                relevance,
                entities: Vec::new(),
                claims: Vec::new(),
                claim_status: rollup::of(&[]),
                rules: self.digest.clone(),
                clauses: None,
                attributions: None,
            };
        }
        let mut analysis = self.analyse(text, read);
        let reliability = text.reliability.unwrap_or(Reliability::F);
        let decided = claim::all(&analysis, reliability, text.truncated);
        let claims: Vec<Claim> = decided.into_iter().map(|one| one.claim).collect();
        let clauses = all.then(|| self.clauses(&analysis));
        let attributions = all.then(|| self.attributions(&analysis));
        mark_metonyms(&mut analysis);
        Tagged {
            id: text.id.clone(),
            language: analysis.language,
            relevant,
            relevance,
            entities: self.entities(&analysis),
            claim_status: rollup::of(&claims),
            claims,
            rules: self.digest.clone(),
            clauses,
            attributions,
        }
    }

    fn clauses(&self, analysis: &Analysis<'_>) -> Vec<Clause> {
        if analysis.lexicon.language != Language::En {
            return clause::all(analysis);
        }
        clause::weighed(
            &analysis.text,
            &analysis.sentences,
            &self.grammar,
            &self.commitment,
        )
    }

    /// Every word of an English text with the features that it would have as a predicate: what the model of
    /// factuality is fitted on.
    #[must_use]
    pub fn observe(&self, text: &str) -> Vec<Observed> {
        let text = text::Text::new(None, text);
        let sentences = sentence::sentences(&text, &self.lexicons[&Language::En]);
        clause::observe(&text, &sentences, &self.grammar, &self.commitment)
    }

    /// The value, on -3 to 3, that the model of factuality gives to features.
    #[must_use]
    pub fn commitment(&self, features: &[String]) -> f32 {
        self.commitment.value(features)
    }

    /// Every entity of a text: the dictionary's, values, and the names that the dictionary does not have.
    /// A name of the dictionary inside a longer one of an organisation is a part of that: *Bank of England*.
    fn entities(&self, analysis: &Analysis<'_>) -> Vec<Entity> {
        let Some(shapes) = self.names.get(&analysis.lexicon.language) else {
            return Vec::new();
        };
        let names = names::find(
            &analysis.text,
            shapes,
            analysis.lexicon,
            &analysis.sentences,
            &analysis.mentions,
        );
        let is_part = |mention: &Mention| {
            let at = names.partition_point(|name| name.tokens.end <= mention.tokens.start);
            names.get(at).is_some_and(|name| {
                mention.entry.is_some()
                    && name.kind != EntityType::Role
                    && name.tokens.start <= mention.tokens.start
                    && mention.tokens.end <= name.tokens.end
            })
        };
        let mut entities: Vec<Entity> = analysis
            .mentions
            .iter()
            .filter(|mention| !is_part(mention))
            .map(|mention| entity(analysis, mention))
            .collect();
        entities.extend(names.iter().map(|name| unlinked(analysis, name)));
        let inner = analysis.mentions.iter().filter_map(|outer| {
            mention::inside(&analysis.text, &self.dictionary, analysis.language, outer)
        });
        entities.extend(inner.map(|mention| entity(analysis, &mention)));
        entities.sort_by_key(|entity| (entity.start, std::cmp::Reverse(entity.end)));
        entities
    }

    /// Why each claim of a text has its status.
    #[must_use]
    pub fn explain(&self, text: &Text) -> Explanation {
        let (read, relevance, relevant) = self.read(text);
        let analysis = self.analyse(text, read);
        let reliability = text.reliability.unwrap_or(Reliability::F);
        let decided = claim::all(&analysis, reliability, text.truncated);
        Explanation {
            language: analysis.language,
            relevant,
            relevance,
            claims: explain::traces(&analysis, decided),
        }
    }

    /// Every attribution of a text: in the wide sense where that has been learned, elsewhere those that
    /// the claims rest on.
    fn attributions(&self, analysis: &Analysis<'_>) -> Vec<wire::claim::Attribution> {
        if analysis.lexicon.language == Language::En {
            let found = self.ascriptions.find(analysis, &self.grammar);
            return found.iter().map(|one| one.attribution(analysis)).collect();
        }
        analysis
            .attributions
            .iter()
            .map(|attributed| {
                let (class, entity) = source::class(analysis, attributed);
                claim::attributed(
                    analysis,
                    &facts::Voice {
                        attributed,
                        class,
                        entity,
                    },
                )
            })
            .collect()
    }

    /// As much of a text as tells whether it is relevant: most are not, and nothing more is asked of those.
    fn read(&self, input: &Text) -> (Read<'_>, Relevance, bool) {
        let text = text::Text::new(input.title.as_deref(), &input.text);
        let language = language::detect(&text, &self.detector, &self.lexicons, input.language);
        let lexicon = &self.lexicons[&rules_of(language)];
        let sentences = sentence::sentences(&text, lexicon);
        let is_media = |id: &str| self.weights.is_media(id);
        let named = mention::find(&text, &self.dictionary, language, is_media);
        let named = reference::resolve(&text, lexicon, &self.dictionary, named, is_media);
        let (relevance, relevant) = self
            .weights
            .judge(&text, &sentences, &named, &self.dictionary);
        let read = Read {
            text,
            language,
            lexicon,
            sentences,
            named,
        };
        (read, relevance, relevant)
    }

    fn analyse<'a>(&'a self, input: &Text, read: Read<'a>) -> Analysis<'a> {
        let text = read.text;
        let found = self
            .values
            .find(&text.text, read.lexicon.language, input.published);
        let found = found
            .into_iter()
            .map(|found| mention::value(&text, found))
            .collect();
        let mentions = mention::merge(read.named, found);
        let date = input
            .published
            .map(|at| at.strftime("%Y-%m-%d").to_string())
            .unwrap_or_default();
        let mut analysis = Analysis::new(
            text,
            read.lexicon,
            &self.cues,
            &self.dictionary,
            read.sentences,
            mentions,
            date,
        );
        analysis.language = read.language;
        analysis
    }
}

/// What a text is judged relevant by.
struct Read<'a> {
    text: text::Text,
    language: Language,
    lexicon: &'a Lexicon,
    sentences: Vec<Range<usize>>,
    /// The dictionary's mentions.
    named: Vec<Mention>,
}

/// Text of no known language is read for names alone; English rules find little in it.
fn rules_of(language: Language) -> Language {
    match language {
        Language::Und => Language::En,
        known => known,
    }
}

/// A place that speaks or decides stands for its government.
fn mark_metonyms(analysis: &mut Analysis<'_>) {
    let speaking = analysis.attributions.iter().filter_map(|attributed| {
        let mention = attributed.mention?;
        let entry = analysis.mentions[mention].entry(analysis.dictionary)?;
        let government = entry.government.clone()?;
        let (class, _) = source::class(analysis, attributed);
        (class != wire::claim::SourceClass::Reports).then_some((mention, government))
    });
    for (mention, government) in speaking.collect::<Vec<_>>() {
        analysis.mentions[mention].metonym_of = Some(government);
    }
}

fn unlinked(analysis: &Analysis<'_>, name: &names::Name) -> Entity {
    let bytes = analysis.text.bytes(&name.tokens);
    let span = analysis.text.span_of_bytes(&bytes);
    Entity {
        start: span.start,
        end: span.end,
        surface: analysis.text.text[bytes].to_owned(),
        kind: name.kind,
        id: name.id.clone(),
        qid: None,
        value: None,
        metonym_of: None,
        self_declared: false,
    }
}

fn entity(analysis: &Analysis<'_>, mention: &Mention) -> Entity {
    let span = analysis.text.span_of_bytes(&mention.bytes);
    let entry = mention.entry(analysis.dictionary);
    Entity {
        start: span.start,
        end: span.end,
        surface: analysis.text.text[mention.bytes.clone()].to_owned(),
        kind: mention.kind,
        id: mention.id.clone(),
        qid: entry.and_then(|entry| entry.qid.clone()),
        value: mention.value.clone(),
        metonym_of: mention.metonym_of.clone(),
        self_declared: entry.is_some_and(|entry| entry.self_declared),
    }
}
