//! Serves each history as one feed, a snapshot a poll.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::http::HeaderMap;

use super::histories::History;
use super::support::loopback::{Answer, Loopback};

/// The running server.
pub(crate) struct Replay {
    loopback: Loopback,
    feeds: Feeds,
}

type Feeds = Arc<Mutex<BTreeMap<String, Progress>>>;

/// How far a feed has come.
#[derive(Default)]
struct Progress {
    /// The history's place in the list.
    history: usize,
    snapshots: usize,
    served: usize,
    polls: usize,
    /// Requests after the last snapshot was served: the daemon has dealt with it.
    after_end: usize,
}

impl Replay {
    pub(crate) async fn serve(histories: Arc<Vec<History>>) -> Self {
        let progress = |(history, it): (usize, &History)| {
            let snapshots = it.snapshots.len();
            (
                it.feed.clone(),
                Progress {
                    history,
                    snapshots,
                    ..Progress::default()
                },
            )
        };
        let feeds: BTreeMap<_, _> = histories.iter().enumerate().map(progress).collect();
        let feeds = Arc::new(Mutex::new(feeds));
        let answering = Arc::clone(&feeds);
        let loopback = Loopback::serve(16, move |feed, headers| {
            let mut feeds = lock(&answering);
            match feeds.get_mut(feed) {
                Some(progress) => progress.answer(&histories, headers),
                None => Answer::status(404),
            }
        });
        Self {
            loopback: loopback.await,
            feeds,
        }
    }

    pub(crate) fn url(&self, feed: &str, number: usize) -> String {
        self.loopback.url(feed, number)
    }

    pub(crate) fn polls(&self, feed: &str) -> usize {
        lock(&self.feeds)[feed].polls
    }

    /// Whether every feed has been asked again after its last snapshot.
    pub(crate) fn finished(&self) -> bool {
        lock(&self.feeds).values().all(|feed| feed.after_end > 0)
    }

    /// Feeds whose history was not asked for to its end, with the number of snapshots left.
    pub(crate) fn unserved(&self) -> Vec<(String, usize)> {
        let feeds = lock(&self.feeds);
        let left = feeds
            .iter()
            .map(|(id, it)| (id.clone(), it.snapshots - it.served));
        left.filter(|(_, left)| *left > 0).collect()
    }
}

impl Progress {
    fn answer(&mut self, histories: &[History], headers: &HeaderMap) -> Answer {
        self.polls += 1;
        let next = self.served;
        let version = |served: usize| format!("\"{served}\"");
        if next == self.snapshots {
            self.after_end += 1;
            let named = headers
                .get("if-none-match")
                .and_then(|etag| etag.to_str().ok());
            if named == Some(&version(next)) {
                return Answer::status(304);
            }
        }
        self.served = (next + 1).min(self.snapshots);
        let history = &histories[self.history];
        Answer {
            status: 200,
            headers: vec![
                ("etag", version(self.served)),
                ("content-type", history.media_type.into()),
            ],
            body: history.snapshots[self.served - 1].clone(),
            sent: None,
        }
    }
}

fn lock(feeds: &Feeds) -> MutexGuard<'_, BTreeMap<String, Progress>> {
    feeds.lock().expect("no test panics with the feeds in hand")
}
