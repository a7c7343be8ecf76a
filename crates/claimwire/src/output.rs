//! Claims as a person at a terminal reads them.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::ops::Range;

use wire::claim::Status;
use wire::revision::Change;
use wire::{Claim, ClaimRecord, Entity};

const BOLD: &str = "1";
const CUE: &str = "1;4";
const ENTITY: &str = "36";
const GREY: &str = "90";

/// Whether stdout shows colour: a terminal, unless `NO_COLOR` (no-color.org) says otherwise.
pub(crate) fn colour() -> bool {
    std::io::stdout().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// One line: how the text stands behind the claim, who published it, and the claim with the cue that
/// decided and its entities marked. Control characters of the text are left out.
pub(crate) fn claim_line(record: &ClaimRecord, colour: bool) -> String {
    let paint = Paint(colour);
    let mut line = standing(&record.claim, paint);
    if record.source.sample {
        let _ = write!(line, "{} ", paint.with(GREY, "[sample]"));
    }
    let _ = write!(
        line,
        "{}: ",
        paint.with(BOLD, &plain(&record.source.publisher))
    );
    line.push_str(&marked(
        &record.claim,
        &record.entities,
        &record.text,
        paint,
    ));
    if let Some(mark) = history(record) {
        let _ = write!(line, " {}", paint.with(GREY, mark));
    }
    line
}

/// The same for a claim of a document that no feed gave; `words` are those of its span.
pub(crate) fn bare_line(claim: &Claim, entities: &[Entity], words: &str, colour: bool) -> String {
    let paint = Paint(colour);
    standing(claim, paint) + &marked(claim, entities, words, paint)
}

/// A heading over lines.
pub(crate) fn heading(text: &str, colour: bool) -> String {
    Paint(colour).with(BOLD, text)
}

fn standing(claim: &Claim, paint: Paint) -> String {
    let status = format!("{:<11}", claim.status.name());
    let detail = format!("{:<22}", wire::name(&claim.status_detail));
    let status = paint.with(status_colour(claim.status), &status);
    format!("{status} {} ", paint.with(GREY, &detail))
}

/// `text` without what a terminal would obey: control and invisible formatting characters, and line
/// ends, which become spaces.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter_map(shown).collect()
}

fn shown(c: char) -> Option<char> {
    match c {
        '\n' | '\t' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some(' '),
        // Marks that turn the direction of what follows, and characters without a width.
        '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => None,
        c if c.is_control() => None,
        c => Some(c),
    }
}

fn status_colour(status: Status) -> &'static str {
    match status {
        Status::Confirmed => "32",
        Status::Unconfirmed => "33",
        Status::Denied => "31",
        Status::Disputed => "35",
        Status::NotAClaim => GREY,
    }
}

fn history(record: &ClaimRecord) -> Option<&'static str> {
    match record.change {
        Some(Change::Withdrawn { .. }) => Some("(withdrawn)"),
        Some(Change::Returned(_)) => Some("(returned)"),
        Some(Change::Edited(_)) => Some("(edited)"),
        None if record.revision > 1 => Some("(edited)"),
        None => None,
    }
}

/// The claim's words; where a cue and an entity overlap the cue's mark is the one that shows.
fn marked(claim: &Claim, entities: &[Entity], words: &str, paint: Paint) -> String {
    let start = claim.start;
    let within =
        |from: u32, to: u32| -> Range<u32> { from.saturating_sub(start)..to.saturating_sub(start) };
    let cue = claim.evidence.first().map(|cue| within(cue.start, cue.end));
    let entities: Vec<_> = entities
        .iter()
        .map(|entity| within(entity.start, entity.end))
        .collect();
    let style = |at: u32| {
        if cue.as_ref().is_some_and(|cue| cue.contains(&at)) {
            return Some(CUE);
        }
        entities
            .iter()
            .any(|entity| entity.contains(&at))
            .then_some(ENTITY)
    };

    let mut out = String::new();
    let mut run = String::new();
    let mut current = None;
    for (at, c) in (0..).zip(words.chars()) {
        let next = style(at);
        if next != current {
            out.push_str(&paint.maybe(current, &run));
            run.clear();
            current = next;
        }
        run.extend(shown(c));
    }
    out.push_str(&paint.maybe(current, &run));
    out
}

/// Puts colour on text, where there is colour.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    /// `text` in the style of an SGR sequence (ECMA-48 §8.3.117).
    fn with(self, style: &str, text: &str) -> String {
        self.maybe(Some(style), text)
    }

    fn maybe(self, style: Option<&str>, text: &str) -> String {
        match style {
            Some(style) if self.0 && !text.is_empty() => format!("\x1b[{style}m{text}\x1b[0m"),
            _ => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(change: &serde_json::Value, sample: bool) -> ClaimRecord {
        serde_json::from_value(serde_json::json!({
            "id": "0123/1/0", "item": "0123", "revision": 2, "index": 0,
            "text": "Reports\u{1b}[31m suggest Kyiv\nheld",
            "claim": {
                "start": 10, "end": 40, "status": "unconfirmed", "status_detail": "hearsay",
                "factuality": "PS+", "value": 1.0, "kind": "event", "polarity": "positive",
                "tense": "past", "attribution": null, "verifier": null,
                "evidence": [{"rule": "R7", "cue": "en.reports", "category": "HEARSAY", "start": 10, "end": 30}],
                "score": 0.8, "review": false, "admiralty": {"reliability": "F", "credibility": 4}
            },
            "entities": [{"start": 31, "end": 35, "surface": "Kyiv", "type": "place", "id": "place.kyiv"}],
            "language": "en", "title": "",
            "source": {"feed": "paper", "url": "https://paper.example/feed", "publisher": "The Paper\u{202e}",
                "language": "en", "country": "GB", "kind": "newspaper", "sample": sample},
            "fetched": "2026-01-01T00:00:00Z", "change": change, "rules": "r",
            "story": {"id": "5", "first": {"feed": "paper", "publisher": "The Paper", "item": "0123", "at": "2026-01-01T00:00:00Z"}}
        }))
        .unwrap()
    }

    #[test]
    fn a_piped_line_has_no_escape_of_ours_or_of_the_feed() {
        let line = claim_line(&record(&serde_json::json!(null), true), false);
        insta::assert_snapshot!(line, @"unconfirmed hearsay                [sample] The Paper: Reports[31m suggest Kyiv held (edited)");
    }

    #[test]
    fn a_terminal_shows_status_cue_and_entities() {
        let line = claim_line(
            &record(
                &serde_json::json!({"kind": "withdrawn", "confidence": 0.9}),
                false,
            ),
            true,
        );
        insta::assert_snapshot!(line.replace('\x1b', "ESC"), @"ESC[33munconfirmedESC[0m ESC[90mhearsay               ESC[0m ESC[1mThe PaperESC[0m: ESC[1;4mReports[31m suggestESC[0m ESC[36mKyivESC[0m held ESC[90m(withdrawn)ESC[0m");
    }
}
