//! `claimwire replay`: tags what is on `raw` again with the present rules.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use sink::{Entry, From, Log, Record, TopicSpec};
use wire::{ItemId, ItemRecord};

use super::Failure;
use crate::cli::Replay;
use crate::config::Config;
use crate::diff::Change;
use crate::output;
use crate::records;
use crate::stage::stories::Stories;
use crate::stage::tag::{Read, Tagger};
use crate::telemetry::spans::Spans;

/// Revisions that are tagged and written together.
const TOGETHER: usize = 500;
const ITEMS: [&str; 2] = ["items.confirmed", "items.unconfirmed"];

/// Replays partition by partition: the revisions of an item and its tags are in partitions of one number.
pub(super) async fn replay(options: &Replay, config: &Config) -> Result<(), Failure> {
    let classifier = Arc::new(super::classifier(config)?);
    let into = options.into.as_deref().unwrap_or_default();
    let log = open(config, into).await?;
    let (_rules, classifier) = tokio::sync::watch::channel(classifier);
    let tagger = Tagger {
        spans: Spans::default(),
        classifier,
        stories: config.story_bounds(),
        routes: config.routes().into(),
        shown: None,
        replay: true,
    };
    let replayed = Replaying {
        options,
        stories: Stories::all(&log, config.story_bounds()).await?,
        target: Target::new(options, into)?,
        log: log.clone(),
        tagger,
        counts: Counts::default(),
    }
    .run()
    .await;
    log.close().await;
    Ok(replayed?)
}

/// The log, beside a daemon where it is Kafka, with the topics to replay into.
async fn open(config: &Config, into: &str) -> Result<Log, Failure> {
    let mut topics = config.topics();
    if !into.is_empty() {
        let written = topics.clone().into_iter();
        let written =
            written.filter(|topic| !["feeds", "feed-state", "raw"].contains(&&*topic.name));
        topics.extend(written.map(|topic| TopicSpec {
            name: format!("{into}{}", topic.name),
            ..topic
        }));
    }
    Log::open(&config.log_settings_of("replay"), &topics)
        .await
        .map_err(|error| Failure::NotStarted(error.into()))
}

/// Where the records go.
enum Target {
    /// Into topics whose names begin so.
    Topics(String),
    /// Into a file of JSON lines.
    File(BufWriter<File>),
    /// Nowhere.
    Nothing,
}

struct Replaying<'a> {
    options: &'a Replay,
    log: Log,
    tagger: Tagger,
    stories: Stories,
    target: Target,
    counts: Counts,
}

/// What became of the revisions.
#[derive(Default)]
struct Counts {
    revisions: usize,
    same: usize,
    changed: usize,
    /// Relevant now, without tags before.
    gained: usize,
    /// Tagged before, irrelevant now.
    lost: usize,
    irrelevant: usize,
    dead: usize,
}

impl Replaying<'_> {
    async fn run(mut self) -> anyhow::Result<()> {
        let partitions = match &self.options.item {
            Some(item) => {
                let partition = self.log.partition("raw", item.as_bytes());
                partition..partition + 1
            }
            None => 0..self.log.partitions("raw"),
        };
        let bar = bar();
        for partition in partitions {
            self.partition(partition, &bar).await?;
        }
        bar.finish_and_clear();
        if let Target::File(file) = &mut self.target {
            file.flush().context("the file cannot be written")?;
        }
        self.counts.print(&self.target, self.options.compares())?;
        Ok(())
    }

    async fn partition(&mut self, partition: u32, bar: &ProgressBar) -> anyhow::Result<()> {
        let mut before = self.before(partition).await?;
        let from = self.options.begin(partition);
        let mut range = self.log.range("raw", partition, from).await?;
        let (begin, end) = range.bounds();
        bar.inc_length(end.saturating_sub(begin));
        let mut at = begin;
        let mut batch = Vec::new();
        loop {
            let entry = range.next().await?;
            let ended = entry.is_none();
            if let Some(entry) = entry {
                bar.inc((entry.offset + 1).saturating_sub(at));
                at = entry.offset + 1;
                batch.extend(Some(entry).filter(|entry| self.options.wants(entry)));
            }
            if batch.len() == TOGETHER || (ended && !batch.is_empty()) {
                self.batch(std::mem::take(&mut batch), &mut before, bar)
                    .await?;
            }
            if ended {
                bar.inc(end.saturating_sub(at));
                return Ok(());
            }
        }
    }

    /// The tags that the revisions of a partition have now; none where nothing is compared.
    async fn before(&self, partition: u32) -> anyhow::Result<HashMap<(ItemId, u32), ItemRecord>> {
        let mut before = HashMap::new();
        if !self.options.compares() {
            return Ok(before);
        }
        for topic in ITEMS {
            let mut range = self.log.range(topic, partition, From::Beginning).await?;
            while let Some(entry) = range.next().await? {
                let value = entry.value.as_deref().unwrap_or_default();
                // One that this version cannot read is compared as if it were not there.
                if let Ok(item) = serde_json::from_slice::<ItemRecord>(value) {
                    before.insert((item.item.clone(), item.revision), item);
                }
            }
        }
        Ok(before)
    }

    async fn batch(
        &mut self,
        entries: Vec<Entry>,
        before: &mut HashMap<(ItemId, u32), ItemRecord>,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        self.counts.revisions += entries.len();
        let read = self.tagger.clone().tag(entries).await?;
        self.counts.dead += read.dead.len();
        self.counts.irrelevant += read.irrelevant.len();
        if self.options.compares() {
            self.compare(&read, before, bar)?;
        }
        let output = self.tagger.write(read, &self.stories);
        match &mut self.target {
            Target::Topics(into) => {
                let renamed = output.records.into_iter().map(|record| Record {
                    topic: format!("{into}{}", record.topic),
                    ..record
                });
                self.log.append(renamed.collect()).await?;
            }
            Target::File(file) => {
                for record in &output.records {
                    writeln!(file, "{}", records::written(record))
                        .context("the file cannot be written")?;
                }
            }
            Target::Nothing => {}
        }
        Ok(())
    }

    fn compare(
        &mut self,
        read: &Read,
        before: &mut HashMap<(ItemId, u32), ItemRecord>,
        bar: &ProgressBar,
    ) -> anyhow::Result<()> {
        let mut changes = Vec::new();
        for item in &read.items {
            let key = (item.revision.item.clone(), item.revision.revision);
            let old = before.remove(&key);
            let change = Change::new(old.as_ref().map(|old| &old.tags), Some(&item.tags));
            match (&old, change.is_empty()) {
                (None, _) => self.counts.gained += 1,
                (Some(_), true) => self.counts.same += 1,
                (Some(_), false) => self.counts.changed += 1,
            }
            changes.push((key, item.revision.title.clone(), change));
        }
        for key in &read.irrelevant {
            if let Some(old) = before.remove(key) {
                self.counts.lost += 1;
                let change = Change::new(Some(&old.tags), None);
                changes.push((key.clone(), old.title, change));
            }
        }
        if self.options.diff {
            bar.suspend(|| {
                let mut out = io::stdout().lock();
                for ((item, revision), title, change) in &changes {
                    if !change.is_empty() {
                        let heading = output::plain(title);
                        writeln!(out, "{item}/{revision}  {heading}\n{change}")?;
                    }
                }
                out.flush()
            })?;
        }
        Ok(())
    }
}

impl Target {
    fn new(options: &Replay, into: &str) -> Result<Self, Failure> {
        match &options.file {
            _ if options.dry_run => Ok(Self::Nothing),
            Some(file) => Ok(Self::File(create(file).map_err(Failure::NotStarted)?)),
            None => Ok(Self::Topics(into.to_owned())),
        }
    }
}

/// A file that was not there.
fn create(file: &Path) -> anyhow::Result<BufWriter<File>> {
    let created = File::create_new(file);
    let created = created.with_context(|| format!("{} cannot be made", file.display()))?;
    Ok(BufWriter::new(created))
}

/// Shown on stderr, where that is a terminal.
fn bar() -> ProgressBar {
    let style =
        "{wide_bar} {percent:>3} %  {human_pos} of {human_len} offsets  {per_sec}  {eta} left";
    let style = ProgressStyle::with_template(style).expect("the template is well-formed");
    ProgressBar::new(0).with_style(style)
}

impl Replay {
    /// Where a partition is begun.
    fn begin(&self, partition: u32) -> From {
        let offset = self
            .offset
            .iter()
            .find(|place| place.partition == partition);
        match offset {
            Some(place) => From::Offset(place.offset),
            // A partition that is not named is not replayed.
            None if !self.offset.is_empty() => From::End,
            None => From::Beginning,
        }
    }

    fn wants(&self, entry: &Entry) -> bool {
        let since = self.from.is_none_or(|from| entry.timestamp >= from);
        let until = self.until.is_none_or(|until| entry.timestamp < until);
        let item = self.item.as_ref();
        since && until && item.is_none_or(|item| item.as_bytes() == entry.key)
    }

    fn compares(&self) -> bool {
        self.dry_run || self.diff
    }
}

impl Counts {
    fn print(&self, target: &Target, compared: bool) -> io::Result<()> {
        let tagged = self.revisions - self.irrelevant - self.dead;
        let verb = match target {
            Target::Nothing => "would be tagged",
            Target::Topics(_) | Target::File(_) => "tagged",
        };
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{} revisions: {tagged} {verb}, {} irrelevant, {} dead",
            self.revisions, self.irrelevant, self.dead
        )?;
        if compared {
            writeln!(
                out,
                "{} as before, {} with other tags, {} newly relevant, {} no longer relevant",
                self.same, self.changed, self.gained, self.lost
            )?;
        }
        Ok(())
    }
}
