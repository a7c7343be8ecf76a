//! Sentences through the real binary.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::json;

use crate::events::Event;

/// A clause as `claimwire tag --json --all` prints it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Clause {
    /// First code point.
    pub(crate) start: u32,
    /// One past the last.
    pub(crate) end: u32,
    head: Span,
    pub(crate) value: Option<f32>,
}

#[derive(Clone, Debug, Deserialize)]
struct Span {
    start: u32,
    end: u32,
}

impl Clause {
    pub(crate) fn is_headed_by(&self, event: &Event) -> bool {
        self.head.start < event.end && event.start < self.head.end
    }
}

#[derive(Deserialize)]
struct Tagged {
    clauses: Vec<Clause>,
}

/// The clauses of each text, in the order of the texts.
pub(crate) fn clauses<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Vec<Clause>> {
    let input: String = texts
        .into_iter()
        .map(|text| format!("{}\n", json!({"id": "", "text": text})))
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
        .map(|line| serde_json::from_str::<Tagged>(line).expect("every line is a tagged document"))
        .map(|tagged| tagged.clauses)
        .collect()
}
