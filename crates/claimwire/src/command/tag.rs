//! `claimwire tag`: documents in, tagged documents out.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::Path;

use anyhow::Context as _;
use classifier::{Classifier, Scope, Text};
use wire::Tagged;

use super::Failure;
use crate::cli::Tag;
use crate::output::{self, plain};

/// A longer line is refused unread: what a document costs in memory is a multiple of its length.
const LONGEST_LINE: usize = 1 << 20;

/// Tags each line. A bad one is named on stderr, and those after it go on.
pub(super) fn tag(options: &Tag, classifier: &Classifier) -> Result<(), Failure> {
    let mut lines = open(&options.file).map_err(Failure::NotStarted)?;
    let scope = if options.all {
        Scope::All
    } else {
        Scope::Relevant
    };
    let colour = output::colour();
    let mut out = BufWriter::new(io::stdout().lock());
    let mut line = Vec::new();
    let mut record = Vec::new();
    for number in 1.. {
        let read = next(&mut lines, &mut line).context("the documents cannot be read")?;
        let parsed = match read {
            Read::End => break,
            Read::Line if line.trim_ascii().is_empty() => continue,
            Read::Line => serde_json::from_slice(&line).map_err(|error| error.to_string()),
            Read::TooLong => Err(format!("longer than {LONGEST_LINE} bytes")),
        };
        let text: Text = match parsed {
            Ok(text) => text,
            Err(error) => {
                let bad = serde_json::json!({"line": number, "error": error});
                writeln!(io::stderr(), "{bad}")?;
                continue;
            }
        };
        let tagged = classifier.tag(&text, scope);
        if !tagged.relevant && !options.all {
            continue;
        }
        if options.json {
            record.clear();
            serde_json::to_writer(&mut record, &tagged)?;
            record.push(b'\n');
            out.write_all(&record)?;
        } else {
            readable(&text, &tagged, colour, &mut out)?;
        }
    }
    Ok(out.flush()?)
}

/// What the input holds next.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    Line,
    TooLong,
    End,
}

/// Reads the next line into `line`; of one that is too long no more than the limit is ever held.
fn next(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Read> {
    line.clear();
    let most = LONGEST_LINE as u64 + 1;
    if input.by_ref().take(most).read_until(b'\n', line)? == 0 {
        return Ok(Read::End);
    }
    if line.ends_with(b"\n") || line.len() <= LONGEST_LINE {
        return Ok(Read::Line);
    }
    line.clear();
    input.skip_until(b'\n')?;
    Ok(Read::TooLong)
}

fn open(file: &Path) -> anyhow::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(Box::new(BufReader::new(opened)))
}

fn readable(text: &Text, tagged: &Tagged, colour: bool, out: &mut impl Write) -> io::Result<()> {
    let whole = match text.title.as_deref() {
        Some(title) if !title.is_empty() => format!("{title}\n\n{}", text.text),
        _ => text.text.clone(),
    };
    let relevance = if tagged.relevant {
        "relevant"
    } else {
        "irrelevant"
    };
    let heading = format!("{} · {} · {relevance}", plain(&tagged.id), tagged.language);
    writeln!(out, "{}", output::heading(&heading, colour))?;
    for claim in &tagged.claims {
        let (start, length) = (claim.start as usize, (claim.end - claim.start) as usize);
        let words: String = whole.chars().skip(start).take(length).collect();
        writeln!(
            out,
            "  {}",
            output::bare_line(claim, &tagged.entities, &words, colour)
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_the_next_is_read() {
        let long = [b'x'].repeat(3 * LONGEST_LINE);
        let input = [b"a\n".as_slice(), &long, b"\n\nb"].concat();
        let mut input = BufReader::with_capacity(64, &input[..]);
        let mut line = Vec::new();
        let mut read = Vec::new();
        loop {
            let one = next(&mut input, &mut line).unwrap();
            assert!(line.capacity() <= 4 * LONGEST_LINE);
            if one == Read::End {
                break;
            }
            read.push((one, line.clone()));
        }
        let lines: Vec<(Read, Vec<u8>)> = vec![
            (Read::Line, b"a\n".to_vec()),
            (Read::TooLong, Vec::new()),
            (Read::Line, b"\n".to_vec()),
            (Read::Line, b"b".to_vec()),
        ];
        assert_eq!(read, lines);
    }
}
