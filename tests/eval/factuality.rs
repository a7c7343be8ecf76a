//! `make eval`: how well the factuality of every clause agrees with what annotators said of it.
//!
//! Sentences go through `claimwire tag --json --all`, and only what that prints is scored. An event takes the value of
//! the clause whose head overlaps it, else of the smallest clause around it, else 3. The data is read from
//! `../shared/corpora` (or `CLAIMWIRE_CORPORA`); a set that is not there is named and left out. The worst errors are
//! written to `target/eval/`, to be read.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

#[path = "factuality/clause.rs"]
mod clause;
#[path = "factuality/events.rs"]
mod events;
#[path = "measures.rs"]
mod measures;
#[path = "factuality/score.rs"]
mod score;
#[allow(dead_code, reason = "entities are scored elsewhere")]
#[path = "tag.rs"]
mod tag;

use clause::{Clause, Tagged};
use events::{Event, Sentence};
use measures::Measures;
use score::Pairs;

/// What an event that no clause covers counts as, and the baseline for all.
const CERTAIN: f32 = 3.0;
/// Errors of each kind that are written out.
const WORST: usize = 10;

/// A set, with the bars for its macro-F1, error and correlation and what is published of others on its test.
struct Set {
    name: &'static str,
    file: &'static str,
    macro_f1: (f64, &'static str),
    error: Option<(f64, &'static str)>,
    correlation: Option<(f64, &'static str)>,
}

const SETS: [Set; 2] = [
    Set {
        name: "UW dev",
        file: "uw/dev.jsonl",
        macro_f1: (
            0.75,
            "on its test, always factual 0.282, a parser-based system 0.752",
        ),
        error: Some((
            0.42,
            "on its test, always factual 0.781, a parser-based system 0.399",
        )),
        correlation: Some((0.66, "on its test, a parser-based system 0.668")),
    },
    Set {
        name: "MEANTIME dev",
        file: "meantime/dev.jsonl",
        macro_f1: (0.67, "on its test, the same system 0.487"),
        error: None,
        correlation: None,
    },
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let corpora = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from)
        .join("factuality");
    let errors = root.join("target/eval");
    std::fs::create_dir_all(&errors).expect("target/ is writable");
    println!(
        "event factuality, classes from {} and to {}",
        score::CERTAIN,
        score::DENIED
    );
    let mut measures = Measures::default();
    for set in SETS {
        match events::read(&corpora.join(set.file)) {
            Some(sentences) => evaluate(&set, &sentences, &errors, &mut measures),
            None => println!("  {:<34} skipped: not there", set.name),
        }
    }
    measures.write(&root, "factuality");
}

fn evaluate(set: &Set, sentences: &[Sentence], errors: &Path, measures: &mut Measures) {
    let tagged: Vec<Tagged> = tag::tagged(sentences.iter().map(|one| one.text.as_str()), "en");
    assert_eq!(tagged.len(), sentences.len(), "a line out for each in");
    let mut pairs = Pairs::default();
    let mut always = Pairs::default();
    let mut heads = 0;
    let mut worst = Vec::new();
    for (sentence, Tagged { clauses }) in sentences.iter().zip(&tagged) {
        for event in &sentence.events {
            heads += usize::from(clauses.iter().any(|clause| clause.is_headed_by(event)));
            let given = value(clauses, event);
            pairs.0.push((event.value, given));
            always.0.push((event.value, CERTAIN));
            worst.push(((event.value - given).abs(), given, sentence, *event));
        }
    }
    let recall = heads as f64 / pairs.0.len().max(1) as f64;
    print(set.name, &pairs);
    println!("  {:<34} {recall:.3}", "  its heads found");
    println!(
        "  {:<34} {}",
        "  given, mean annotated, how many",
        calibration(&pairs)
    );
    print("  always factual", &always);
    note(set, &pairs, measures);
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut out = String::new();
    let mut written = HashMap::new();
    for (_, given, sentence, event) in worst {
        let kind = score::mistake(event.value, given);
        let times = written.entry(kind.clone()).or_insert(0);
        *times += 1;
        if *times > WORST {
            continue;
        }
        let letters: Vec<char> = sentence.text.chars().collect();
        let (start, end) = (event.start as usize, event.end as usize);
        let part = |range: &[char]| range.iter().collect::<String>();
        writeln!(
            out,
            "{kind}\t{:.1} annotated\t{given:.1} given\t{}[{}]{}",
            event.value,
            part(&letters[..start]),
            part(&letters[start..end]),
            part(&letters[end..])
        )
        .expect("a string takes it");
    }
    let file = errors.join(format!("factuality-{}.tsv", set.name.replace(' ', "-")));
    std::fs::write(&file, out).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Adds what the bars are for.
fn note(set: &Set, pairs: &Pairs, measures: &mut Measures) {
    let name = |of: &str| format!("{}, {of}", set.name);
    let (low, high) = pairs.interval(score::DENIED);
    let classes = pairs.classes(score::DENIED);
    println!(
        "  {:<34} macro-F1 {low:.3} to {high:.3}; happened, open, denied: {} {} {}",
        "  95 of 100 resamples", classes[0], classes[1], classes[2]
    );
    let (bar, beside) = set.macro_f1;
    let beside = format!("{beside}; 95 of 100 resamples {low:.3} to {high:.3}");
    measures.add(
        &name("macro-F1"),
        pairs.macro_f1(score::DENIED),
        bar..,
        &beside,
    );
    if let Some((bar, beside)) = set.error {
        measures.add(&name("mean absolute error"), pairs.error(), ..=bar, beside);
    }
    if let Some((bar, beside)) = set.correlation {
        measures.add(&name("Pearson's r"), pairs.correlation(), bar.., beside);
    }
}

fn print(name: &str, pairs: &Pairs) {
    println!(
        "  {name:<34} macro-F1 {:.3}  MAE {:.3}  r {:.3}  n {:>5}  (macro-F1 with denied from -2: {:.3}, below 0: {:.3})",
        pairs.macro_f1(score::DENIED),
        pairs.error(),
        pairs.correlation(),
        pairs.0.len(),
        pairs.macro_f1(-score::CERTAIN),
        pairs.macro_f1(-0.001),
    );
}

/// For each value that is given, the mean of those annotated where it is.
fn calibration(pairs: &Pairs) -> String {
    let mut levels: BTreeMap<i64, Vec<f32>> = BTreeMap::new();
    for &(annotated, given) in &pairs.0 {
        let tenths = f64::from(given * 10.0).round() as i64;
        levels.entry(tenths).or_default().push(annotated);
    }
    let levels = levels.into_iter().map(|(tenths, annotated)| {
        let mean = annotated.iter().sum::<f32>() / annotated.len() as f32;
        let given = tenths as f64 / 10.0;
        format!("{given:.1}: {mean:.1} ({})", annotated.len())
    });
    levels.collect::<Vec<_>>().join("  ")
}

/// The value of the clause that an event belongs to.
fn value(clauses: &[Clause], event: &Event) -> f32 {
    let headed = clauses.iter().find(|clause| clause.is_headed_by(event));
    let around = || {
        clauses
            .iter()
            .filter(|clause| clause.start <= event.start && event.end <= clause.end)
            .min_by_key(|clause| clause.end - clause.start)
    };
    headed
        .or_else(around)
        .and_then(|clause| clause.value)
        .unwrap_or(CERTAIN)
}
