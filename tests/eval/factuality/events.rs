//! Annotated events: JSON lines of a sentence and the values of some of its words.

use std::path::Path;

use serde::Deserialize;

/// A sentence with annotated events.
#[derive(Debug)]
pub(crate) struct Sentence {
    /// Tokens joined by single spaces.
    pub(crate) text: String,
    pub(crate) events: Vec<Event>,
}

/// An annotated event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event {
    /// Its first word, in code points of the text.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// -3, certainly not, to 3, certainly.
    pub(crate) value: f32,
}

#[derive(Deserialize)]
struct Line {
    text: String,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    span1: [usize; 2],
    label: f32,
}

/// The sentences of a file; none where it is not there.
pub(crate) fn read(file: &Path) -> Option<Vec<Sentence>> {
    let content = std::fs::read_to_string(file).ok()?;
    let sentence = |line: &str| {
        let line: Line = serde_json::from_str(line).expect("a line is a sentence with targets");
        let mut spans = Vec::new();
        let mut at = 0;
        for token in line.text.split(' ') {
            let end = at + u32::try_from(token.chars().count()).expect("tokens are short");
            spans.push((at, end));
            at = end + 1;
        }
        let event = |target: Target| Event {
            start: spans[target.span1[0]].0,
            end: spans[target.span1[1] - 1].1,
            value: target.label,
        };
        Sentence {
            events: line.targets.into_iter().map(event).collect(),
            text: line.text,
        }
    };
    Some(content.lines().map(sentence).collect())
}
