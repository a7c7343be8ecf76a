//! Sentences of our own: one a line, an event as `[word|value]`, the value from -3 to 3; `#` opens a comment.

use std::ops::RangeInclusive;
use std::path::Path;

use crate::events::{Event, Sentence};

const SCALE: RangeInclusive<f32> = -3.0..=3.0;

/// The sentences of a file; none where it is not there.
pub(crate) fn read(file: &Path) -> Option<Vec<Sentence>> {
    let content = std::fs::read_to_string(file).ok()?;
    let lines = content.lines().enumerate();
    let told = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let sentence = |(number, line)| {
        sentence(line).unwrap_or_else(|| {
            panic!(
                "{}:{}: an event is `[word|value]`, from -3 to 3",
                file.display(),
                number + 1
            )
        })
    };
    Some(told.map(sentence).collect())
}

fn sentence(line: &str) -> Option<Sentence> {
    let mut parts = line.split('[');
    let mut text = parts.next()?.to_owned();
    let mut events = Vec::new();
    for part in parts {
        let (event, rest) = part.split_once(']')?;
        let (word, value) = event.split_once('|')?;
        let value = value.parse().ok().filter(|value| SCALE.contains(value))?;
        let start = length(&text)?;
        text.push_str(word);
        events.push(Event {
            start,
            end: length(&text)?,
            value,
        });
        text.push_str(rest);
    }
    Some(Sentence { text, events })
}

/// In code points.
fn length(text: &str) -> Option<u32> {
    u32::try_from(text.chars().count()).ok()
}
