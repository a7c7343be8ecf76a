//! Token and tag on a line, an empty line between sentences.

/// An annotated span by code points.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: String,
}

/// A sentence, its tokens joined by single spaces.
#[derive(Debug, Default)]
pub(crate) struct Sentence {
    pub(crate) text: String,
    pub(crate) spans: Vec<Span>,
    length: usize,
}

impl Sentence {
    fn push(&mut self, token: &str, tag: &str) {
        if !self.text.is_empty() {
            self.text.push(' ');
            self.length += 1;
        }
        let start = self.length;
        self.text.push_str(token);
        self.length += token.chars().count();
        let end = self.length;
        let Some((place, kind)) = tag.split_once('-') else {
            return;
        };
        match self.spans.last_mut() {
            Some(last) if place == "I" && last.kind == kind && last.end + 1 == start => {
                last.end = end;
            }
            _ => self.spans.push(Span {
                start,
                end,
                kind: kind.to_owned(),
            }),
        }
    }
}

/// The sentences of a file.
pub(crate) fn sentences(content: &str) -> Vec<Sentence> {
    let mut all = Vec::new();
    let mut sentence = Sentence::default();
    for line in content.lines() {
        match line.trim().rsplit_once([' ', '\t']) {
            Some((token, tag)) => sentence.push(token, tag),
            None if !sentence.text.is_empty() => all.push(std::mem::take(&mut sentence)),
            None => {}
        }
    }
    if !sentence.text.is_empty() {
        all.push(sentence);
    }
    all
}

/// Sentences put together into documents of `size`, a line each.
pub(crate) fn documents(sentences: Vec<Sentence>, size: usize) -> Vec<Sentence> {
    let mut documents: Vec<Sentence> = Vec::new();
    for (number, sentence) in sentences.into_iter().enumerate() {
        let Some(document) = documents.last_mut().filter(|_| number % size != 0) else {
            documents.push(sentence);
            continue;
        };
        document.text.push('\n');
        let offset = document.length + 1;
        document
            .spans
            .extend(sentence.spans.into_iter().map(|span| Span {
                start: span.start + offset,
                end: span.end + offset,
                ..span
            }));
        document.text.push_str(&sentence.text);
        document.length = offset + sentence.length;
    }
    documents
}
