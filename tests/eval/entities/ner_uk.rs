//! NER-UK 2.0: money, dates, percentages and jobs in Ukrainian news and fiction.

use std::path::Path;

use crate::errors::Errors;
use crate::measures::Measures;
use crate::tag::{self, Entity};
use crate::{Counts, iob};

/// Its type, and ours with what the id ends in.
const KINDS: [(&str, &str, &str); 4] = [
    ("MON", "money", ""),
    ("DATE", "date", ""),
    ("PCT", "quantity", ":%"),
    ("JOB", "role", ""),
];
const BAR: f64 = 0.80;
/// Sentences that are tagged as one document: enough to show a language and a topic.
const SENTENCES: usize = 20;

pub(crate) fn evaluate(file: &Path, target: &Path, measures: &mut Measures) {
    let Ok(content) = std::fs::read_to_string(file) else {
        println!("NER-UK: skipped, {} is not there", file.display());
        return;
    };
    let documents = iob::documents(iob::sentences(&content), SENTENCES);
    let tagged = tag::entities(documents.iter().map(|one| one.text.as_str()), "uk");
    println!(
        "\nNER-UK train, tokens joined by spaces; spans agree exactly (or overlap), bar F1 {BAR:.2}"
    );
    let mut errors = Errors::default();
    let mut all = Counts::default();
    let mut kinds = Vec::new();
    for (theirs, ours, ending) in KINDS {
        let mut exact = Counts::default();
        let mut overlapping = Counts::default();
        for (document, entities) in documents.iter().zip(&tagged) {
            let text: Vec<char> = document.text.chars().collect();
            let found: Vec<&Entity> = entities
                .iter()
                .filter(|entity| entity.kind == ours && entity.id.ends_with(ending))
                .collect();
            let spans: Vec<&iob::Span> = document
                .spans
                .iter()
                .filter(|span| span.kind == theirs)
                .collect();
            let same = |entity: &Entity, span: &iob::Span| {
                entity.start == span.start && entity.end == span.end
            };
            let right = spans
                .iter()
                .filter(|span| found.iter().any(|entity| same(entity, span)));
            exact += Counts {
                found: found.len(),
                annotated: spans.len(),
                right: right.count(),
            };
            let touched = spans.iter().filter(|span| {
                found
                    .iter()
                    .any(|found| found.overlaps(span.start, span.end))
            });
            overlapping += Counts {
                found: found.len(),
                annotated: spans.len(),
                right: touched.count(),
            };
            for span in spans
                .iter()
                .filter(|span| !found.iter().any(|one| same(one, span)))
            {
                let what: String = text[span.start..span.end].iter().collect();
                errors.note(
                    &format!("{theirs} missed"),
                    &what,
                    &text,
                    span.start,
                    span.end,
                );
            }
            for entity in found
                .iter()
                .filter(|one| !spans.iter().any(|span| same(one, span)))
            {
                let kind = format!("{theirs} invented");
                errors.note(&kind, &entity.surface, &text, entity.start, entity.end);
            }
        }
        all += exact;
        exact.print(theirs, &format!("(overlap F1 {:.3})", overlapping.f1()));
        kinds.push((ours, exact.f1()));
    }
    all.print("all four", "");
    let name = "NER-UK train, money, dates, percent, jobs, F1";
    measures.add(name, all.f1(), BAR.., "");
    for (kind, f1) in kinds {
        measures.add(&format!("  {kind}"), f1, .., "");
    }
    errors.write(&target.join("ner-uk.tsv"));
}
