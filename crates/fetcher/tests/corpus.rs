//! How documents that nobody here wrote come through: the Universal Feed Parser's test suite, where it
//! lies beside the project. It is measured, never copied.

use std::fs;
use std::path::{Path, PathBuf};

use fetcher::parse;
use wire::FeedId;
use wire::document::ParseStatus;

/// Cases that read `entries[0]` must yield an entry; the rest of them differ on purpose.
const BAR: f64 = 1135.0 / 1149.0;

#[test]
fn documents_of_feedparser_yield_their_entries() {
    let shared = std::env::var_os("CLAIMWIRE_CORPORA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"),
        PathBuf::from,
    );
    let root = shared.join("feeds/feedparser/wellformed");
    if !root.exists() {
        println!("skipped: {} is not there", root.display());
        return;
    }
    let feed = FeedId("corpus".to_owned());
    let (mut cases, mut yielded, mut silent) = (0, 0, Vec::new());
    for path in documents(&root) {
        let bytes = fs::read(&path).expect("a listed file can be read");
        let head = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]).into_owned();
        if !head.contains("entries[0]") {
            continue;
        }
        cases += 1;
        let content_type = head.lines().find_map(|line| {
            line.trim()
                .strip_prefix("Header:")?
                .trim()
                .strip_prefix("Content-type:")
        });
        let document = parse::document(&bytes, content_type.map(str::trim), None, &feed);
        if document.items.is_empty() {
            println!(
                "no entry: {} {:?} {:?}",
                path.display(),
                document.status,
                document.repairs
            );
            if document.status == ParseStatus::Ok {
                silent.push(path);
            }
        } else {
            yielded += 1;
        }
    }
    println!("{yielded} of {cases} cases yield an entry");
    assert!(
        silent.is_empty(),
        "reported as fine without an entry: {silent:?}"
    );
    assert!(f64::from(yielded) >= f64::from(cases) * BAR);
}

fn documents(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)
        .expect("the corpus can be listed")
        .flatten()
    {
        let path = entry.path();
        if path.is_dir() {
            found.extend(documents(&path));
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            found.push(path);
        }
    }
    found.sort();
    found
}
