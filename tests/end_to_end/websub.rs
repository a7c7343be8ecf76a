//! A feed whose hub pushes: from the offer to the end of the subscription.

use wire::{FeedState, Revision};

use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually, free_port};
use crate::support::feed::{self, Format, Wording};
use crate::support::feed_server::FeedServer;
use crate::support::hub::{self, Hub};
use crate::support::topics::{Record, read};

const FEED: &str = "herald";
const METHODS: [&str; 4] = ["sha1", "sha256", "sha384", "sha512"];

pub(crate) async fn pushed(backend: Backend) {
    let hub = Hub::start().await;
    let server = FeedServer::start([(FEED.to_owned(), Format::Rss)], 20, 300, 1).await;
    server.publish(FEED);
    server.publish(FEED);
    let urls = server.urls();
    let topic = urls[0].1.clone();
    server.link(
        FEED,
        format!("<{}>; rel=hub, <{topic}>; rel=self", hub.url()),
    );
    // Polled once and then hardly ever: what comes after the first document was pushed.
    let options = |feeds| Options {
        feeds,
        interval: "1h",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options(&urls));
    let port = free_port();
    let websub = format!(
        "\n[websub]\ncallback = \"http://127.0.0.1:{port}/websub\"\nlisten = \"127.0.0.1:{port}\"\n"
    );
    setup.write(&(setup.config(&options(&urls)) + &websub));
    let daemon = setup.start().await;
    eventually(PATIENCE, "the subscription is verified", async || {
        hub.subscribers(&topic).len() == 1
    })
    .await;
    let subscriber = hub.subscribers(&topic).remove(0);
    assert!(
        subscriber
            .callback
            .starts_with(&format!("http://127.0.0.1:{port}/websub/{FEED}/"))
    );
    assert!(!subscriber.callback.contains(&subscriber.secret));

    // Each push holds its news alone, and every way to sign is understood.
    for method in METHODS {
        let news = news(&server);
        assert_eq!(subscriber.push(method, &news).await, 202, "{method}");
        assert_eq!(
            subscriber.push(method, &news).await,
            202,
            "again by {method}"
        );
    }
    let revisions = raw(&setup, &daemon).await;
    assert_eq!(revisions.len(), 2 + METHODS.len(), "{revisions:?}");
    assert!(
        revisions
            .iter()
            .all(|it| it.revision == 1 && it.change.is_none())
    );

    refusals(&server, &subscriber, &topic).await;
    assert_eq!(raw(&setup, &daemon).await.len(), 2 + METHODS.len());
    let metrics = daemon.get("/metrics").await;
    assert!(
        metrics.contains("claimwire_pushes_total{outcome=\"forged\"} 3"),
        "{metrics}"
    );
    assert_eq!(
        server.look(FEED, |feed| feed.requests.len()),
        1,
        "it was polled once"
    );

    eventually(PATIENCE, "the lease is written down", async || {
        state(&setup, &daemon)
            .await
            .websub
            .is_some_and(|it| it.until.is_some())
    })
    .await;
    for page in [
        "/v1/feeds",
        "/v1/records?topic=feed-state&from=beginning&follow=false",
    ] {
        let shown = daemon.get(page).await;
        assert!(shown.contains(&hub.url()), "{page}: {shown}");
        assert!(!shown.contains(&subscriber.secret), "{page}");
    }
    assert!(!daemon.errors().contains(&subscriber.secret));

    // The subscription outlives the process.
    daemon.kill().await;
    let daemon = setup.start().await;
    let news = news(&server);
    eventually(PATIENCE, "the feed is followed again", async || {
        subscriber.push("sha256", &news).await == 202
    })
    .await;
    assert_eq!(raw(&setup, &daemon).await.len(), 3 + METHODS.len());
    assert_eq!(hub.requests("subscribe").len(), 1);

    // A feed that leaves the list leaves its hub.
    setup.write(&(setup.config(&options(&[])) + &websub));
    daemon.signal("HUP").await;
    eventually(PATIENCE, "the subscription has ended", async || {
        hub.subscribers(&topic).is_empty()
    })
    .await;
    assert_eq!(hub.requests("unsubscribe").len(), 1);
    eventually(PATIENCE, "nobody answers for the feed here", async || {
        subscriber.push("sha256", &news).await == 503
    })
    .await;
    assert!(state(&setup, &daemon).await.websub.is_none());
    daemon.stop("TERM", PATIENCE).await;
}

/// What a subscriber must not take, and what it must not agree to.
async fn refusals(server: &FeedServer, subscriber: &hub::Subscriber, topic: &str) {
    let news = news(server);
    let forged = format!("sha256={}", "0".repeat(64));
    for signature in [None, Some(forged.as_str()), Some("md5=00")] {
        let status = hub::send(&subscriber.callback, signature, &news).await;
        assert_eq!(status, 202, "a forger learns nothing from {signature:?}");
    }
    let (base, _) = subscriber.callback.rsplit_once('/').expect("a path");
    assert_eq!(hub::send(&format!("{base}/0000"), None, &news).await, 410);

    let question = |mode, topic, challenge| {
        let fields = [
            ("hub.mode", mode),
            ("hub.topic", topic),
            ("hub.challenge", challenge),
        ];
        async move { hub::ask(&subscriber.callback, &fields).await.0 }
    };
    assert_eq!(
        question("subscribe", "http://127.0.0.1/other", "a").await,
        404
    );
    assert_eq!(question("subscribe", topic, "").await, 404);
    assert_eq!(question("unsubscribe", topic, "a").await, 404);
    assert_eq!(question("publish", topic, "a").await, 404);
}

/// A document that holds nothing but an item that was published this moment.
fn news(server: &FeedServer) -> String {
    let item = server.publish(FEED);
    let wording = Wording { item, revision: 1 };
    feed::document(FEED, Format::Rss, &[wording], 300)
}

async fn raw(setup: &Setup, daemon: &Daemon) -> Vec<Revision> {
    let records = read(setup, daemon, &["raw"]).await;
    records.iter().map(Record::decode).collect()
}

async fn state(setup: &Setup, daemon: &Daemon) -> FeedState {
    let records = read(setup, daemon, &["feed-state"]).await;
    records.last().expect("a poll was committed").decode()
}
