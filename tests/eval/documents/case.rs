//! A case of the Universal Feed Parser's suite: a document whose first comment says what to expect of it.

use std::path::{Path, PathBuf};

/// Where the suite's own server would have served its files.
const SERVED_AT: &str = "http://127.0.0.1:8097/";

/// A document and what it is expected to hold.
pub(crate) struct Case {
    pub(crate) file: PathBuf,
    /// Its path within the suite.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The expression, in Python.
    pub(crate) expected: String,
    pub(crate) content_type: Option<String>,
    pub(crate) base_url: Option<String>,
}

impl Case {
    /// The case in `file`, which lies below `root`; None for a file that expects nothing.
    pub(crate) fn read(root: &Path, file: &Path) -> Option<Self> {
        let bytes = std::fs::read(file).ok()?;
        let head = head(&bytes);
        let line = |label: &str| {
            let (_, after) = head.split_once(label)?;
            Some(after.lines().next().unwrap_or_default().trim().to_owned())
        };
        let header = |name: &str| {
            let found = head
                .lines()
                .filter_map(|line| line.trim().strip_prefix("Header:"));
            found
                .filter_map(|header| header.split_once(':'))
                .find(|(known, _)| known.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let name = file.strip_prefix(root).ok()?.display().to_string();
        let base_url = base_url(&name, &header("Content-Location"));
        Some(Self {
            file: file.to_owned(),
            expected: line("Expect:")?,
            content_type: header("Content-type"),
            base_url,
            name,
            bytes,
        })
    }
}

/// The suite serves the cases about HTTP and reads the others from disk, where nothing is relative to anything.
fn base_url(name: &str, content_location: &Option<String>) -> Option<String> {
    let served = name.contains("/http/") || name.contains("/http_");
    let served_at = url::Url::parse(SERVED_AT)
        .ok()?
        .join(&format!("tests/{name}"))
        .ok()?;
    let located = content_location
        .as_deref()
        .and_then(|location| served_at.join(location).ok())
        .filter(|location| matches!(location.scheme(), "http" | "https"));
    served.then(|| located.unwrap_or(served_at).into())
}

/// The beginning of a document as text. Cases in UTF-16 and UTF-32 are told by where their zero bytes are.
fn head(bytes: &[u8]) -> String {
    let head = &bytes[..bytes.len().min(4096)];
    let wide = head.iter().take(64).filter(|byte| **byte == 0).count() > 8;
    if wide {
        return head
            .iter()
            .filter(|byte| byte.is_ascii() && **byte != 0)
            .map(|byte| char::from(*byte))
            .collect();
    }
    String::from_utf8_lossy(head).into_owned()
}
