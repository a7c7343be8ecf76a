//! `claimwire parse`: feed documents in, one JSON object or one summary each out.

use std::ffi::OsString;
use std::io::{self, BufRead as _, BufWriter, Write};
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;

use anyhow::Context as _;
use fetcher::parse::{self, Limits};
use serde::Serialize;
use wire::document::{FeedInfo, ParseStatus};
use wire::{Document, FeedId};

use super::{Failure, read};
use crate::cli::Parse;
use crate::output::plain;

#[derive(Serialize)]
struct Line<'a> {
    file: &'a str,
    #[serde(flatten)]
    document: &'a Document,
}

/// Parses every file that `options` name, in order. Bad input is a status, never a failure.
pub(super) fn parse(options: &Parse) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    if options.batch {
        // A file name is bytes, not text.
        for file in io::stdin().lock().split(b'\n') {
            let file = OsString::from_vec(file.context("stdin cannot be read")?);
            if !file.is_empty() {
                one(Path::new(&file), options, &mut out)?;
            }
        }
    }
    for file in &options.files {
        one(file, options, &mut out)?;
    }
    Ok(out.flush()?)
}

fn one(file: &Path, options: &Parse, out: &mut impl Write) -> io::Result<()> {
    let shown = file.display().to_string();
    let document = match read(file) {
        Ok(bytes) => parse::document_within(
            &Limits {
                received: Some(jiff::Timestamp::now()),
                ..Limits::default()
            },
            &bytes,
            options.content_type.as_deref(),
            options.base_url.as_deref(),
            &feed(file),
        ),
        Err(error) => unreadable(&format!("{error:#}")),
    };
    if options.json {
        serde_json::to_writer(
            &mut *out,
            &Line {
                file: &shown,
                document: &document,
            },
        )?;
        return writeln!(out);
    }
    summary(&shown, &document, out)
}

/// Items of a document on disk belong to a feed named after it, so that their ids are the same on
/// every machine.
fn feed(file: &Path) -> FeedId {
    let name = file
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned());
    FeedId(name.unwrap_or_default())
}

fn unreadable(reason: &str) -> Document {
    Document {
        status: ParseStatus::Error,
        quality: 0.0,
        repairs: vec![reason.to_owned()],
        dropped_characters: 0,
        encoding: String::new(),
        format: String::new(),
        feed: FeedInfo::default(),
        items: Vec::new(),
    }
}

fn summary(file: &str, document: &Document, out: &mut impl Write) -> io::Result<()> {
    let title = document.feed.title.as_deref().unwrap_or("(no title)");
    writeln!(
        out,
        "{file}: {}, {}, {} items, {}",
        wire::name(&document.status),
        if document.format.is_empty() {
            "no feed"
        } else {
            &document.format
        },
        document.items.len(),
        plain(title),
    )?;
    if !document.repairs.is_empty() {
        writeln!(out, "  repairs: {}", plain(&document.repairs.join(", ")))?;
    }
    for item in &document.items {
        let published = item.published.map_or_else(String::new, |at| at.to_string());
        let title = item
            .title
            .as_deref()
            .or(item.link.as_deref())
            .unwrap_or("(no title)");
        writeln!(out, "  {published:<20}  {}", plain(title))?;
    }
    Ok(())
}
