//! `make eval`: how well attributions are found, on news in which others marked them.
//!
//! Every article of PolNeAR dev goes whole through `claimwire tag --json --all`, and only what that prints is
//! scored; beside it stands a plain list of reporting verbs, the single words of our own cue files. What is
//! counted is told in `attribution/score.rs`. The data is read from `../shared/corpora` (or
//! `CLAIMWIRE_CORPORA`); where it is not there, that is said. The worst errors of each kind are written to
//! `target/eval/`, to be read.
#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

#[path = "attribution/baseline.rs"]
mod baseline;
#[path = "entities/errors.rs"]
mod errors;
#[path = "measures.rs"]
mod measures;
#[path = "attribution/polnear.rs"]
mod polnear;
#[path = "attribution/score.rs"]
mod score;
#[allow(dead_code, reason = "entities are scored elsewhere")]
#[path = "tag.rs"]
mod tag;

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = std::env::var_os("CLAIMWIRE_CORPORA")
        .map_or_else(|| root.join("../shared/corpora"), PathBuf::from)
        .join("attribution/polnear/dev");
    let articles = polnear::read(&folder);
    if articles.is_empty() {
        println!("attribution: skipped, {} is not there", folder.display());
        return;
    }
    let tagged: Vec<Tagged> = tag::tagged(articles.iter().map(|article| &*article.text), "en");
    let verbs = baseline::Verbs::read(&root.join("config/cues/en.toml"));
    let mut ours = score::Scores::default();
    let mut listed = score::Scores::default();
    let mut errors = errors::Errors::default();
    for (article, tagged) in articles.iter().zip(tagged) {
        let text: Vec<char> = article.text.chars().collect();
        let found: Vec<polnear::Attribution> =
            tagged.attributions.into_iter().map(Into::into).collect();
        ours.add(&text, &article.attributions, &found);
        listed.add(&text, &article.attributions, &verbs.find(&text));
        score::note(&mut errors, &text, &article.attributions, &found);
    }
    println!("PolNeAR dev, {} articles: attribution", articles.len());
    ours.print("claimwire", true);
    listed.print(&format!("a list of {} verbs", verbs.len()), false);
    let mut measures = measures::Measures::default();
    ours.note(&listed, &mut measures);
    measures.write(&root, "attribution");
    let target = root.join("target/eval");
    std::fs::create_dir_all(&target).expect("target/ is writable");
    errors.write(&target.join("attribution.tsv"));
}

#[derive(Deserialize)]
struct Tagged {
    attributions: Vec<Found>,
}

#[derive(Deserialize)]
struct Found {
    source: Span,
    cue: Span,
    content: Span,
}

#[derive(Deserialize)]
struct Span {
    start: usize,
    end: usize,
}

impl Span {
    fn piece(self) -> polnear::Spans {
        let span = self.start..self.end;
        Some(span)
            .filter(|span: &Range<usize>| !span.is_empty())
            .into_iter()
            .collect()
    }
}

impl From<Found> for polnear::Attribution {
    fn from(found: Found) -> Self {
        Self {
            source: found.source.piece(),
            cue: found.cue.piece(),
            content: found.content.piece(),
        }
    }
}
