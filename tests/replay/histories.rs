//! The recordings as `INDEX.tsv` lists them: snapshots of feeds in time order, single documents, and
//! entries or articles from which documents are made.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use axum::body::Bytes;
use liblzma::read::XzDecoder;
use serde::Deserialize;
use wire::Language;

/// Entries in a document that is made of entries.
const PAGE: usize = 50;

/// One feed's documents, oldest first.
pub(crate) struct History {
    pub(crate) feed: String,
    pub(crate) outlet: String,
    pub(crate) language: Language,
    pub(crate) media_type: &'static str,
    pub(crate) snapshots: Vec<Bytes>,
    /// Where the documents lie, if they are documents of a publisher and none that are made here.
    pub(crate) documents: Option<PathBuf>,
}

/// An entry of a feed that was kept as JSON.
#[derive(Deserialize)]
struct Entry {
    title: Option<String>,
    description: Option<String>,
    link: Option<String>,
    date_published: Option<String>,
}

/// The histories whose file name contains `only`.
pub(crate) fn read(folder: &Path, only: &str) -> Vec<History> {
    let index = fs::read_to_string(folder.join("INDEX.tsv")).expect("the index can be read");
    let rows = index
        .lines()
        .skip(1)
        .map(|row| row.split('\t').collect::<Vec<_>>());
    let chosen = rows.filter(|row| row.len() > 3 && row[0].contains(only));
    chosen
        .filter_map(|row| history(folder, row[0], row[2], row[3]))
        .collect()
}

/// `None` for recordings that are no feeds.
fn history(folder: &Path, file: &str, outlet: &str, language: &str) -> Option<History> {
    let path = folder.join(file);
    let collection = file.split('/').next().unwrap_or_default();
    const MADE: &str = "application/rss+xml; charset=utf-8";
    let (snapshots, media_type) = match collection {
        "datasets" => return None,
        "slavicner" => (pages(&articles(&path)), MADE),
        _ if file.ends_with(".jsonl.xz") => (pages(&entries(&path)), MADE),
        _ if file.ends_with(".tar.xz") => {
            let members = members(&path)
                .into_iter()
                .map(|(_, bytes)| Bytes::from(bytes));
            (members.collect(), "text/xml")
        }
        _ => (
            vec![Bytes::from(fs::read(&path).expect("the index lists files"))],
            "text/xml",
        ),
    };
    let name = file.split('.').next().unwrap_or(file).to_lowercase();
    let plain = |letter: char| {
        if letter.is_ascii_alphanumeric() {
            letter
        } else {
            '-'
        }
    };
    Some(History {
        feed: name.chars().map(plain).collect(),
        outlet: outlet.to_owned(),
        language: Language::from_tag(language),
        media_type,
        snapshots,
        documents: (media_type != MADE).then_some(path),
    })
}

/// The files of an archive by name, which for snapshots begins with the time.
fn members(path: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(xz(path));
    let mut members = Vec::new();
    for entry in archive.entries().expect("it is an archive") {
        let mut entry = entry.expect("the archive is whole");
        if entry.header().entry_type().is_file() {
            let name = entry.path().expect("a name").display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).expect("the archive is whole");
            members.push((name, bytes));
        }
    }
    members.sort();
    members
}

fn xz(path: &Path) -> impl Read + use<> {
    XzDecoder::new_multi_decoder(File::open(path).expect("the index lists files"))
}

fn entries(path: &Path) -> Vec<Entry> {
    let lines = BufReader::new(xz(path)).lines();
    let parse = |line: std::io::Result<String>| {
        serde_json::from_str(&line.expect("the file is whole")).expect("a line is an entry")
    };
    lines.map(parse).collect()
}

/// Articles as entries: the first line is the title.
fn articles(path: &Path) -> Vec<Entry> {
    let article = |(name, bytes): (String, Vec<u8>)| {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        Entry {
            title: lines.next().map(str::to_owned),
            description: Some(lines.collect::<Vec<_>>().join("\n\n")),
            link: Some(format!("https://articles.example/{name}")),
            date_published: None,
        }
    };
    members(path).into_iter().map(article).collect()
}

/// Documents of the entries, fifty in each.
fn pages(entries: &[Entry]) -> Vec<Bytes> {
    entries
        .chunks(PAGE)
        .map(|page| Bytes::from(rss(page)))
        .collect()
}

fn rss(entries: &[Entry]) -> String {
    let items: String = entries.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"><channel>\
         <title>Recorded</title><link>https://recorded.example/</link>\
         <description>Recorded entries</description>\n{items}</channel></rss>\n"
    )
}

fn item(entry: &Entry) -> String {
    let element = |name: &str, value: &Option<String>| match value {
        Some(value) => format!("<{name}>{}</{name}>", escape(value)),
        None => String::new(),
    };
    format!(
        "<item>{}{}{}{}</item>\n",
        element("title", &entry.title),
        element("description", &entry.description),
        element("link", &entry.link),
        // `2022-12-08 02:00:51+00:00` is RFC 3339 but for the blank.
        element(
            "pubDate",
            &entry
                .date_published
                .as_ref()
                .map(|date| date.replacen(' ', "T", 1))
        ),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
