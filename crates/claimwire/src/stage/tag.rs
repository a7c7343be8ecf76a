//! The tag stage: reads revisions from `raw`, writes tagged items and claims.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use classifier::Classifier;
use classifier::story::{self, Bounds, Telling};
use futures::stream::FuturesOrdered;
use futures::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use sink::envelope::{self, Trace};
use sink::{Appender, Batch, Entry, Error, Event, Lease, Log, Record, Start};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use wire::record::Origin;
use wire::story::Sketch;
use wire::{ClaimRecord, DeadLetter, ItemId, ItemRecord, Revision, Tagged};

use super::account::Account;
use super::age::Age;
use super::stories::Stories;
use crate::config::Route;
use crate::telemetry::spans::Spans;

/// Batches that are tagged and wait for the one before them to be written.
const AHEAD: usize = 1;
/// Batches that are being committed, and bytes of their records, past which no more are made.
const UNDER_WAY: usize = 16;
const UNDER_WAY_BYTES: usize = 32 << 20;

/// What tagging needs besides the log.
#[derive(Clone)]
pub(crate) struct Tagger {
    /// The rules in force; a reload replaces them.
    pub(crate) classifier: watch::Receiver<Arc<Classifier>>,
    /// How much is remembered of stories.
    pub(crate) stories: Bounds,
    /// Where the daemon's own traces go.
    pub(crate) spans: Spans,
    /// Where else records go.
    pub(crate) routes: Arc<[Route]>,
    /// Whether this is tagging again, which the records then say.
    pub(crate) replay: bool,
    /// Who is shown each committed claim, if anybody.
    pub(crate) shown: Option<mpsc::Sender<ClaimRecord>>,
}

/// Runs the stage; ends once `stop` is cancelled and what was read is committed.
///
/// # Errors
/// [`Error::Fatal`] when the log cannot go on.
pub(crate) async fn run(log: Log, tagger: Tagger, stop: CancellationToken) -> Result<(), Error> {
    let (stories, follower) = Stories::open(&log, tagger.stories).await?;
    let mut following = JoinSet::new();
    following.spawn(stories.clone().follow(follower));
    let mut member = log.join("tag", "raw", Start::Committed).await?;
    let mut leases: Vec<Lease> = Vec::new();
    let (steps, waiting) = mpsc::channel(AHEAD);
    let committer = Committer {
        appender: member.appender(),
        tagger: tagger.clone(),
        stories: stories.clone(),
    };
    let mut committing = JoinSet::new();
    committing.spawn(committer.run(waiting));
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = following.join_next() => {
                return outcome(ended, "following the stories");
            }
            event = member.next() => event?,
        };
        match event {
            Event::Assigned(assigned) => {
                // Nobody commits any more where this fails, and says why below.
                if steps.send(Step::Settle).await.is_err() {
                    break;
                }
                stories.catch_up().await?;
                leases.extend(assigned);
            }
            Event::Revoked(revoked) => {
                leases.retain(|lease| !revoked.contains(&lease.partition));
            }
            Event::Records(entries) => {
                let positions = positions(&entries, &leases);
                let read = tagger.clone().tag(entries).await?;
                if steps.send(Step::Commit(positions, read)).await.is_err() {
                    break;
                }
            }
        }
    }
    drop(steps);
    while let Some(ended) = committing.join_next().await {
        outcome(ended, "committing")?;
    }
    member.leave().await;
    Ok(())
}

fn outcome(ended: Result<Result<(), Error>, JoinError>, what: &str) -> Result<(), Error> {
    ended.unwrap_or_else(|panic| Err(Error::Fatal(format!("{what} failed: {panic}"))))
}

/// What a batch of records held.
#[derive(Default)]
pub(crate) struct Read {
    /// How many records there were, tombstones left out.
    pub(crate) records: usize,
    pub(crate) items: Vec<Item>,
    pub(crate) irrelevant: Vec<(ItemId, u32)>,
    /// Records for what could not be read.
    pub(crate) dead: Vec<Record>,
}

/// A relevant revision that has its tags and not yet its story.
pub(crate) struct Item {
    pub(crate) revision: Revision,
    pub(crate) tags: Tagged,
    sketch: Sketch,
    age: Age,
    trace: Trace,
}

/// The records that a batch led to, and what to know of them once they are committed, or are not.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) records: Vec<Record>,
    claims: Vec<ClaimRecord>,
    /// Items that were given a story.
    assigned: Vec<ItemId>,
    /// How old what is written is.
    ages: Vec<Age>,
}

/// For each lease that a batch acts for, the offset to read next.
type Positions = Vec<(Lease, u64)>;

fn positions(entries: &[Entry], leases: &[Lease]) -> Positions {
    leases
        .iter()
        .filter_map(|lease| {
            let own = entries
                .iter()
                .filter(|entry| entry.partition == lease.partition);
            Some((*lease, own.map(|entry| entry.offset).max()? + 1))
        })
        .collect()
}

/// What the committer is asked for.
enum Step {
    Commit(Positions, Read),
    /// What is under way is to be answered first: what comes may be the same revisions again, and their stories
    /// depend on what became of them.
    Settle,
}

/// Commits what is tagged, in the order of the log, in which stories are given.
struct Committer {
    appender: Appender,
    tagger: Tagger,
    stories: Stories,
}

/// A batch that is being committed.
struct UnderWay {
    account: Account,
    dead: u64,
    assigned: Vec<ItemId>,
    claims: Vec<ClaimRecord>,
    ages: Vec<Age>,
    bytes: usize,
}

impl Committer {
    /// Ends with the steps, or when the log cannot go on.
    async fn run(self, mut steps: mpsc::Receiver<Step>) -> Result<(), Error> {
        let mut under_way = FuturesOrdered::new();
        let mut bytes = 0;
        loop {
            let has_room = under_way.len() < UNDER_WAY && bytes < UNDER_WAY_BYTES;
            tokio::select! {
                // The first look at a commit hands it to the log, which has to be before the next is made.
                biased;
                Some(settled) = under_way.next() => bytes -= self.settle(settled)?,
                step = steps.recv(), if has_room => match step {
                    Some(Step::Commit(positions, read)) => {
                        let (batch, records) = self.write(read);
                        bytes += batch.bytes;
                        let commit = self.appender.commit(Batch { records, positions });
                        under_way.push_back(commit.map(|outcome| (batch, outcome)));
                    }
                    asked @ (Some(Step::Settle) | None) => {
                        while let Some(settled) = under_way.next().await {
                            bytes -= self.settle(settled)?;
                        }
                        if asked.is_none() {
                            return Ok(());
                        }
                    }
                },
            }
        }
    }

    /// The records of a batch, and what to do once they are committed, or are not.
    fn write(&self, read: Read) -> (UnderWay, Vec<Record>) {
        let (account, dead) = (Account::of(&read), read.dead.len() as u64);
        let Output {
            records,
            claims,
            assigned,
            ages,
        } = self.tagger.write(read, &self.stories);
        let values = records.iter().filter_map(|it| it.value.as_ref());
        let bytes = values.map(Vec::len).sum();
        let batch = UnderWay {
            account,
            dead,
            assigned,
            claims,
            ages,
            bytes,
        };
        (batch, records)
    }

    /// Tells what became of a batch; returns how many bytes it had.
    fn settle(&self, (batch, outcome): (UnderWay, Result<(), Error>)) -> Result<usize, Error> {
        match outcome {
            Ok(()) => {
                batch.account.close();
                metrics::counter!("claimwire_dead_total", "origin" => "record")
                    .increment(batch.dead);
            }
            // Whoever holds the partition next tags the same revisions again.
            Err(Error::Lost) => {
                self.stories.forget(&batch.assigned);
                return Ok(batch.bytes);
            }
            Err(fatal) => return Err(fatal),
        }
        let now = Timestamp::now();
        for age in batch.ages {
            age.expose(now, &self.tagger.spans);
        }
        if let Some(shown) = &self.tagger.shown {
            for claim in batch.claims {
                // Somebody who reads slowly misses lines; the topics have them all.
                let _ = shown.try_send(claim);
            }
        }
        Ok(batch.bytes)
    }
}

impl Tagger {
    /// Tags `entries` on as many cores as there are, in order.
    ///
    /// # Errors
    /// [`Error::Fatal`] when a thread is lost.
    pub(crate) async fn tag(self, entries: Vec<Entry>) -> Result<Read, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(cores).max(1);
        let mut entries = entries.into_iter();
        let mut parts: Vec<JoinHandle<Read>> = Vec::new();
        loop {
            let part: Vec<Entry> = entries.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let classifier = self.classifier.borrow().clone();
            parts.push(tokio::task::spawn_blocking(move || {
                tag_part(&classifier, &part)
            }));
        }
        let mut read = Read::default();
        for part in parts {
            let part = part
                .await
                .map_err(|panic| Error::Fatal(format!("tagging failed: {panic}")))?;
            read.records += part.records;
            read.items.extend(part.items);
            read.irrelevant.extend(part.irrelevant);
            read.dead.extend(part.dead);
        }
        Ok(read)
    }

    /// Gives each item its story and writes what is to be committed.
    pub(crate) fn write(&self, read: Read, stories: &Stories) -> Output {
        let mut output = Output {
            records: read.dead,
            ..Output::default()
        };
        for item in read.items {
            let Item {
                revision,
                tags,
                sketch,
                age,
                trace,
            } = item;
            output.ages.push(age);
            let (story, told) = stories.assign(Telling {
                revision: &revision,
                sketch,
            });
            if let Some(told) = told {
                output.records.push(envelope::story(&told, trace));
                output.assigned.push(told.item);
            }
            let item = ItemRecord {
                replay: self.replay,
                ..ItemRecord::new(revision, story, tags)
            };
            self.write_item(&item, trace, &mut output);
        }
        output
    }

    fn write_item(&self, item: &ItemRecord, trace: Trace, output: &mut Output) {
        let first = output.records.len();
        output.records.push(envelope::item(item, trace));
        let claims = ClaimRecord::all(item);
        for claim in &claims {
            let status = claim.claim.status.name();
            metrics::counter!("claimwire_claims_total", "status" => status).increment(1);
            output.records.push(envelope::claim(claim, trace));
        }
        let routed: Vec<_> = self
            .routes
            .iter()
            .flat_map(|route| route.copies(item, &claims, &output.records[first..]))
            .collect();
        output.records.extend(routed);
        if self.shown.is_some() {
            output.claims.extend(claims);
        }
    }
}

fn tag_part(classifier: &Classifier, entries: &[Entry]) -> Read {
    let mut read = Read::default();
    for entry in entries {
        // A tombstone on `raw` says nothing.
        let Some(value) = entry.value.as_deref() else {
            continue;
        };
        read.records += 1;
        let begun = Timestamp::now();
        match tagged(classifier, value) {
            Ok((revision, tags)) if tags.relevant => {
                let trace = Trace::next(&entry.headers);
                read.items.push(Item {
                    sketch: story::sketch(&revision.title, &revision.text, &tags.entities),
                    age: Age::new(&revision, trace, begun),
                    revision,
                    tags,
                    trace,
                });
            }
            Ok((revision, _)) => read.irrelevant.push((revision.item, revision.revision)),
            Err(reason) => read.dead.push(dead(entry, value, reason)),
        }
    }
    for (relevant, count) in [("true", read.items.len()), ("false", read.irrelevant.len())] {
        metrics::counter!("claimwire_tagged_total", "relevant" => relevant).increment(count as u64);
    }
    read
}

/// The revision that `value` holds, and its tags.
fn tagged(classifier: &Classifier, value: &[u8]) -> Result<(Revision, Tagged), String> {
    let revision: Revision =
        serde_json::from_slice(value).map_err(|error| format!("not a revision: {error}"))?;
    let tags = catch_unwind(AssertUnwindSafe(|| classifier.classify(&revision)))
        .map_err(|_| "the classifier panicked on it".to_owned())?;
    Ok((revision, tags))
}

fn dead(entry: &Entry, value: &[u8], reason: String) -> Record {
    tracing::warn!(
        kafka.topic = entry.topic,
        kafka.partition = entry.partition,
        kafka.offset = entry.offset,
        reason,
        "a record of {} goes to dead",
        entry.topic,
    );
    let origin = Origin::Record {
        topic: entry.topic.clone(),
        partition: entry.partition,
        offset: entry.offset,
    };
    let letter = DeadLetter::new(origin, reason, value, Timestamp::now());
    envelope::dead(&letter, Trace::next(&entry.headers))
}
