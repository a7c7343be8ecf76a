//! `make eval`: precision and recall of `story_id` on recorded feeds.
//!
//! The reference knows nothing of sketches. Of every two items that different feeds published within the
//! window it counts the word 5-grams of the whole texts, by brute force: a pair of which the shorter text
//! stands in the longer one nearly whole is one story for certain. What lies below is a matter of
//! judgement; some of those that were joined once are judged by hand in `story-labels.tsv`, by digests of
//! the texts. The recordings are not part of the project; `CLAIMWIRE_RECORDED_FEEDS` says where they are.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use classifier::story::{Bounds, Stories, Telling, sketch};
use classifier::{Classifier, RuleFiles};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use wire::story::{Sketch, StoryId};
use wire::{FeedId, Revision};

#[allow(dead_code, reason = "the replay of histories uses the rest")]
#[path = "../replay/histories.rs"]
mod histories;

use histories::History;

/// As the daemon has it by default.
const WINDOW: SignedDuration = SignedDuration::from_hours(72);
const GRAM: usize = 5;
/// Words of a text that the reference reads.
const WORDS: usize = 2000;
/// Of the shorter text's 5-grams, how many the longer must have to be its copy for certain.
const CERTAIN: f64 = 0.8;
/// A text with fewer is compared by equality alone.
const FEW: usize = 10;
/// Pairs with less in common are not to be judged.
const BORDERLINE: f64 = 0.25;
/// A 5-gram of more items is boilerplate.
const COMMON: usize = 100;

fn main() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded-feeds");
    let folder = std::env::var_os("CLAIMWIRE_RECORDED_FEEDS").map_or(beside, PathBuf::from);
    if !folder.join("INDEX.tsv").exists() {
        println!(
            "stories: skipped, there are no recorded feeds in {}",
            folder.display()
        );
        return;
    }
    let classifier = Classifier::new(&RuleFiles::builtin()).expect("the shipped rules are sound");
    let histories = histories::read(&folder, "");
    let told = histories
        .iter()
        .flat_map(|history| items(&classifier, history));
    let mut told: Vec<Told> = told.collect();
    told.sort_by_key(|item| item.revision.published);
    let stories = stories(&told);
    let pairs = pairs(&told, &stories);
    report(&told, &pairs);
}

/// An item as its feed first showed it.
struct Told {
    outlet: String,
    revision: Revision,
    sketch: Sketch,
}

/// The items of a history, each article of a collection as a feed and an outlet of its own.
fn items(classifier: &Classifier, history: &History) -> Vec<Told> {
    let collection = history.outlet.contains("many outlets");
    let feed = FeedId(history.feed.clone());
    let mut seen = HashSet::new();
    let mut told = Vec::new();
    for snapshot in &history.snapshots {
        let document = fetcher::parse::document(snapshot, Some(history.media_type), None, &feed);
        for item in document.items {
            if !seen.insert(item.id.clone()) {
                continue;
            }
            let alone = collection.then(|| format!("{feed}-{}", seen.len()));
            let published = match item.published {
                Some(at) => at,
                // Articles of a collection have no date: all are of one day.
                None if collection => Timestamp::UNIX_EPOCH,
                None => continue,
            };
            let text = item.content.or(item.summary).unwrap_or_default();
            let revision = json!({
                "item": item.id, "revision": 1, "id_origin": "guid",
                "source": {
                    "feed": alone.as_ref().unwrap_or(&feed.0), "url": "https://recorded.example/",
                    "publisher": "", "language": history.language, "country": "XX", "kind": "other"
                },
                "title": item.title.unwrap_or_default(), "text": text,
                "published": published, "fetched": published,
                "document": {"status": "ok", "quality": 1.0}
            });
            let revision: Revision = serde_json::from_value(revision).expect("a revision");
            let tags = classifier.classify(&revision);
            told.push(Told {
                outlet: alone.unwrap_or_else(|| history.outlet.clone()),
                sketch: sketch(&revision.title, &revision.text, &tags.entities),
                revision,
            });
        }
    }
    told
}

fn stories(told: &[Told]) -> Vec<StoryId> {
    let mut stories = Stories::new(Bounds {
        window: WINDOW,
        items: 20_000,
    });
    told.iter()
        .map(|told| {
            let telling = Telling {
                revision: &told.revision,
                sketch: told.sketch.clone(),
            };
            stories.assign(telling).0.id
        })
        .collect()
}

/// What is known of two items of different feeds.
#[derive(Default)]
struct Pair {
    /// Of the shorter text's 5-grams, how many the longer has.
    held: f64,
    /// Whether the reference is certain that they are one text.
    certain: bool,
    /// Whether they were given one story.
    joined: bool,
}

fn pairs(told: &[Told], stories: &[StoryId]) -> BTreeMap<(usize, usize), Pair> {
    let grams: Vec<HashSet<u64>> = told.iter().map(grams).collect();
    let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
    for (number, grams) in grams.iter().enumerate() {
        for gram in grams {
            holders.entry(*gram).or_default().push(number);
        }
    }
    let mut shared: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for holders in holders.values().filter(|it| it.len() <= COMMON) {
        for (one, other) in couples(holders).filter(|it| comparable(told, *it)) {
            *shared.entry((one, other)).or_default() += 1;
        }
    }
    let mut pairs: BTreeMap<(usize, usize), Pair> = BTreeMap::new();
    for ((one, other), shared) in shared {
        let least = grams[one].len().min(grams[other].len());
        let held = shared as f64 / least.max(1) as f64;
        if least >= FEW && held >= BORDERLINE {
            let pair = pairs.entry((one, other)).or_default();
            (pair.held, pair.certain) = (held, held >= CERTAIN);
        }
    }
    let texts = told.iter().map(|told| words(&told.revision).join(" "));
    for couple in alike(told, texts) {
        pairs.entry(couple).or_default().certain = true;
    }
    for couple in alike(told, stories.iter()) {
        pairs.entry(couple).or_default().joined = true;
    }
    pairs
}

/// The comparable couples of items whose keys are equal.
fn alike<K: std::hash::Hash + Eq>(
    told: &[Told],
    keys: impl Iterator<Item = K>,
) -> Vec<(usize, usize)> {
    let mut groups: HashMap<K, Vec<usize>> = HashMap::new();
    for (number, key) in keys.enumerate() {
        groups.entry(key).or_default().push(number);
    }
    let couples = groups.values().flat_map(|group| couples(group));
    couples.filter(|couple| comparable(told, *couple)).collect()
}

fn couples(group: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let later = |at: usize| group[at + 1..].iter();
    (0..group.len()).flat_map(move |at| later(at).map(move |other| (group[at], *other)))
}

/// Items of different feeds within the window.
fn comparable(told: &[Told], (one, other): (usize, usize)) -> bool {
    let (one, other) = (&told[one].revision, &told[other].revision);
    let apart = match (one.published, other.published) {
        (Some(one), Some(other)) => one.duration_since(other).abs(),
        _ => return false,
    };
    one.source.feed != other.source.feed && apart <= WINDOW
}

/// The words of title and text as blanks part them, without marks around them.
fn words(revision: &Revision) -> Vec<String> {
    let text = [revision.title.as_str(), revision.text.as_str()].join(" ");
    bare(&text)
}

fn bare(text: &str) -> Vec<String> {
    let words = text.split_whitespace().take(WORDS);
    let bare = words.map(|word| word.trim_matches(|mark: char| !mark.is_alphanumeric()));
    bare.filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// The 5-grams of the body.
fn grams(told: &Told) -> HashSet<u64> {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let words = bare(&told.revision.text);
    let hash = |gram: &[String]| {
        let mut hasher = DefaultHasher::new();
        gram.hash(&mut hasher);
        hasher.finish()
    };
    words.windows(GRAM).map(hash).collect()
}

/// What was judged of a pair.
type Labels = HashMap<(String, String), bool>;

fn labels() -> Labels {
    let lines = include_str!("story-labels.tsv").lines();
    let label = |line: &str| {
        let mut parts = line.split('\t').map(str::to_owned);
        let (one, other) = (parts.next()?, parts.next()?);
        Some(((one, other), parts.next()? == "same"))
    };
    lines.filter_map(label).collect()
}

fn key(told: &[Told], (one, other): (usize, usize)) -> (String, String) {
    let name = |number: usize| {
        let Revision { title, text, .. } = &told[number].revision;
        wire::id::digest(&[title, text])[..16].to_owned()
    };
    let mut names = [name(one), name(other)];
    names.sort();
    names.into()
}

fn report(told: &[Told], pairs: &BTreeMap<(usize, usize), Pair>) {
    let labels = labels();
    let mut unread = String::new();
    println!(
        "story_id on {} recorded items, pairs of different feeds within {WINDOW:#}",
        told.len()
    );
    let rows = [
        ("other publishers", false),
        ("other feeds of a publisher", true),
    ];
    for (name, same_outlet) in rows {
        let row = pairs
            .iter()
            .filter(|((one, other), _)| (told[*one].outlet == told[*other].outlet) == same_outlet);
        let mut tally = Tally::default();
        for (couple, pair) in row {
            let key = key(told, *couple);
            tally.add(pair, labels.get(&key).copied());
            if !pair.certain && !labels.contains_key(&key) {
                describe(told, *couple, pair, &key, &mut unread);
            }
        }
        println!("  {name}");
        tally.print();
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/story-borderline.txt");
    std::fs::create_dir_all(file.parent().expect("it is in target")).expect("target is writable");
    std::fs::write(&file, unread).expect("target is writable");
    println!("  pairs that are not judged: {}", file.display());
}

#[derive(Default)]
struct Tally {
    certain: u32,
    certain_joined: u32,
    /// By the verdict: how many there are, and how many were joined.
    read: [(u32, u32); 2],
    unread_joined: u32,
}

impl Tally {
    fn add(&mut self, pair: &Pair, same: Option<bool>) {
        let joined = u32::from(pair.joined);
        if pair.certain {
            self.certain += 1;
            self.certain_joined += joined;
        } else if let Some(same) = same {
            let read = &mut self.read[usize::from(same)];
            read.0 += 1;
            read.1 += joined;
        } else {
            self.unread_joined += joined;
        }
    }

    fn print(&self) {
        let [(others, others_joined), (same, same_joined)] = self.read;
        let share = |part: u32, whole: u32| match whole {
            0 => "-".to_owned(),
            _ => format!("{:.3}", f64::from(part) / f64::from(whole)),
        };
        println!(
            "    copies for certain: {}, one story: {}, recall {}",
            self.certain,
            self.certain_joined,
            share(self.certain_joined, self.certain)
        );
        println!(
            "    borderline, judged by hand: {} copies, one story: {}, recall {}; {others} of the same event or \
             template, one story: {others_joined}",
            same,
            same_joined,
            share(same_joined, same)
        );
        let right = self.certain_joined + same_joined;
        println!(
            "    one story, and verified: {}, right: {right}, precision {}; not judged: {}",
            right + others_joined,
            share(right, right + others_joined),
            self.unread_joined
        );
    }
}

fn describe(
    told: &[Told],
    (one, other): (usize, usize),
    pair: &Pair,
    key: &(String, String),
    to: &mut String,
) {
    let joined = if pair.joined { "joined" } else { "apart" };
    writeln!(to, "{}\t{}\t{joined}\t{:.2}", key.0, key.1, pair.held).expect("a string");
    for told in [&told[one], &told[other]] {
        let Revision { title, text, .. } = &told.revision;
        let text: String = text.chars().take(400).collect();
        let at = told.revision.published.unwrap_or_default();
        writeln!(
            to,
            "    {} {at} | {title} | {}",
            told.outlet,
            text.replace('\n', " ")
        )
        .expect("a string");
    }
}
