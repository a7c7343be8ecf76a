//! A local log whose process is killed while the store flushes and merges its tables.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sink::{LocalSettings, Log, Settings};

use crate::place::{Place, follow, record, take, topics, value};

/// Names the directory to write to, and turns this program into a writer.
const DIRECTORY: &str = "CLAIMWIRE_TEST_WRITES_TO";
const KILLS: usize = 8;
/// Enough for several tables, which are then merged.
const WRITTEN: usize = 150;
const BYTES: usize = 64 << 10;

/// Writes to the log that the environment names until it is killed, where it names one: a line on stdout for
/// each record that was acknowledged.
pub(crate) fn write_where_asked() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let settings = Settings::Local(LocalSettings {
        directory: directory.into(),
        prefix: "claimwire.".into(),
    });
    let write = async {
        let log = Log::open(&settings, &topics()).await.expect("it opens");
        let start = log.range("out", 0, sink::From::Beginning).await;
        let (_, mut next) = start.expect("it is known").bounds();
        loop {
            // No two are alike, so nothing is compressed away; each supersedes one that is merged away.
            let noise: String = (0..BYTES / 16)
                .map(|_| format!("{:016x}", rand::random::<u64>()))
                .collect();
            let key = (next % 20).to_string();
            let batch = vec![
                record("out", &key, &next.to_string()),
                record("state", &key, &format!("{next} {noise}")),
            ];
            log.append(batch).await.expect("it appends");
            writeln!(std::io::stdout(), "{next}").expect("somebody reads");
            next += 1;
        }
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    runtime.block_on(write);
}

pub(crate) async fn a_kill_while_tables_are_merged_loses_nothing(place: Place) {
    let directory = place.on_disk().directory.clone();
    let mut acknowledged = 0;
    for _ in 0..KILLS {
        acknowledged = killed_at_work(&directory, acknowledged);
        // Opening says nothing but that all is there: what was cut short is not damage.
        let log = place.open().await;
        let (_, end) = log
            .range("out", 0, sink::From::Beginning)
            .await
            .expect("it is read")
            .bounds();
        let end = usize::try_from(end).expect("a test writes little");
        // One may have been durable when nobody could be told any more.
        assert!(
            end == acknowledged || end == acknowledged + 1,
            "{end} records, and {acknowledged} were acknowledged"
        );
        acknowledged = end;
        let entries = take(&mut follow(&log, &["out"]).await, end).await;
        assert!(
            entries
                .iter()
                .enumerate()
                .all(|(number, entry)| value(entry) == number.to_string())
        );
        // The latest of each key, written in the same batches.
        let mut latest = BTreeSet::new();
        for partition in 0..2 {
            let kept = log.latest("state", partition).await.expect("it is read");
            latest.extend(kept.iter().map(|entry| {
                let number = value(entry)
                    .split(' ')
                    .next()
                    .expect("a number comes first");
                number.parse::<usize>().expect("it is a number")
            }));
        }
        assert_eq!(latest, (end - 20..end).collect());
        log.close().await;
    }
    let findings = Log::examine(&place.settings, &topics()).await;
    assert!(
        findings
            .iter()
            .all(|it| it.standing != sink::Standing::Fail),
        "{findings:#?}"
    );
}

/// Has another process write, and kills it when a table has just been begun; the number of records that it was
/// told are durable.
fn killed_at_work(directory: &Path, before: usize) -> usize {
    let mut writer = Command::new(std::env::current_exe().expect("this program has a path"))
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(writer.stdout.take().expect("it is piped")).lines();
    let mut told = before;
    while told < before + WRITTEN {
        let line = lines.next().expect("it goes on").expect("it is text");
        told = line.parse::<usize>().expect("it is a number") + 1;
    }
    // The writer goes on meanwhile; its pipe holds many more lines than it can write until then.
    await_new_table(directory, &mut writer);
    writer.kill().expect("it was running");
    writer.wait().expect("it is gone");
    let rest = lines.map_while(Result::ok).last();
    rest.map_or(told, |line| {
        line.parse::<usize>().expect("it is a number") + 1
    })
}

fn await_new_table(directory: &Path, writer: &mut Child) {
    let known = tables(directory);
    let deadline = Instant::now() + Duration::from_secs(30);
    while tables(directory).is_subset(&known) {
        assert!(
            Instant::now() < deadline && writer.try_wait().is_ok_and(|ended| ended.is_none()),
            "no table was begun"
        );
    }
}

/// The files of the store's tables.
fn tables(directory: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![directory.join("store")];
    while let Some(folder) = folders.pop() {
        // A file may go while it is looked at.
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .parent()
                .is_some_and(|folder| folder.ends_with("tables"))
            {
                found.insert(path);
            }
        }
    }
    found
}
