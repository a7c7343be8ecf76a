//! CrossNER politics: people, organisations and places in English encyclopaedic sentences.

use std::path::Path;

use crate::errors::Errors;
use crate::measures::Measures;
use crate::tag;
use crate::{Counts, iob};

const BAR: f64 = 0.70;

/// What one of its types is to us; none for those that are not scored.
fn theirs(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "politician" | "person" => "person",
        "organisation" | "politicalparty" => "organisation",
        "country" | "location" => "place",
        _ => return None,
    })
}

fn ours(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "person" => "person",
        "organisation" | "nato_body" => "organisation",
        "place" => "place",
        _ => return None,
    })
}

pub(crate) fn evaluate(file: &Path, target: &Path, measures: &mut Measures) {
    let Ok(content) = std::fs::read_to_string(file) else {
        println!("CrossNER: skipped, {} is not there", file.display());
        return;
    };
    let sentences = iob::sentences(&content);
    let tagged = tag::entities(sentences.iter().map(|one| one.text.as_str()), "en");
    println!(
        "\nCrossNER politics dev, exact spans: politician, person = person; organisation, politicalparty = \
         organisation;\n  country, location = place; its other types are no answers, and a name found there counts \
         as wrong; bar F1 {BAR:.2}"
    );
    let mut errors = Errors::default();
    let mut all = Counts::default();
    let mut free = 0;
    let mut kinds = Vec::new();
    for kind in ["person", "organisation", "place"] {
        let mut counts = Counts::default();
        for (sentence, entities) in sentences.iter().zip(&tagged) {
            let text: Vec<char> = sentence.text.chars().collect();
            let spans: Vec<_> = sentence
                .spans
                .iter()
                .filter(|span| theirs(&span.kind) == Some(kind))
                .collect();
            let found: Vec<_> = entities
                .iter()
                .filter(|entity| ours(&entity.kind) == Some(kind))
                .collect();
            counts.annotated += spans.len();
            counts.found += found.len();
            for span in &spans {
                let same =
                    |entity: &&&tag::Entity| (entity.start, entity.end) == (span.start, span.end);
                if found.iter().any(|entity| same(&entity)) {
                    counts.right += 1;
                } else {
                    let what: String = text[span.start..span.end].iter().collect();
                    errors.note(
                        &format!("{kind} missed"),
                        &what,
                        &text,
                        span.start,
                        span.end,
                    );
                }
            }
            for entity in &found {
                let right = spans
                    .iter()
                    .any(|span| (entity.start, entity.end) == (span.start, span.end));
                if !right {
                    let kind = format!("{kind} invented");
                    errors.note(&kind, &entity.surface, &text, entity.start, entity.end);
                    free += usize::from(sentence.spans.iter().any(|span| {
                        theirs(&span.kind).is_none() && entity.overlaps(span.start, span.end)
                    }));
                }
            }
        }
        counts.print(kind, "");
        kinds.push((kind, counts.f1()));
        all += counts;
    }
    let lenient = Counts {
        found: all.found - free,
        ..all
    };
    all.print(
        "all three",
        &format!("(F1 {:.3} without those in its other types)", lenient.f1()),
    );
    let beside = "on its test, spaCy's small English model 0.643";
    let name = "CrossNER dev, people, organisations, places, F1";
    measures.add(name, all.f1(), BAR.., beside);
    for (kind, f1) in kinds {
        measures.add(&format!("  {kind}"), f1, .., "");
    }
    errors.write(&target.join("crossner.tsv"));
}
