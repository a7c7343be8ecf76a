//! Where the phrase ends that names a source.

use wire::entity::EntityType;

use super::{Finder, LONGEST_SOURCE, is_source};
use crate::mention;
use crate::text::Kind;

impl Finder<'_> {
    /// Where the noun phrase that ends before `end` begins.
    pub(super) fn noun_phrase_left(&self, end: usize) -> usize {
        let text = &self.analysis.text;
        let lexicon = self.analysis.lexicon;
        let floor = self.sentence.start.max(end.saturating_sub(LONGEST_SOURCE));
        let mut verb_end = self.auxiliaries_left(end, floor);
        if verb_end > floor && self.is_comma(verb_end - 1) {
            verb_end -= 1;
        }
        let mut start = verb_end;
        while start > floor {
            let at = start - 1;
            let word = text.word(at);
            if matches!(word, ";" | ":" | "." | "—" | "–")
                || self.is_quote(at) && at + 1 < verb_end && self.is_quote_edge(at)
                || lexicon.that.contains(word)
                || lexicon.split.contains(word)
                || self.is_finite(at) && !self.in_relative(at, floor)
                || lexicon.conditions.contains(word)
            {
                break;
            }
            if self.is_comma(at) {
                // An apposition is crossed, a clause is not.
                let from = (floor..at)
                    .rev()
                    .find(|&comma| self.is_comma(comma))
                    .map_or(floor, |comma| comma + 1);
                let clause = (from..at).any(|token| self.is_finite(token))
                    && !lexicon.relative.contains(text.word(from));
                let named = mention::within(&self.analysis.mentions, &(from..at))
                    .iter()
                    .any(is_source);
                let here = mention::within(&self.analysis.mentions, &(start..verb_end))
                    .iter()
                    .any(|m| m.kind == EntityType::Person);
                if clause || !named || here {
                    break;
                }
            }
            start = at;
        }
        while start < verb_end
            && (!text.is_wordlike(start) || lexicon.coordinate.contains(text.word(start)))
        {
            start += 1;
        }
        start
    }

    fn in_relative(&self, at: usize, floor: usize) -> bool {
        (floor..at)
            .rev()
            .take_while(|&token| !self.is_comma(token))
            .any(|token| {
                self.analysis
                    .lexicon
                    .relative
                    .contains(self.analysis.text.word(token))
            })
    }

    fn is_quote_edge(&self, at: usize) -> bool {
        at == self.sentence.start || self.analysis.text.token(at - 1).kind == Kind::Punct
    }

    /// A noun phrase runs to a comma, a verb, a quotation or a content clause.
    pub(super) fn noun_phrase_right(&self, start: usize, limit: usize) -> usize {
        let text = &self.analysis.text;
        let lexicon = self.analysis.lexicon;
        let limit = limit.min(start + LONGEST_SOURCE);
        let mut end = start;
        while end < limit {
            let word = text.word(end);
            if text.token(end).kind == Kind::Quote && end > start
                || matches!(text.token(end).kind, Kind::Punct) && word != "." && word != "-"
                || lexicon.that.contains(word)
                || lexicon.split.contains(word)
                || lexicon.relative.contains(word)
                || self.is_finite(end)
            {
                break;
            }
            end += 1;
        }
        end
    }

    /// Steps left over the auxiliaries, negations and adverbs before a verb.
    pub(super) fn auxiliaries_left(&self, at: usize, floor: usize) -> usize {
        let interposed = |at: &usize| {
            let lexicon = self.analysis.lexicon;
            lexicon.is_interposed(&self.analysis.text, *at)
        };
        (floor..at)
            .rev()
            .take_while(interposed)
            .last()
            .unwrap_or(at)
    }
}
