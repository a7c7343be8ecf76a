//! `claimwire tag`: documents in, tagged documents out.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;
use classifier::{Classifier, Scope, Text};
use wire::Tagged;

use super::Failure;
use crate::cli::Tag;
use crate::output::{self, plain};

/// Tags each line. A bad one is named on stderr, and those after it go on.
pub(super) fn tag(options: &Tag, classifier: &Classifier) -> Result<(), Failure> {
    let lines = open(&options.file).map_err(Failure::NotStarted)?;
    let scope = if options.all {
        Scope::All
    } else {
        Scope::Relevant
    };
    let colour = output::colour();
    let mut out = BufWriter::new(io::stdout().lock());
    for (number, line) in (1..).zip(lines.split(b'\n')) {
        let line = line.context("the documents cannot be read")?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let text: Text = match serde_json::from_slice(&line) {
            Ok(text) => text,
            Err(error) => {
                let bad = serde_json::json!({"line": number, "error": error.to_string()});
                writeln!(io::stderr(), "{bad}")?;
                continue;
            }
        };
        let tagged = classifier.tag(&text, scope);
        if !tagged.relevant && !options.all {
            continue;
        }
        if options.json {
            serde_json::to_writer(&mut out, &tagged)?;
            writeln!(out)?;
        } else {
            readable(&text, &tagged, colour, &mut out)?;
        }
    }
    Ok(out.flush()?)
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
