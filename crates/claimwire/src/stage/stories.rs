//! The stories as the tag stage knows them: read off `stories`, and kept up to date with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use classifier::story::{self, Bounds, Telling};
use sink::{Entry, Error, Follower, From, Log};
use wire::{ItemId, Story, StoryRecord};

const TOPIC: &str = "stories";

/// What every task of the stage sees of the stories; cheap to clone.
#[derive(Clone)]
pub(crate) struct Stories {
    log: Log,
    known: Arc<Mutex<story::Stories>>,
}

impl Stories {
    /// The stories on the log, and what is to be followed from there on.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub(crate) async fn open(log: &Log, bounds: Bounds) -> Result<(Self, Follower), Error> {
        let partitions = log.partitions(TOPIC);
        if partitions != 1 {
            return Err(Error::Fatal(format!(
                "topic {TOPIC} has {partitions} partitions: it must have one, whose offsets order all stories"
            )));
        }
        // Before the first is read, so that none falls between.
        let follower = log.follow(&[TOPIC], From::End).await?;
        let stories = Self {
            log: log.clone(),
            known: Arc::new(Mutex::new(story::Stories::new(bounds))),
        };
        stories.read(From::Last(bounds.items as u64)).await?;
        Ok((stories, follower))
    }

    /// Every story on the log, with nothing followed: for tagging again, where each item is to keep its own.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub(crate) async fn all(log: &Log, bounds: Bounds) -> Result<Self, Error> {
        let items = usize::MAX;
        let (stories, _) = Self::open(log, Bounds { items, ..bounds }).await?;
        Ok(stories)
    }

    /// Takes over what an earlier holder of a partition has committed: its items keep their stories.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the log cannot go on.
    pub(crate) async fn catch_up(&self) -> Result<(), Error> {
        let position = self.lock().position();
        self.read(From::Offset(position)).await
    }

    /// Takes over what comes; ends when the log cannot go on, or with the task.
    pub(crate) async fn follow(self, mut follower: Follower) -> Result<(), Error> {
        loop {
            let entry = follower.next().await?;
            self.learn(&entry);
        }
    }

    /// The story of an item, and the record of it where the item is a new one.
    pub(crate) fn assign(&self, telling: Telling<'_>) -> (Story, Option<StoryRecord>) {
        self.lock().assign(telling)
    }

    /// Takes back what was not committed.
    pub(crate) fn forget(&self, items: &[ItemId]) {
        let mut known = self.lock();
        items.iter().for_each(|item| known.forget(item));
    }

    async fn read(&self, from: From) -> Result<(), Error> {
        let mut range = self.log.range(TOPIC, 0, from).await?;
        while let Some(entry) = range.next().await? {
            self.learn(&entry);
        }
        Ok(())
    }

    fn learn(&self, entry: &Entry) {
        let Some(value) = entry.value.as_deref() else {
            return;
        };
        match serde_json::from_slice(value) {
            Ok(record) => self.lock().learn(entry.offset, record),
            Err(error) => tracing::warn!(
                kafka.topic = entry.topic,
                kafka.partition = entry.partition,
                kafka.offset = entry.offset,
                %error,
                "a record of {TOPIC} cannot be read and is passed over",
            ),
        }
    }

    fn lock(&self) -> MutexGuard<'_, story::Stories> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
