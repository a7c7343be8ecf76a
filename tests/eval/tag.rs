//! Documents through the real binary.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// An entity as `claimwire tag --json` prints it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Entity {
    /// First code point.
    pub(crate) start: usize,
    /// One past the last.
    pub(crate) end: usize,
    pub(crate) surface: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl Entity {
    pub(crate) fn overlaps(&self, start: usize, end: usize) -> bool {
        self.start < end && start < self.end
    }
}

#[derive(Deserialize)]
struct Tagged {
    entities: Vec<Entity>,
}

/// The entities of each text, in the order of the texts.
pub(crate) fn entities<'a>(
    texts: impl IntoIterator<Item = &'a str>,
    language: &str,
) -> Vec<Vec<Entity>> {
    tagged::<Tagged>(texts, language)
        .into_iter()
        .map(|tagged| tagged.entities)
        .collect()
}

/// What `claimwire tag --json --all` prints of each text, in the order of the texts.
pub(crate) fn tagged<'a, T: DeserializeOwned>(
    texts: impl IntoIterator<Item = &'a str>,
    language: &str,
) -> Vec<T> {
    let input: String = texts
        .into_iter()
        .map(|text| format!("{}\n", json!({"id": "", "lang": language, "text": text})))
        .collect();
    let mut child = Command::new(env!("CARGO_BIN_EXE_claimwire"))
        .args(["tag", "--json", "--all"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut stdin = child.stdin.take().expect("stdin is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("the binary ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("the binary reads its input");
    assert!(output.status.success(), "claimwire tag failed");
    String::from_utf8(output.stdout)
        .expect("JSON is UTF-8")
        .lines()
        .map(|line| serde_json::from_str(line).expect("every line is a tagged document"))
        .collect()
}
