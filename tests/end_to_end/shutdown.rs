//! How the daemon ends when it is asked to.

use std::collections::BTreeSet;
use std::time::Duration;

use wire::ClaimRecord;
use wire::claim::Status;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::{over_http, read};

pub(crate) async fn sigterm_under_load(backend: Backend) {
    let feeds = (0..20).map(|number| (format!("feed-{number:02}"), Format::Atom));
    let server = FeedServer::start(feeds, 30, 600, 4).await;
    for id in server.ids() {
        for _ in 0..30 {
            server.publish(id);
        }
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "50ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    eventually(PATIENCE, "the load comes in", async || {
        server.total(|feed| feed.requests.len()) > 5
    })
    .await;
    // The grace period of the config is 10 s; the process needs a moment to go.
    daemon.stop("TERM", Duration::from_secs(11)).await;

    let daemon = setup.start().await;
    eventually(PATIENCE, "the next process goes on", async || {
        server.caught_up()
    })
    .await;
    let raw = read(&setup, &daemon, &["raw"]).await;
    assert_eq!(raw.len(), 20 * 30, "every item once");
}

pub(crate) async fn ctrl_c_on_the_sample() {
    let options = Options {
        feeds: &[],
        interval: "",
        sample: true,
        partitions: 2,
    };
    let setup = Setup::new(Backend::Local, &options);
    let daemon = setup.start().await;
    let every = BTreeSet::from([
        Status::Confirmed,
        Status::Unconfirmed,
        Status::Denied,
        Status::Disputed,
        Status::NotAClaim,
    ]);
    eventually(
        Duration::from_secs(15),
        "claims of every status",
        async || {
            let claims = over_http(&daemon, &["claims.confirmed", "claims.unconfirmed"]).await;
            let statuses = claims
                .iter()
                .map(|it| it.decode::<ClaimRecord>().claim.status);
            statuses.collect::<BTreeSet<_>>().is_superset(&every)
        },
    )
    .await;
    daemon.stop("INT", Duration::from_secs(5)).await;
}
