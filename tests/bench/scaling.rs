//! What tagging costs on Kafka: beside the classifier alone on the same texts, with more instances, and with more items.

use std::time::{Duration, Instant};

use classifier::{Classifier, RuleFiles};
use jiff::Timestamp;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use sink::envelope::{self, Trace};
use sink::{Cleanup, KafkaSettings, Log, Security, Settings, TopicSpec};
use tokio::process::Command;
use wire::document::ParseStatus;
use wire::feed::PublisherKind;
use wire::id::IdOrigin;
use wire::revision::{DocumentQuality, Source};
use wire::{FeedId, ItemId, Language, Revision};

use crate::process::{Quota, cpu_seconds};
use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually};
use crate::support::kafka;
use crate::tagging::{self, Document};

const PARTITIONS: u32 = 12;
/// Sentences of the labelled corpus in an item, which is as long as what feeds carry.
const SENTENCES: usize = 4;
/// How many times as many items as the classifier is given alone are read from Kafka: for some seconds, over which
/// its start and the broker's do not count.
const ROUNDS: usize = 3;
/// Items in one transaction of those that fill `raw`.
const TOGETHER: usize = 500;
/// Of a core, what each of several instances may use: with Kafka beside them, four of them have what they need.
const SHARE: f64 = 0.25;
/// How often the daemons are asked how far they are, which takes time of theirs.
const GLANCE: Duration = Duration::from_millis(200);
const IDLE: Options<'_> = Options {
    feeds: &[],
    interval: "1h",
    sample: false,
    partitions: PARTITIONS,
};

/// What the items say.
pub(crate) enum Texts {
    /// What real feeds carry, on any subject; most of it is not relevant.
    News(Vec<Document>),
    /// Sentences of the labelled corpus put together anew for every item: all are relevant, and nearly every
    /// sentence is a claim, with a record of its own.
    Claims(Vec<String>),
}

impl Texts {
    /// Both kinds, each with its name and as many items as take some seconds; without news where no feeds were
    /// recorded.
    pub(crate) fn kinds() -> Vec<(&'static str, Self, usize)> {
        let mut kinds = vec![("claims", Self::claims(), 20_000)];
        let news = tagging::news();
        if !news.is_empty() {
            kinds.push(("news", Self::News(news), 100_000));
        }
        kinds
    }

    pub(crate) fn claims() -> Self {
        Self::Claims(tagging::sentences())
    }

    /// Title and body of the item of that number; no two are alike, as news are not.
    fn of(&self, number: usize) -> Document {
        match self {
            Self::News(documents) => documents[number % documents.len()].clone(),
            Self::Claims(sentences) => {
                let mut random = StdRng::seed_from_u64(number as u64);
                let body: Vec<&str> = sentences
                    .sample(&mut random, SENTENCES)
                    .map(String::as_str)
                    .collect();
                let title = format!("NATO and Ukraine, report {number}");
                (title, body.join(" "))
            }
        }
    }
}

/// Items a second on one core.
pub(crate) struct OneCore {
    /// Read from Kafka, tagged and committed.
    pub(crate) committed: f64,
    /// How much of the core that has used.
    pub(crate) used: f64,
    /// By the classifier alone: from the bytes of a record to the bytes of its tags.
    pub(crate) tagged: f64,
    /// The same without reading and writing JSON.
    pub(crate) classified: f64,
}

pub(crate) async fn one_core(brokers: &str, texts: Texts, items: usize) -> OneCore {
    let mut raw = Raw::open(brokers, 1, texts).await;
    let revisions = raw.fill(items).await;
    for _ in 1..ROUNDS {
        raw.fill(items).await;
    }
    // A machine's speed changes by the minute, so that the classifier is measured on both sides of the daemon.
    let (revisions, before) = alone(revisions).await;
    // What Kafka takes of the time is not to come out of the one core.
    let (first, others, all) = cores();
    if let Some(broker) = kafka::process() {
        pin(broker, &others).await;
    }
    let work = raw.work(Some(&first)).await;
    if let Some(broker) = kafka::process() {
        pin(broker, &all).await;
    }
    let (_, after) = alone(revisions).await;
    let measured = 2.0 * items as f64;
    OneCore {
        committed: work.items as f64 / work.seconds,
        used: work.cpu / work.seconds,
        tagged: measured / (before.0 + after.0),
        classified: measured / (before.1 + after.1),
    }
}

/// Seconds that the classifier alone takes, with JSON and without; the revisions again.
async fn alone(revisions: Vec<Revision>) -> (Vec<Revision>, (f64, f64)) {
    let alone = tokio::task::spawn_blocking(move || {
        let classifier = Classifier::new(&RuleFiles::builtin()).expect("the rules are right");
        let records: Vec<Vec<u8>> = revisions
            .iter()
            .map(|revision| serde_json::to_vec(revision).expect("JSON"))
            .collect();
        let began = Instant::now();
        for record in &records {
            let revision: Revision = serde_json::from_slice(record).expect("a revision");
            let tags = classifier.classify(&revision);
            std::hint::black_box(serde_json::to_vec(&tags).expect("JSON"));
        }
        let tagged = began.elapsed().as_secs_f64();
        let began = Instant::now();
        for revision in &revisions {
            std::hint::black_box(classifier.classify(revision));
        }
        (revisions, (tagged, began.elapsed().as_secs_f64()))
    });
    alone.await.expect("it does not panic")
}

/// Items a second that so many instances tag together, each kept to its [`SHARE`] of a core where that is allowed
/// here, and CPU time of each item, in microseconds.
pub(crate) async fn instances(brokers: &str, count: usize, items: usize) -> (f64, f64) {
    let mut raw = Raw::open(brokers, count, Texts::claims()).await;
    let daemons = raw.launch();
    let quotas: Vec<_> = daemons
        .iter()
        .filter_map(|daemon| match Quota::of(daemon.pid(), SHARE) {
            Ok(quota) => Some(quota),
            Err(error) => {
                eprintln!("an instance has what it can get of the cores: {error}");
                None
            }
        })
        .collect();
    // Until all of them have a share of the partitions, which takes the group a while.
    let limit = Instant::now() + PATIENCE;
    while !all_at_work(&daemons).await {
        assert!(Instant::now() < limit, "not all have something to tag");
        raw.fill(TOGETHER).await;
        tokio::time::sleep(GLANCE).await;
    }
    raw.fill(items).await;
    let work = raw.finish(daemons).await;
    drop(quotas);
    work.rates()
}

/// Items a second and CPU time of each, in microseconds, for more and more items on one log.
pub(crate) async fn items(brokers: &str, counts: &[usize]) -> Vec<(f64, f64)> {
    let mut raw = Raw::open(brokers, 1, Texts::claims()).await;
    let mut costs = Vec::new();
    for count in counts {
        raw.fill(*count).await;
        costs.push(raw.work(None).await.rates());
    }
    costs
}

/// A `raw` topic of our own, and those who tag it.
struct Raw {
    log: Log,
    setups: Vec<Setup>,
    texts: Texts,
    written: usize,
    tagged: usize,
}

/// What tagging all that was there has taken.
struct Work {
    items: usize,
    seconds: f64,
    cpu: f64,
}

impl Work {
    /// Items a second, and microseconds of CPU time an item.
    fn rates(&self) -> (f64, f64) {
        let items = self.items as f64;
        (items / self.seconds, 1e6 * self.cpu / items)
    }
}

impl Raw {
    async fn open(brokers: &str, instances: usize, texts: Texts) -> Self {
        let first = Setup::new(Backend::Kafka(brokers.to_owned()), &IDLE);
        let settings = KafkaSettings {
            brokers: brokers.to_owned(),
            prefix: first.prefix.clone(),
            instance: "filler".to_owned(),
            security: Security::default(),
            replication: 0,
            commit_interval: Duration::ZERO,
            properties: [].into(),
        };
        let raw = TopicSpec {
            name: "raw".to_owned(),
            partitions: PARTITIONS,
            cleanup: Cleanup::Delete {
                age: Duration::from_hours(30 * 24),
                bytes: None,
            },
        };
        let log = Log::open(&Settings::Kafka(settings), &[raw]).await;
        let mut setups: Vec<Setup> = (1..instances)
            .map(|number| first.another(&format!("instance-{number}"), &IDLE))
            .collect();
        setups.push(first);
        Self {
            log: log.expect("the broker answers"),
            setups,
            texts,
            written: 0,
            tagged: 0,
        }
    }

    /// Writes so many more revisions to `raw`; returns them.
    async fn fill(&mut self, items: usize) -> Vec<Revision> {
        let numbers: Vec<usize> = (self.written..self.written + items).collect();
        let mut revisions = Vec::new();
        for some in numbers.chunks(TOGETHER) {
            let some: Vec<Revision> = some.iter().map(|number| self.revision(*number)).collect();
            let records = some.iter().map(|it| envelope::revision(it, Trace::start()));
            let appended = self.log.append(records.collect()).await;
            appended.expect("the broker takes them");
            // Of a million, nobody wants them all in memory.
            if items <= 100_000 {
                revisions.extend(some);
            }
        }
        self.written += items;
        revisions
    }

    fn revision(&self, number: usize) -> Revision {
        let (title, text) = self.texts.of(number);
        let now = Timestamp::now();
        let id = wire::id::digest(&[&self.setups[0].prefix, &number.to_string()]);
        Revision {
            item: ItemId(id),
            revision: 1,
            id_origin: IdOrigin::Guid,
            guid: None,
            source: Source {
                feed: FeedId("bench".to_owned()),
                url: "https://example.org/rss".to_owned(),
                publisher: "The Bench Gazette".to_owned(),
                language: Language::En,
                country: "BE".to_owned(),
                kind: PublisherKind::Newspaper,
                admiralty: None,
                sample: false,
            },
            title,
            text,
            truncated: false,
            link: None,
            authors: Vec::new(),
            categories: Vec::new(),
            enclosures: Vec::new(),
            published: Some(now),
            updated: None,
            fetched: now,
            change: None,
            document: DocumentQuality {
                status: ParseStatus::Ok,
                quality: 1.0,
                repairs: Vec::new(),
                gap_suspected: false,
            },
        }
    }

    /// Has everything tagged that was written since the last time, on those cores.
    async fn work(&mut self, cores: Option<&str>) -> Work {
        let daemons = self.launch();
        if let Some(cores) = cores {
            for daemon in &daemons {
                pin(daemon.pid(), cores).await;
            }
        }
        eventually(PATIENCE, "tagging begins", async || {
            tagged(&daemons).await > 0
        })
        .await;
        self.finish(daemons).await
    }

    fn launch(&self) -> Vec<Daemon> {
        self.setups.iter().map(|it| it.launch_as("tag")).collect()
    }

    /// Waits until everything is tagged; returns what that took from now on.
    async fn finish(&mut self, daemons: Vec<Daemon>) -> Work {
        let items = self.written - self.tagged;
        let (began, before) = (Instant::now(), tagged(&daemons).await);
        let cpu = cpu(&daemons);
        let mut tick = tokio::time::interval(GLANCE);
        let limit = Duration::from_secs(60 + items as u64 / 100);
        while tagged(&daemons).await < items {
            tick.tick().await;
            assert!(began.elapsed() < limit, "not all are tagged");
        }
        let seconds = began.elapsed().as_secs_f64();
        let cpu = self::cpu(&daemons) - cpu;
        for daemon in daemons {
            daemon.stop("TERM", PATIENCE).await;
        }
        self.tagged = self.written;
        Work {
            items: items - before,
            seconds,
            cpu,
        }
    }
}

/// Whether each of them has tagged something.
async fn all_at_work(daemons: &[Daemon]) -> bool {
    for daemon in daemons {
        if tagged(std::slice::from_ref(daemon)).await == 0 {
            return false;
        }
    }
    true
}

/// The first core, those after it (the first as well where it is alone), and all of them, as taskset(1) lists them.
fn cores() -> (String, String, String) {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let last = count - 1;
    (
        "0".to_owned(),
        format!("{}-{last}", last.min(1)),
        format!("0-{last}"),
    )
}

/// Keeps every thread of a process to those cores.
async fn pin(pid: u32, cores: &str) {
    let pinned = Command::new("taskset")
        .args(["-a", "-c", "-p", cores, &pid.to_string()])
        .stdout(std::process::Stdio::null())
        .status()
        .await;
    assert!(
        pinned.is_ok_and(|status| status.success()),
        "there is taskset"
    );
}

fn cpu(daemons: &[Daemon]) -> f64 {
    daemons.iter().map(|daemon| cpu_seconds(daemon.pid())).sum()
}

/// How many revisions they have tagged and committed.
async fn tagged(daemons: &[Daemon]) -> usize {
    let mut tagged = 0.0;
    for daemon in daemons {
        let Some(metrics) = daemon.asked("/metrics").await else {
            continue;
        };
        let counts = metrics
            .lines()
            .filter(|it| it.starts_with("claimwire_account_taken_total{stage=\"tag\"}"));
        tagged += counts
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum::<f64>();
    }
    tagged as usize
}
