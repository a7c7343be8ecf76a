//! What the local log does on its own disk.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use sink::{Cleanup, Log, Record, Standing, TopicSpec};

use crate::place::{Place, follow, numbered, record, take, topics, value};

pub(crate) async fn a_second_process_is_refused_with_the_directory_named(place: Place) {
    let log = place.open().await;
    // A file lock is per open file, so a second opening stands for a second process.
    let refusal = refusal(&place).await;
    let directory = place.on_disk().directory.display().to_string();
    assert!(
        refusal.contains(&directory) && refusal.contains("another process"),
        "{refusal}"
    );
    log.close().await;
}

pub(crate) async fn a_store_that_lost_its_data_is_refused(place: Place) {
    write_some(&place).await;
    fs::remove_dir_all(place.on_disk().directory.join("store")).expect("it is removed");
    let refusal = refusal(&place).await;
    assert!(
        refusal.contains("damaged") && refusal.contains("backup"),
        "{refusal}"
    );
}

/// Whatever file is damaged: the log is refused, or nothing of it is missing.
pub(crate) async fn a_store_with_a_garbled_file_is_refused_or_whole(place: Place) {
    write_some(&place).await;
    let directory = place.on_disk().directory.clone();
    let copy = directory.with_extension("whole");
    copy_all(&directory, &copy);
    for file in files(&directory) {
        fs::remove_dir_all(&directory).expect("it is removed");
        copy_all(&copy, &directory);
        if file.file_name().is_some_and(|name| name == "lock") {
            continue;
        }
        let length = fs::metadata(&file).expect("it is there").len();
        let garbage = vec![0xa5; usize::try_from(length).expect("it is small")];
        fs::write(&file, garbage).expect("it is written");
        match Log::open(&place.settings, &topics()).await {
            Err(refusal) => assert!(refusal.to_string().contains("damaged"), "{refusal}"),
            Ok(log) => {
                let entries = take(&mut follow(&log, &["out"]).await, 100).await;
                assert_eq!(entries.len(), 100, "{}", file.display());
                log.close().await;
            }
        }
    }
}

/// Its tables alone would open, as the state of before.
pub(crate) async fn a_store_whose_last_journal_is_garbled_is_refused(place: Place) {
    let log = place.open().await;
    let body = "x".repeat(100_000);
    let records = (0..60).map(|key| record("out", &key.to_string(), &body));
    log.append(records.collect()).await.expect("it appends");
    log.close().await;
    let log = place.open().await;
    log.append(numbered("out", 0..10))
        .await
        .expect("it appends");
    // The daemon is killed: nothing is closed.
    let directory = place.on_disk().directory.clone();
    let left = directory.with_extension("left");
    copy_all(&directory, &left);
    log.close().await;
    fs::remove_dir_all(&directory).expect("it is removed");
    copy_all(&left, &directory);
    for file in files(&directory) {
        if file.extension().is_some_and(|extension| extension == "jnl") {
            let length = fs::metadata(&file).expect("it is there").len();
            let garbage = vec![0xa5; usize::try_from(length).expect("it is small")];
            fs::write(&file, garbage).expect("it is written");
        }
    }
    let refusal = refusal(&place).await;
    assert!(
        refusal.contains("damaged") && refusal.contains("commits are missing"),
        "{refusal}"
    );
}

pub(crate) async fn a_store_of_a_later_version_is_refused(place: Place) {
    write_some(&place).await;
    let version = place.on_disk().directory.join("version");
    let text = fs::read_to_string(&version).expect("it is there");
    fs::write(&version, text.replace("version 1", "version 7")).expect("it is written");
    let refusal = refusal(&place).await;
    assert!(refusal.contains("version 7"), "{refusal}");
}

pub(crate) async fn a_file_in_place_of_the_directory_is_refused(place: Place) {
    fs::write(&place.on_disk().directory, "not a directory").expect("it is written");
    let refusal = refusal(&place).await;
    let directory = place.on_disk().directory.display().to_string();
    assert!(refusal.contains(&directory), "{refusal}");
}

pub(crate) async fn records_past_their_age_go(place: Place) {
    let day = Duration::from_secs(24 * 60 * 60);
    let topics = kept(day, None);
    let log = Log::open(&place.settings, &topics).await.expect("it opens");
    let old = Record {
        timestamp: Timestamp::now() - 2 * day,
        ..record("out", "k", "old")
    };
    log.append(vec![old.clone(), old, record("out", "k", "young")])
        .await
        .expect("it appends");
    log.close().await;
    // Retention comes before the first commit after the start.
    let log = Log::open(&place.settings, &topics).await.expect("it opens");
    log.append(vec![record("out", "k", "younger")])
        .await
        .expect("it appends");
    let entries = take(&mut follow(&log, &["out"]).await, 2).await;
    assert_eq!(
        entries.iter().map(value).collect::<Vec<_>>(),
        ["young", "younger"]
    );
    assert_eq!(entries[0].offset, 2, "offsets are never given twice");
    log.close().await;
}

pub(crate) async fn the_oldest_records_past_the_size_go(place: Place) {
    let week = Duration::from_secs(7 * 24 * 60 * 60);
    let topics = kept(week, Some(20_000));
    let log = Log::open(&place.settings, &topics).await.expect("it opens");
    let body = "x".repeat(1000);
    let records = (0..100).map(|key| record("out", &key.to_string(), &body));
    log.append(records.collect()).await.expect("it appends");
    log.close().await;
    let log = Log::open(&place.settings, &topics).await.expect("it opens");
    log.append(vec![record("out", "last", "")])
        .await
        .expect("it appends");
    let mut follower = follow(&log, &["out"]).await;
    let first = follower.next().await.expect("it reads");
    assert!(first.offset >= 80 && first.offset < 90, "{}", first.offset);
    log.close().await;
}

pub(crate) async fn a_superseded_record_is_gone(place: Place) {
    let log = place.open().await;
    for round in 0..50 {
        log.append(vec![record("state", "k", &round.to_string())])
            .await
            .expect("it appends");
    }
    // Within one batch as well.
    log.append(vec![record("state", "k", "50"), record("state", "k", "51")])
        .await
        .expect("it appends");
    let first = follow(&log, &["state"])
        .await
        .next()
        .await
        .expect("it reads");
    assert_eq!((value(&first), first.offset), ("51", 51));
    log.close().await;
}

/// A write that was cut off in the middle is as if it had not begun.
pub(crate) async fn a_torn_last_write_costs_nothing_before_it(place: Place) {
    write_some(&place).await;
    let journal = files(&place.on_disk().directory)
        .into_iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "jnl"))
        .max();
    let journal = journal.expect("the store has a journal");
    let whole = fs::read(&journal).expect("it is read");
    let written = whole
        .iter()
        .rposition(|&byte| byte != 0)
        .map_or(0, |last| last + 1);
    // The beginning of a batch like the last one, without its end.
    let torn = [&whole[..written], &whole[written / 2..written - 7]].concat();
    fs::write(&journal, torn).expect("it is written");
    let log = place.open().await;
    log.append(vec![record("out", "k", "after")])
        .await
        .expect("it appends");
    let entries = take(&mut follow(&log, &["out"]).await, 101).await;
    assert_eq!(value(&entries[100]), "after");
    assert_eq!(entries[100].offset, 100);
    log.close().await;
}

/// Needs root, for a small disk of its own.
pub(crate) async fn a_full_disk_is_waited_for_and_nothing_is_lost(place: Place) {
    let directory = place.on_disk().directory.clone();
    let Some(disk) = SmallDisk::mount(&directory) else {
        return;
    };
    let log = place.open().await;
    let mut written = Vec::new();
    for round in 0..5 {
        let ballast = disk.fill();
        let text = format!("while full {round}");
        let append = log.append(vec![record("out", "k", &text)]);
        tokio::pin!(append);
        let waited = tokio::time::timeout(Duration::from_millis(700), append.as_mut()).await;
        assert!(waited.is_err(), "nothing is accepted: {waited:?}");
        let why = log.ready().await.expect_err("it is not ready");
        assert!(
            why.contains("free") && why.contains(&directory.display().to_string()),
            "{why}"
        );
        fs::remove_file(ballast).expect("it is removed");
        append.await.expect("it goes on by itself");
        assert_eq!(log.ready().await, Ok(()));
        written.push(text);
    }
    log.close().await;
    let ballast = disk.fill();
    let refusal = refusal(&place).await;
    assert!(
        refusal.contains("make room") && !refusal.contains("damaged"),
        "{refusal}"
    );
    let findings = Log::examine(&place.settings, &topics()).await;
    assert!(
        matches!(&findings[..], [disk] if disk.about == "disk" && disk.standing == Standing::Fail),
        "{findings:#?}"
    );
    fs::remove_file(ballast).expect("it is removed");
    let log = place.open().await;
    let entries = take(&mut follow(&log, &["out"]).await, written.len()).await;
    assert_eq!(entries.iter().map(value).collect::<Vec<_>>(), written);
    log.close().await;
}

/// A disk in memory, unmounted when it is dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).expect("it is made");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=160m", "none"])
            .arg(at)
            .stderr(Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(at.to_owned()));
        }
        #[expect(clippy::print_stderr, reason = "a test binary's own output")]
        {
            eprintln!("left out: the full disk, for no file system can be mounted here");
        }
        None
    }

    /// Leaves 8 MiB free; returns the file that takes the rest.
    fn fill(&self) -> PathBuf {
        let ballast = self.0.join("ballast");
        let mut file = fs::File::create(&ballast).expect("it is made");
        let block = vec![1; 1 << 20];
        // Until the disk says that it is full, and then a little less.
        let mut length = 0;
        while file.write_all(&block).is_ok() {
            length += block.len() as u64;
        }
        file.set_len(length.saturating_sub(8 << 20))
            .expect("it is cut");
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("-l").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn kept(age: Duration, bytes: Option<u64>) -> Vec<TopicSpec> {
    vec![TopicSpec {
        name: "out".into(),
        partitions: 1,
        cleanup: Cleanup::Delete { age, bytes },
    }]
}

async fn write_some(place: &Place) {
    let log = place.open().await;
    log.append(numbered("out", 0..100))
        .await
        .expect("it appends");
    log.close().await;
}

async fn refusal(place: &Place) -> String {
    let opened = Log::open(&place.settings, &topics()).await;
    let Err(refusal) = opened else {
        panic!("the log opened");
    };
    refusal.to_string()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("it is a directory");
    entries
        .map(|entry| entry.expect("it is listed").path())
        .flat_map(|path| {
            if path.is_dir() {
                files(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}

fn copy_all(from: &Path, to: &Path) {
    for file in files(from) {
        let place = to.join(file.strip_prefix(from).expect("it is inside"));
        fs::create_dir_all(place.parent().expect("it has one")).expect("it is made");
        fs::copy(&file, &place).expect("it is copied");
    }
}
