//! The tag stage: reads revisions from `raw`, writes tagged items and claims.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use classifier::Classifier;
use jiff::Timestamp;
use sink::envelope::{self, Trace};
use sink::{Appender, Batch, Entry, Error, Event, Lease, Log, Record, Start};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;
use wire::record::Origin;
use wire::{ClaimRecord, DeadLetter, ItemRecord, Revision};

use crate::config::Route;

/// What tagging needs besides the log.
#[derive(Clone)]
pub(crate) struct Tagger {
    /// The rules in force; a reload replaces them.
    pub(crate) classifier: watch::Receiver<Arc<Classifier>>,
    /// Where else records go.
    pub(crate) routes: Arc<[Route]>,
    /// Who is shown each committed claim, if anybody.
    pub(crate) shown: Option<mpsc::Sender<ClaimRecord>>,
}

/// Runs the stage; ends once `stop` is cancelled and what was read is committed.
///
/// # Errors
/// [`Error::Fatal`] when the log cannot go on.
pub(crate) async fn run(log: Log, tagger: Tagger, stop: CancellationToken) -> Result<(), Error> {
    let mut member = log.join("tag", "raw", Start::Committed).await?;
    let mut leases: Vec<Lease> = Vec::new();
    // One batch is tagged while the one before commits; their order is the order of the log.
    let mut commits = JoinSet::new();
    while let Some(event) = stop.run_until_cancelled(member.next()).await {
        match event? {
            Event::Assigned(assigned) => leases.extend(assigned),
            Event::Revoked(revoked) => {
                leases.retain(|lease| !revoked.contains(&lease.partition));
            }
            Event::Records(entries) => {
                let positions = positions(&entries, &leases);
                let tagged = tagger.clone().tag(entries).await?;
                finish(&mut commits).await?;
                commits.spawn(commit(
                    member.appender(),
                    positions,
                    tagged,
                    tagger.shown.clone(),
                ));
            }
        }
    }
    finish(&mut commits).await?;
    member.leave().await;
    Ok(())
}

/// The records that a batch of revisions led to, and the claims among them.
#[derive(Default)]
struct Output {
    records: Vec<Record>,
    claims: Vec<ClaimRecord>,
}

/// For each lease, the offset after its last entry.
fn positions(entries: &[Entry], leases: &[Lease]) -> Vec<(Lease, u64)> {
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

async fn commit(
    appender: Appender,
    positions: Vec<(Lease, u64)>,
    output: Output,
    shown: Option<mpsc::Sender<ClaimRecord>>,
) -> Result<(), Error> {
    match appender
        .commit(Batch {
            records: output.records,
            positions,
        })
        .await
    {
        Ok(()) => {}
        // Whoever holds the partition next tags the same revisions again.
        Err(Error::Lost) => return Ok(()),
        Err(fatal) => return Err(fatal),
    }
    if let Some(shown) = shown {
        for claim in output.claims {
            // Somebody who reads slowly misses lines; the topics have them all.
            let _ = shown.try_send(claim);
        }
    }
    Ok(())
}

async fn finish(commits: &mut JoinSet<Result<(), Error>>) -> Result<(), Error> {
    while let Some(done) = commits.join_next().await {
        done.unwrap_or_else(|panic| Err(Error::Fatal(format!("a commit failed: {panic}"))))?;
    }
    Ok(())
}

impl Tagger {
    /// Tags `entries` on as many cores as there are, in order.
    async fn tag(self, entries: Vec<Entry>) -> Result<Output, Error> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let share = entries.len().div_ceil(cores).max(1);
        let mut entries = entries.into_iter();
        let mut parts: Vec<JoinHandle<Output>> = Vec::new();
        loop {
            let part: Vec<Entry> = entries.by_ref().take(share).collect();
            if part.is_empty() {
                break;
            }
            let tagger = self.clone();
            parts.push(tokio::task::spawn_blocking(move || tagger.tag_part(&part)));
        }
        let mut output = Output::default();
        for part in parts {
            let part = part
                .await
                .map_err(|panic| Error::Fatal(format!("tagging failed: {panic}")))?;
            output.records.extend(part.records);
            output.claims.extend(part.claims);
        }
        Ok(output)
    }

    fn tag_part(&self, entries: &[Entry]) -> Output {
        let classifier = self.classifier.borrow().clone();
        let mut output = Output::default();
        for entry in entries {
            // A tombstone on `raw` says nothing.
            let Some(value) = entry.value.as_deref() else {
                continue;
            };
            let trace = Trace::next(&entry.headers);
            match tagged(&classifier, value) {
                Ok(Some(item)) => self.write(&item, trace, &mut output),
                Ok(None) => {}
                Err(reason) => output.records.push(dead(entry, value, reason, trace)),
            }
        }
        output
    }

    fn write(&self, item: &ItemRecord, trace: Trace, output: &mut Output) {
        let first = output.records.len();
        output.records.push(envelope::item(item, trace));
        let claims = ClaimRecord::all(item);
        for claim in &claims {
            let status = wire::claim::Status::name(claim.claim.status);
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

/// The tagged item in the revision that `value` holds; none when it is not about NATO or Ukraine.
fn tagged(classifier: &Classifier, value: &[u8]) -> Result<Option<ItemRecord>, String> {
    let revision: Revision =
        serde_json::from_slice(value).map_err(|error| format!("not a revision: {error}"))?;
    let tags = catch_unwind(AssertUnwindSafe(|| classifier.classify(&revision)))
        .map_err(|_| "the classifier panicked on it".to_owned())?;
    let relevant = if tags.relevant { "true" } else { "false" };
    metrics::counter!("claimwire_tagged_total", "relevant" => relevant).increment(1);
    Ok(tags.relevant.then(|| ItemRecord::new(revision, tags)))
}

fn dead(entry: &Entry, value: &[u8], reason: String, trace: Trace) -> Record {
    tracing::warn!(
        kafka.topic = entry.topic,
        kafka.partition = entry.partition,
        kafka.offset = entry.offset,
        reason,
        "a record of {} goes to dead",
        entry.topic,
    );
    metrics::counter!("claimwire_dead_total", "origin" => "record").increment(1);
    let origin = Origin::Record {
        topic: entry.topic.clone(),
        partition: entry.partition,
        offset: entry.offset,
    };
    envelope::dead(
        &DeadLetter::new(origin, reason, value, Timestamp::now()),
        trace,
    )
}
