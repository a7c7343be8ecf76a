//! News that come in and are edited while a test does something else, by chance that can be repeated.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]
#![expect(clippy::print_stderr, reason = "a test binary's own output")]

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::task::JoinSet;
use tokio::time::interval;

use super::feed_server::FeedServer;

/// An item of so many revisions is edited no more: of one that never rests only some are published.
const RESTS: u32 = 8;
/// Between two news.
const PACE: Duration = Duration::from_millis(60);

/// A seed that is said, so that a failure can be repeated by `CLAIMWIRE_TEST_SEED`.
pub(crate) fn seeded(who: &str) -> StdRng {
    let seed = std::env::var("CLAIMWIRE_TEST_SEED").map_or_else(
        |_| rand::random(),
        |seed| seed.parse().expect("the seed is a number"),
    );
    eprintln!("{who}: CLAIMWIRE_TEST_SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// Has news come in, and be edited, until what is returned is dropped or shut down.
pub(crate) fn coming(server: &Arc<FeedServer>, random: &mut StdRng) -> JoinSet<()> {
    let mut news = JoinSet::new();
    let edits = StdRng::seed_from_u64(random.random());
    news.spawn(evolve(Arc::clone(server), edits));
    news
}

async fn evolve(server: Arc<FeedServer>, mut random: StdRng) {
    let mut tick = interval(PACE);
    loop {
        tick.tick().await;
        let id = &server.ids()[random.random_range(0..server.ids().len())];
        let current = server.current(id);
        let resting = current
            .iter()
            .filter(|it| it.revision < RESTS)
            .collect::<Vec<_>>();
        if resting.is_empty() || random.random_bool(0.4) {
            server.publish(id);
        } else {
            let wording = resting[random.random_range(0..resting.len())];
            server.edit(id, wording.item);
        }
    }
}
