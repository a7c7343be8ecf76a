//! The fetch stage: follows the feeds of the partitions that this instance holds.
//!
//! Each partition of `feeds` is a task of its own. It restores the same partition of `feed-state`,
//! follows every feed in it, and commits what each poll found together with the feed's new state
//! under the partition's lease. Losing the partition ends the task with everything it had begun.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use fetcher::{Fetcher, Offer};
use futures::FutureExt as _;
use jiff::Timestamp;
use sink::envelope::{self, Trace};
use sink::{Appender, Batch, Entry, Error, Event, Lease, Log, Start};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::{FeedId, FeedSpec, FeedState};

use super::account::Account;
use crate::telemetry::spans::{Spans, Step};

/// Polls that may wait for their commit in one partition.
const COMMITS: usize = 32;
/// Feed definitions that may wait to be taken up in one partition.
const DEFINITIONS: usize = 256;

/// Runs the stage; ends once `stop` is cancelled and every poll that was under way is committed.
///
/// # Errors
/// [`Error::Fatal`] when the log cannot go on.
pub(crate) async fn run(
    log: Log,
    fetcher: Fetcher,
    spans: Spans,
    stop: CancellationToken,
) -> Result<(), Error> {
    let mut member = log.join("fetch", "feeds", Start::Beginning).await?;
    let tenure = member.tenure();
    // A request cannot be taken back as a commit can.
    let fetcher = fetcher.while_certain(move || tenure.clone().certain());
    let mut partitions = JoinSet::new();
    let mut held: HashMap<u32, Held> = HashMap::new();
    loop {
        let event = tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = partitions.join_next() => {
                ended_partition(ended)?;
                continue;
            }
            event = member.next() => event?,
        };
        match event {
            Event::Assigned(leases) => {
                for lease in leases {
                    let (definitions, receiver) = mpsc::channel(DEFINITIONS);
                    let (presence, gone) = mpsc::channel(1);
                    let partition = Partition {
                        lease,
                        log: log.clone(),
                        fetcher: fetcher.clone(),
                        spans: spans.clone(),
                        appender: member.appender(),
                        stop: stop.clone(),
                        presence,
                    };
                    let task = partitions.spawn(partition.run(receiver));
                    let partition = Held {
                        definitions,
                        task,
                        gone,
                    };
                    held.insert(lease.partition, partition);
                }
            }
            Event::Revoked(revoked) => {
                let mut leaving: Vec<Held> = revoked
                    .iter()
                    .filter_map(|partition| held.remove(partition))
                    .collect();
                leaving.iter().for_each(|partition| partition.task.abort());
                // The next event is asked for when nothing of them is under way any more: whoever gets
                // them then is alone with their hosts.
                for partition in &mut leaving {
                    partition.gone.recv().await;
                }
            }
            Event::Records(entries) => {
                for entry in entries {
                    // A partition whose task has ended is about to be revoked.
                    if let Some(held) = held.get(&entry.partition) {
                        let _ = held.definitions.send(entry).await;
                    }
                }
            }
        }
    }
    drop(held);
    while let Some(ended) = partitions.join_next().await {
        ended_partition(ended)?;
    }
    member.leave().await;
    Ok(())
}

/// A partition as the stage sees it.
struct Held {
    definitions: mpsc::Sender<Entry>,
    task: tokio::task::AbortHandle,
    /// Closed once nothing of the partition is under way.
    gone: mpsc::Receiver<Infallible>,
}

fn ended_partition(ended: Result<Result<(), Error>, tokio::task::JoinError>) -> Result<(), Error> {
    match ended {
        // The log will say that it was revoked; whoever is assigned it next starts over.
        Ok(Ok(()) | Err(Error::Lost)) => Ok(()),
        Ok(Err(fatal)) => Err(fatal),
        Err(join) if join.is_cancelled() => Ok(()),
        Err(panic) => Err(Error::Fatal(format!(
            "following a partition's feeds failed: {panic}"
        ))),
    }
}

/// One partition of `feeds`, for as long as its lease lasts.
struct Partition {
    lease: Lease,
    log: Log,
    fetcher: Fetcher,
    spans: Spans,
    appender: Appender,
    stop: CancellationToken,
    /// Held by everything that talks to the partition's hosts.
    presence: mpsc::Sender<Infallible>,
}

/// A feed that is being followed.
struct Following {
    spec: Arc<FeedSpec>,
    offset: u64,
    task: tokio::task::AbortHandle,
}

impl Partition {
    async fn run(self, mut definitions: mpsc::Receiver<Entry>) -> Result<(), Error> {
        let (offer, mut offers) = mpsc::channel(COMMITS);
        let mut follows = JoinSet::new();
        let mut commits = JoinSet::new();
        let mut leaves = JoinSet::new();
        let mut feeds = HashMap::new();
        let mut position = 0;

        // Whoever polled these hosts before, and was killed perhaps, may have asked one a moment ago.
        let spaced = tokio::time::sleep(self.fetcher.host_spacing());
        let stored = self.log.restore("feeds", self.lease.partition).await?;
        let mut states = self.states().await?;
        let defined: HashMap<_, _> = stored.iter().filter_map(definition).collect();
        let lost = |state: &FeedState| defined.get(&state.feed) != Some(&Some(state.url.clone()));
        self.leave(position, &states, lost, &mut leaves).await?;
        if self.stop.run_until_cancelled(spaced).await.is_none() {
            return Ok(());
        }
        for entry in &stored {
            self.take_up(entry, &mut states, &mut feeds, &mut follows, &offer);
        }
        drop(states);

        let mut batch = Vec::new();
        loop {
            let stopping = self.stop.is_cancelled();
            if stopping && follows.is_empty() && commits.is_empty() && offers.is_empty() {
                return Ok(());
            }
            tokio::select! {
                () = self.stop.cancelled(), if !stopping => {}
                Some(done) = commits.join_next() => committed(done)?,
                Some(offered) = offers.recv(), if commits.len() < COMMITS => {
                    let committing = commit(self.appender.clone(), self.lease, position, offered);
                    let spans = self.spans.clone();
                    commits.spawn(async move {
                        if let Some(step) = committing.await? {
                            spans.record(step);
                        }
                        Ok(())
                    });
                }
                // None are received once the stage is stopping.
                1.. = definitions.recv_many(&mut batch, DEFINITIONS), if !stopping => {
                    position = batch.iter().map(|entry| entry.offset + 1).max().unwrap_or(position);
                    let changed = changed(batch.drain(..), &feeds);
                    if changed.is_empty() {
                        continue;
                    }
                    for feed in changed.iter().filter_map(feed_id) {
                        if let Some(following) = feeds.remove(&feed) {
                            following.task.abort();
                        }
                    }
                    // A commit under way may be of a feed that starts over: its state counts.
                    while let Some(done) = commits.join_next().await {
                        committed(done)?;
                    }
                    let mut states = self.states().await?;
                    let defined: HashMap<_, _> = changed.iter().filter_map(definition).collect();
                    let lost = |state: &FeedState| {
                        let now = defined.get(&state.feed);
                        now.is_some_and(|url| url.as_ref() != Some(&state.url))
                    };
                    self.leave(position, &states, lost, &mut leaves).await?;
                    for entry in &changed {
                        self.take_up(entry, &mut states, &mut feeds, &mut follows, &offer);
                    }
                }
                Some(_) = follows.join_next() => {}
                Some(_) = leaves.join_next() => {}
            }
        }
    }

    /// What polling has taught of each feed in the partition, as it is written: decoded, the states of all
    /// would take several times as much at once.
    async fn states(&self) -> Result<HashMap<FeedId, Entry>, Error> {
        let entries = self.log.restore("feed-state", self.lease.partition).await?;
        let states = entries.into_iter();
        Ok(states
            .filter_map(|entry| Some((feed_id(&entry)?, entry)))
            .collect())
    }

    /// Ends the subscriptions of feeds that have left, or left their address. The state without it is
    /// committed before anybody follows the feed again, so one that comes back subscribes anew.
    async fn leave(
        &self,
        position: u64,
        states: &HashMap<FeedId, Entry>,
        lost: impl Fn(&FeedState) -> bool,
        leaves: &mut JoinSet<()>,
    ) -> Result<(), Error> {
        let mut records = Vec::new();
        let states = states.values().filter_map(decoded::<FeedState>);
        for mut state in states.filter(|state| lost(state)) {
            if let Some(subscription) = state.websub.take() {
                records.push(envelope::feed_state(&state, &fetcher::site(&state.url)));
                let (fetcher, feed) = (self.fetcher.clone(), state.feed);
                leaves.spawn(async move { fetcher.unsubscribe(&feed, &subscription).await });
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        let positions = vec![(self.lease, position)];
        self.appender.commit(Batch { records, positions }).await
    }

    /// Begins to follow the feed that `entry` defines; a tombstone only ends one.
    fn take_up(
        &self,
        entry: &Entry,
        states: &mut HashMap<FeedId, Entry>,
        feeds: &mut HashMap<FeedId, Following>,
        follows: &mut JoinSet<()>,
        offers: &mpsc::Sender<Offer>,
    ) {
        let Some(spec) = decoded::<FeedSpec>(entry).map(Arc::new) else {
            return;
        };
        let state = states
            .remove(&spec.id)
            .and_then(|entry| decoded::<FeedState>(&entry))
            .unwrap_or_else(|| fetcher::new_state(&spec, Timestamp::now()));
        let (offers, stop) = (offers.clone(), self.stop.clone());
        let following = self
            .fetcher
            .clone()
            .follow(Arc::clone(&spec), state, offers, stop);
        let presence = self.presence.clone();
        let task = follows.spawn(following.map(move |()| drop(presence)));
        feeds.insert(
            spec.id.clone(),
            Following {
                spec,
                offset: entry.offset,
                task,
            },
        );
    }
}

/// The newest definition of each feed in `entries` that is news to `feeds`.
fn changed(entries: impl Iterator<Item = Entry>, feeds: &HashMap<FeedId, Following>) -> Vec<Entry> {
    let mut newest: HashMap<Vec<u8>, Entry> = HashMap::new();
    for entry in entries {
        newest.insert(entry.key.clone(), entry);
    }
    let is_news = |entry: &Entry| match feed_id(entry).and_then(|feed| feeds.get(&feed)) {
        Some(following) => {
            entry.offset > following.offset
                && decoded::<FeedSpec>(entry).as_ref() != Some(following.spec.as_ref())
        }
        None => entry.value.is_some(),
    };
    newest.into_values().filter(is_news).collect()
}

/// The feed that `entry` is about, and its address unless it is a tombstone.
fn definition(entry: &Entry) -> Option<(FeedId, Option<String>)> {
    let url = decoded::<FeedSpec>(entry).map(|spec| spec.url);
    Some((feed_id(entry)?, url))
}

fn feed_id(entry: &Entry) -> Option<FeedId> {
    String::from_utf8(entry.key.clone()).ok().map(FeedId)
}

/// The value of `entry`; one that cannot be read is as good as absent, and is said to be.
fn decoded<T: serde::de::DeserializeOwned>(entry: &Entry) -> Option<T> {
    let value = entry.value.as_deref()?;
    serde_json::from_slice(value)
        .inspect_err(|error| {
            tracing::warn!(
                kafka.topic = entry.topic,
                kafka.partition = entry.partition,
                kafka.offset = entry.offset,
                %error,
                "a record of {} cannot be read and is passed over",
                entry.topic,
            );
        })
        .ok()
}

/// Commits what a poll found with the feed's new state, then tells the feed that it may go on. Gives the
/// poll as a step of the trace that its records carry; none for one that is no longer wanted.
async fn commit(
    appender: Appender,
    lease: Lease,
    position: u64,
    offer: Offer,
) -> Result<Option<Step>, Error> {
    if offer.committed.is_closed() {
        return Ok(None);
    }
    let trace = Trace::start();
    let poll = &offer.poll;
    let site = fetcher::site(&poll.state.url);
    let mut records: Vec<_> = poll
        .revisions
        .iter()
        .map(|revision| envelope::revision(revision, trace))
        .collect();
    records.extend(poll.dead.iter().map(|letter| envelope::dead(letter, trace)));
    records.push(envelope::feed_state(&poll.state, &site));
    appender
        .commit(Batch {
            records,
            positions: vec![(lease, position)],
        })
        .await?;
    Account::of_poll(poll).iter().for_each(Account::close);
    if poll.dead.is_some() {
        metrics::counter!("claimwire_dead_total", "origin" => "document").increment(1);
    }
    let step = Step {
        name: "poll",
        trace,
        begun: offer.begun,
        ended: Timestamp::now(),
        about: vec![
            ("feed.id", offer.feed.to_string()),
            ("server.address", site),
            ("claimwire.revisions", poll.revisions.len().to_string()),
        ],
        failure: poll.dead.as_ref().map(|letter| letter.reason.clone()),
    };
    // The feed may have been told to stop meanwhile; what it found is safe.
    let _ = offer.committed.send(());
    Ok(Some(step))
}

fn committed(done: Result<Result<(), Error>, tokio::task::JoinError>) -> Result<(), Error> {
    done.unwrap_or_else(|panic| Err(Error::Fatal(format!("a commit failed: {panic}"))))
}
