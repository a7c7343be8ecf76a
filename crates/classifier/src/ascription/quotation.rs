//! Quotations that run over several sentences.

use std::ops::Range;

use super::Ascribed;
use super::reading::Reading;

/// Sentences that a quotation is followed through, to either side, so that reading stays linear.
const LONGEST_QUOTATION: usize = 40;

/// Lets each content that is a quotation begin where that does, and go on through the sentences
/// after it that go on quoting and name nobody else.
pub(crate) fn extend(reading: &Reading<'_>, found: &mut [Ascribed]) {
    let spoken: Vec<usize> = found
        .iter()
        .map(|one| one.cue.start)
        .filter(|&at| !reading.is_quoted(at))
        .collect();
    for one in found.iter_mut().filter(|one| !one.content.is_empty()) {
        if reading.is_quoted(one.cue.start) {
            continue;
        }
        let number = reading
            .sentences
            .partition_point(|sentence| sentence.end <= one.cue.start);
        // The quotation was opened in a sentence before.
        let mut first = number;
        while first > number.saturating_sub(LONGEST_QUOTATION)
            && reading.is_quoted(reading.sentences[first].start)
            && !reading.opens(reading.sentences[first].start)
            && one.content.start < one.cue.start
            && !has(&spoken, &reading.sentences[first - 1])
        {
            first -= 1;
        }
        if first < number {
            let sentence = reading.sentences[first].clone();
            let open = sentence.clone().rev().find(|&at| reading.opens(at));
            one.content.start = open.unwrap_or(sentence.start);
        }
        // It goes on in the sentences after.
        let quotes = reading.sentences[number]
            .clone()
            .any(|at| reading.is_quote(at));
        let mut next = number + 1;
        while quotes
            && next < reading.sentences.len().min(number + LONGEST_QUOTATION)
            && reading.is_quoted(reading.sentences[next].start)
            && !has(&spoken, &reading.sentences[next])
        {
            let sentence = reading.sentences[next].clone();
            let end = sentence
                .clone()
                .find(|&at| !reading.is_quoted(at))
                .unwrap_or(sentence.end);
            one.content.end = one.content.end.max(end);
            next += 1;
        }
    }
}

/// Whether one of these sorted tokens lies in a sentence.
fn has(tokens: &[usize], sentence: &Range<usize>) -> bool {
    let at = tokens.partition_point(|&at| at < sentence.start);
    tokens.get(at).is_some_and(|&at| at < sentence.end)
}
