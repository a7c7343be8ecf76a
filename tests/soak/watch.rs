//! When a fresh item gets through.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::RngExt as _;
use rand::rngs::StdRng;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use wire::ItemRecord;

use crate::support::daemon::Setup;
use crate::support::feed::Wording;
use crate::support::feed_server::FeedServer;
use crate::support::follow::Follow;

/// Items that are published to see whether they get through.
const PROBES: usize = 3;
/// A fleet that takes longer is not one that recovers.
const LIMIT: Duration = Duration::from_secs(180);

type Seen = HashSet<(String, usize)>;

/// Follows the tagged items as any consumer would.
#[derive(Clone)]
pub(crate) struct Watch {
    server: Arc<FeedServer>,
    seen: watch::Receiver<Seen>,
    _reader: Arc<Mutex<JoinSet<()>>>,
}

impl Watch {
    pub(crate) fn start(checker: &Setup, server: Arc<FeedServer>) -> Self {
        let mut follow = Follow::on_kafka(checker, &["items.confirmed", "items.unconfirmed"]);
        let (sender, seen) = watch::channel(Seen::default());
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            while let Some(arrival) = follow.within(Duration::MAX).await {
                let item: ItemRecord = arrival.decode();
                if let Some(wording) = Wording::of(&item.text) {
                    let key = (item.source.feed.0, wording.item);
                    sender.send_modify(|seen| {
                        seen.insert(key);
                    });
                }
            }
        });
        Self {
            server,
            seen,
            _reader: Arc::new(Mutex::new(reader)),
        }
    }

    /// Publishes a few items and waits until they can be read.
    pub(crate) async fn recovery(&self, random: &mut StdRng) {
        let ids = self.server.ids();
        let probes = (0..PROBES).map(|_| {
            let id = &ids[random.random_range(0..ids.len())];
            (id.clone(), self.server.publish(id))
        });
        let probes: Vec<_> = probes.collect();
        let mut seen = self.seen.clone();
        let through = seen.wait_for(|seen| probes.iter().all(|probe| seen.contains(probe)));
        let through = timeout(LIMIT, through).await;
        assert!(
            through.is_ok(),
            "{probes:?} did not get through within {LIMIT:?}"
        );
    }
}
