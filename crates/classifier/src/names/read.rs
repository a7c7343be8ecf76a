//! One reading of a text for names and jobs.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};
use wire::entity::{EntityType, UNLINKED};

use super::Shapes;
use crate::lexicon::{Form, Lexicon};
use crate::mention::Mention;
use crate::text::{Kind, Text};
use crate::wordset::WordSet;

/// Words of the longest name: more capitals in a row are a headline.
const LONGEST: usize = 9;
/// Words of a person's name, with its particles.
const LONGEST_PERSON: usize = 5;
/// Letters of the longest acronym.
const LONGEST_ACRONYM: usize = 7;

/// A name that the dictionary does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) tokens: Range<usize>,
    pub(crate) kind: EntityType,
    /// `name:` and the words of its fullest form in this text.
    pub(crate) id: String,
}

/// The names and jobs in a text, in its order, none overlapping. A name may hold a mention of the
/// dictionary that is a part of it (*Bank of England*).
pub(crate) fn find(
    text: &Text,
    shapes: &Shapes,
    lexicon: &Lexicon,
    sentences: &[Range<usize>],
    mentions: &[Mention],
) -> Vec<Name> {
    let reader = Reader {
        text,
        shapes,
        lexicon,
        mentions,
    };
    let mut found = Vec::new();
    for sentence in sentences {
        reader.sentence(sentence, &mut found);
    }
    let mut names = reader.settle(found);
    names.extend(sentences.iter().flat_map(|sentence| reader.jobs(sentence)));
    names.sort_by_key(|name| (name.tokens.start, std::cmp::Reverse(name.tokens.end)));
    let mut end = 0;
    names.retain(|name| {
        let free = name.tokens.start >= end;
        if free {
            end = name.tokens.end;
        }
        free
    });
    names
}

/// What a run of capitals may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guess {
    Sure(EntityType),
    /// One word that is a name if the text says so elsewhere, else of the type given, else none.
    Word(Option<EntityType>),
}

pub(super) struct Reader<'a> {
    pub(super) text: &'a Text,
    pub(super) shapes: &'a Shapes,
    lexicon: &'a Lexicon,
    mentions: &'a [Mention],
}

impl Reader<'_> {
    fn sentence(&self, sentence: &Range<usize>, found: &mut Vec<(Range<usize>, Guess)>) {
        let mut at = sentence.start;
        while at < sentence.end {
            if let Some(end) = self.election(at, sentence) {
                found.push((at..end, Guess::Sure(EntityType::OperationOrEvent)));
                at = end;
                continue;
            }
            if !self.is_capital(at) {
                at += 1;
                continue;
            }
            let run = at..self.run_end(at, sentence.end);
            at = run.end;
            self.read(run, sentence.start, found);
        }
    }

    /// *2019 Australian federal election*, *1997 United Kingdom general election*: the end of one that
    /// begins at `at`.
    fn election(&self, at: usize, sentence: &Range<usize>) -> Option<usize> {
        let dated = self.text.token(at).kind == Kind::Number && self.text.surface(at).len() == 4;
        let named = at + usize::from(dated);
        if named >= sentence.end || !self.is_capital(named) || self.is_opener(named) {
            return None;
        }
        let mut end = named + 1;
        let limit = sentence.end.min(named + LONGEST);
        let mut lower = false;
        while end < limit {
            let word = self.text.word(end);
            if self.shapes.elections.contains(word) && (dated || lower || self.is_capital(end)) {
                return Some(end + 1);
            }
            if self.shapes.election_kinds.contains(word) {
                lower = true;
            } else if !self.is_capital(end) {
                return None;
            }
            end += 1;
        }
        None
    }

    fn is_capital(&self, at: usize) -> bool {
        self.text.token(at).kind == Kind::Word && self.text.is_capitalised(at)
    }

    /// Where the capitals from `at` on end; initials, particles and the links of organisations join them.
    fn run_end(&self, at: usize, limit: usize) -> usize {
        let mut end = at + 1;
        let mut organisation = self.opens_organisation(at);
        while end < limit && end - at < LONGEST {
            let word = self.text.word(end);
            let capital = |at: usize| at < limit && self.is_capital(at);
            let initial = word == "." && self.text.surface(end - 1).chars().count() <= 2;
            if capital(end) {
                organisation |= self.opens_organisation(end);
                end += 1;
            } else if capital(end + 1)
                && (initial
                    || word == "'s" && self.shapes.possessed.contains(self.text.word(end - 1))
                    || self.shapes.particles.contains(word))
            {
                end += 2;
            } else if organisation && self.shapes.links.contains(word) {
                if capital(end + 1) {
                    end += 2;
                } else if self.shapes.links.contains(self.text.word(end + 1)) && capital(end + 2) {
                    end += 3;
                } else {
                    break;
                }
            } else {
                break;
            }
        }
        end
    }

    fn opens_organisation(&self, at: usize) -> bool {
        let word = self.text.word(at);
        self.shapes.organisation_starts.contains(word)
            || self.shapes.organisation_ends.contains(word)
    }

    fn read(&self, run: Range<usize>, start: usize, found: &mut Vec<(Range<usize>, Guess)>) {
        let mut run = run;
        while !run.is_empty() && (self.is_opener(run.start) || !self.is_capital(run.start)) {
            run.start += 1;
        }
        if run.is_empty() || self.is_linked_whole(&run) {
            return;
        }
        let words: Vec<&str> = run.clone().map(|at| self.text.word(at)).collect();
        let joined = words.join(" ");
        let first = words[0];
        let last = words[words.len() - 1];
        let shapes = self.shapes;
        let holds = |set: &WordSet| words.iter().any(|word| set.contains(word));

        if shapes.organisations.contains(&joined) {
            return found.push((run, Guess::Sure(EntityType::Organisation)));
        }
        if shapes.places.contains(&joined) {
            return found.push((run, Guess::Sure(EntityType::Place)));
        }
        if shapes.event_ends.contains(last)
            || words.len() > 1
                && holds(&shapes.event_ends)
                && !shapes.organisation_ends.contains(last)
        {
            return found.push((run, Guess::Sure(EntityType::OperationOrEvent)));
        }
        let organisation = words.len() > 1
            && (shapes.organisation_ends.contains(last)
                || shapes.organisation_starts.contains(first) && !shapes.capital_nouns
                || words.iter().enumerate().any(|(at, word)| {
                    at + 1 < words.len()
                        && shapes.links.contains(words[at + 1])
                        && shapes.organisation_ends.contains(word)
                }));
        if organisation && !shapes.titles.contains(last) {
            return found.push((run, Guess::Sure(EntityType::Organisation)));
        }
        let inner = self
            .linked(&run)
            .next()
            .map(|mention| mention.tokens.clone());
        if let Some(inner) = inner {
            return self.around(run, &inner, start, found);
        }
        if self.is_no_name(run.start) && !shapes.given.contains(first) {
            return self.read(run.start + 1..run.end, start, found);
        }
        // What stands before the last title is read by itself: *Texas Governor John Connally*.
        if let Some(title) = words.iter().rposition(|word| shapes.titles.contains(word)) {
            let title = run.start + title;
            if title > run.start {
                self.read(run.start..title, start, found);
            }
            let name = title + 1..run.end;
            if !name.is_empty() && name.len() <= LONGEST_PERSON && !self.is_linked_whole(&name) {
                found.push((name, Guess::Sure(EntityType::Person)));
            }
            return;
        }
        if words.len() > 1
            && (shapes.place_ends.contains(last) || shapes.place_starts.contains(first))
        {
            return found.push((run, Guess::Sure(EntityType::Place)));
        }
        // A given name opens a person's name, whatever stands before it.
        if let Some(given) = words.iter().position(|word| shapes.given.contains(word)) {
            let name = run.start + given..run.end;
            if given > 0 {
                self.read(run.start..name.start, start, found);
            }
            if self.is_linked_whole(&name) {
                return;
            }
            if name.len() == 1 {
                return found.push((name, Guess::Word(Some(EntityType::Person))));
            }
            if name.len() <= LONGEST_PERSON {
                found.push((name, Guess::Sure(EntityType::Person)));
            }
            return;
        }
        let before = run
            .start
            .checked_sub(1)
            .map_or("", |before| self.text.word(before));
        let after_place = shapes.place_prepositions.contains(before);
        if words.len() == 1 {
            return self.word(run, start, after_place, found);
        }
        if shapes.capital_nouns
            || shapes.given.is_empty()
            || words.iter().any(|word| self.is_general(word))
        {
            return;
        }
        if self.is_acronym(run.end - 1) && words.len() == 2 && !self.is_acronym(run.start) {
            return;
        }
        let guess = if after_place {
            EntityType::Place
        } else {
            EntityType::Person
        };
        if words.len() < LONGEST_PERSON {
            found.push((run, Guess::Sure(guess)));
        }
    }

    /// One word with a capital: an acronym, a place after *in*, or a surname.
    fn word(
        &self,
        run: Range<usize>,
        start: usize,
        after_place: bool,
        found: &mut Vec<(Range<usize>, Guess)>,
    ) {
        let at = run.start;
        if self.is_acronym(at) && !self.is_no_name(at) {
            return found.push((run, Guess::Sure(EntityType::Organisation)));
        }
        let word = self.text.word(at);
        let known = self.shapes.titles.contains(word) || self.opens_organisation(at);
        if known || self.shapes.event_ends.contains(word) || self.is_general(word) {
            return;
        }
        // Who does something, or owns it, is somebody.
        let next = self.text.word(at + 1);
        let acts = next == "'s"
            || matches!(
                self.lexicon.form(next),
                Some(Form::Finite(_) | Form::PastOrParticiple)
            );
        let guess = if self.shapes.capital_nouns || at == start {
            None
        } else if after_place {
            Some(EntityType::Place)
        } else {
            acts.then_some(EntityType::Person)
        };
        found.push((run, Guess::Word(guess)));
    }

    fn is_acronym(&self, at: usize) -> bool {
        let surface = self.text.surface(at);
        let letters = surface.chars().count();
        let capitals = surface.chars().filter(|char| char.is_uppercase()).count();
        (2..=LONGEST_ACRONYM).contains(&letters)
            && capitals >= 2
            && letters - capitals <= 1
            && !surface
                .chars()
                .all(|char| matches!(char, 'I' | 'V' | 'X' | 'L' | 'M' | 'C'))
            && surface.chars().all(char::is_alphabetic)
    }

    /// A word that opens a sentence or a phrase and is in no name.
    fn is_opener(&self, at: usize) -> bool {
        let word = self.text.word(at);
        let known = self.shapes.place_starts.contains(word) || self.shapes.given.contains(word);
        !known
            && (self.shapes.openers.contains(word)
                || self.lexicon.function.contains(word)
                || self.lexicon.determiners.contains(word)
                || self.lexicon.prepositions.contains(word))
    }

    fn is_no_name(&self, at: usize) -> bool {
        self.is_general(self.text.word(at))
    }

    /// A nationality, a creed, a title of a body: a word that has a capital and names nobody.
    fn is_general(&self, word: &str) -> bool {
        let ends = |ending: &String| word.ends_with(ending.as_str());
        self.shapes.no_names.contains(word)
            || word.chars().count() > 5 && self.shapes.no_name_endings.iter().any(ends)
    }

    /// Reads what stands before and after a mention of the dictionary. A given name right before a surname
    /// that the dictionary has makes it somebody else's.
    fn around(
        &self,
        run: Range<usize>,
        inner: &Range<usize>,
        start: usize,
        found: &mut Vec<(Range<usize>, Guess)>,
    ) {
        let before = run.start..inner.start.max(run.start);
        let after = inner.end.min(run.end)..run.end;
        if !before.is_empty() && inner.len() == 1 && after.is_empty() {
            let namesake = self
                .linked(inner)
                .any(|mention| mention.kind == EntityType::Person);
            let given = before.end - 1;
            if namesake && self.shapes.given.contains(self.text.word(given)) {
                if given > before.start {
                    self.read(before.start..given, start, found);
                }
                return found.push((given..inner.end, Guess::Sure(EntityType::Person)));
            }
        }
        for rest in [before, after] {
            if !rest.is_empty() {
                self.read(rest, start, found);
            }
        }
    }

    /// Whether the dictionary names all of it, or more.
    fn is_linked_whole(&self, run: &Range<usize>) -> bool {
        self.linked(run)
            .any(|mention| mention.tokens.start <= run.start && run.end <= mention.tokens.end)
    }

    fn touches_linked(&self, run: &Range<usize>) -> bool {
        self.linked(run).next().is_some()
    }

    /// The dictionary's mentions that share a token with `run`.
    pub(super) fn linked(&self, run: &Range<usize>) -> impl Iterator<Item = &Mention> {
        let end = self
            .mentions
            .partition_point(|mention| mention.tokens.start < run.end);
        let start = run.start;
        self.mentions[end.saturating_sub(LONGEST)..end]
            .iter()
            .filter(move |mention| mention.tokens.end > start)
    }

    /// One type and one id for each name: a surname alone is the person named in full, and a word is what
    /// it was elsewhere in the text.
    fn settle(&self, found: Vec<(Range<usize>, Guess)>) -> Vec<Name> {
        let mut full: FxHashMap<String, String> = FxHashMap::default();
        let mut places: FxHashSet<&str> = FxHashSet::default();
        for (run, guess) in &found {
            match guess {
                Guess::Sure(EntityType::Person) if run.len() > 1 => {
                    let surname = self.text.word(run.end - 1).to_owned();
                    full.entry(surname).or_insert_with(|| self.id(run));
                }
                Guess::Word(Some(EntityType::Place)) => {
                    places.insert(self.text.word(run.start));
                }
                _ => {}
            }
        }
        found
            .into_iter()
            .filter_map(|(run, guess)| {
                let word = self.text.word(run.start);
                let person = (run.len() == 1).then(|| full.get(word)).flatten();
                let kind = match guess {
                    Guess::Sure(kind) => kind,
                    Guess::Word(_) if self.touches_linked(&run) => return None,
                    Guess::Word(_) if person.is_some() => EntityType::Person,
                    Guess::Word(_) if places.contains(word) => EntityType::Place,
                    Guess::Word(kind) => kind?,
                };
                let person = person.filter(|_| kind == EntityType::Person).cloned();
                let id = person.unwrap_or_else(|| self.id(&run));
                Some(Name {
                    tokens: run,
                    kind,
                    id,
                })
            })
            .collect()
    }

    pub(super) fn id(&self, run: &Range<usize>) -> String {
        let words: Vec<&str> = run.clone().map(|at| self.text.word(at)).collect();
        format!("{UNLINKED}{}", words.join("-"))
    }
}
