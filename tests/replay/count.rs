//! The daemon's counts beside an independent one: `count.py` reads the same documents with the Universal Feed
//! Parser, installed from PyPI into an environment of its own under `target`.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde_json::json;

use super::histories::History;
use super::tally::Tally;

const FEEDPARSER: &str = "feedparser==6.0.14";

/// Prints both counts by history and in total. A failure when they differ by more than they may, or for a
/// reason that is not known; a success, and a line that says so, where there is no Python to count with.
pub(crate) fn compared(histories: &[History], tally: &Tally) -> ExitCode {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let Some(python) = python(&target.join("histories-python")) else {
        eprintln!(
            "skipped: there is no Python 3 with venv and pip that {FEEDPARSER} can be installed for"
        );
        return ExitCode::SUCCESS;
    };
    let published = target.join("histories-published.jsonl");
    write(histories, tally, &published).expect("target is writable");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/replay/count.py");
    let differences = target.join("histories-differences.txt");
    let status = Command::new(python)
        .arg(program)
        .arg(published)
        .arg(&differences)
        .status()
        .expect("Python starts");
    eprintln!("every difference and its cause: {}", differences.display());
    if status.success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The interpreter of an environment that has the parser, made where it is not there yet.
fn python(environment: &Path) -> Option<PathBuf> {
    let python = environment.join("bin/python");
    let run = |program: &Path, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).status();
        status.is_ok_and(|status| status.success()).then_some(())
    };
    if !python.exists() {
        let folder = environment.to_str()?;
        run(Path::new("python3"), &["-m", "venv", folder])?;
    }
    run(
        &python,
        &[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            FEEDPARSER,
        ],
    )?;
    Some(python)
}

/// A line for each history of a publisher's own documents.
fn write(histories: &[History], tally: &Tally, to: &Path) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(to)?);
    for history in histories {
        let Some(documents) = &history.documents else {
            continue;
        };
        let (revisions, dead) = tally.published(&history.feed);
        let documents = fs::canonicalize(documents)?;
        let line = json!({
            "feed": history.feed, "documents": documents, "dead": dead, "revisions": revisions,
        });
        writeln!(file, "{line}")?;
    }
    file.flush()
}
