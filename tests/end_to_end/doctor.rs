//! What `claimwire doctor` says of a log that is well, and of ones that are not.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use serde::Deserialize;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually, free_port};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::read;

const IDLE: Options<'_> = Options {
    feeds: &[],
    interval: "",
    sample: false,
    partitions: 2,
};

/// A line of `doctor --json`.
#[derive(Debug, Deserialize)]
struct Finding {
    about: String,
    standing: String,
    found: String,
    advice: String,
}

/// What it says, and whether it exits 0.
async fn examined(setup: &Setup) -> (bool, Vec<Finding>) {
    let mut command = setup.claimwire();
    command.args(["doctor", "--json"]).stderr(Stdio::null());
    let output = command.output().await.expect("it runs");
    let said = String::from_utf8(output.stdout).expect("it is text");
    let findings = said.lines();
    let findings = findings.map(|line| serde_json::from_str(line).expect("a line is JSON"));
    (output.status.success(), findings.collect())
}

/// The one failure, which is about this, and says what to do.
async fn fails(setup: &Setup, about: &str, found: &str) {
    let (well, findings) = examined(setup).await;
    let failed: Vec<_> = findings.iter().filter(|it| it.standing == "fail").collect();
    assert!(!well && !failed.is_empty(), "{findings:#?}");
    let this = failed
        .iter()
        .find(|it| it.about.contains(about) && it.found.contains(found));
    let this = this.unwrap_or_else(|| panic!("nothing says {found} of {about}: {findings:#?}"));
    assert!(!this.advice.is_empty(), "{this:?}");
}

/// A log with one item in it, whose daemon has stopped.
async fn used(backend: Backend) -> Setup {
    let server = FeedServer::start([("herald".to_owned(), Format::Rss)], 20, 300, 1).await;
    server.publish("herald");
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        ..IDLE
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    eventually(PATIENCE, "the item is tagged", async || {
        !read(&setup, &daemon, &["items.confirmed", "items.unconfirmed"])
            .await
            .is_empty()
    })
    .await;
    if let Backend::Local = setup.backend {
        // The log belongs to the daemon, which is left alone.
        let (well, findings) = examined(&setup).await;
        assert!(well, "{findings:#?}");
        let held = findings
            .iter()
            .find(|it| it.found.contains("another process"));
        assert_eq!(
            held.map(|it| it.standing.as_str()),
            Some("warn"),
            "{findings:#?}"
        );
    }
    daemon.stop("TERM", PATIENCE).await;
    setup
}

pub(crate) async fn finds_nothing(backend: Backend) {
    let setup = used(backend).await;
    let (well, findings) = examined(&setup).await;
    assert!(well, "{findings:#?}");
    let says = |about: &str| {
        let found = findings.iter().find(|it| it.about.contains(about));
        found.unwrap_or_else(|| panic!("nothing is said of {about}: {findings:#?}"))
    };
    assert_eq!(says("configuration").standing, "ok");
    assert_eq!(says("raw").standing, "ok");
    match setup.backend {
        Backend::Local => assert!(
            says("topic raw")
                .found
                .starts_with("1 records in 2 partitions")
        ),
        Backend::Kafka(_) => {
            assert_eq!(says("broker 1").standing, "ok");
            assert_eq!(says("transactional id").standing, "ok");
            assert_eq!(says("clock").standing, "ok", "{findings:#?}");
            // Static members of a group stay in it for a session.
            assert!(says(".tag").found.contains("1 members"), "{findings:#?}");
        }
    }
}

pub(crate) async fn names_an_unreachable_broker() {
    let broker = format!("127.0.0.1:{}", free_port());
    let setup = Setup::new(Backend::Kafka(broker.clone()), &IDLE);
    fails(&setup, &broker, "cannot be connected to").await;
}

pub(crate) async fn names_a_topic_that_is_missing_or_cleaned_up_wrongly(backend: Backend) {
    let Backend::Kafka(brokers) = backend.clone() else {
        return;
    };
    let nothing = Setup::new(backend.clone(), &IDLE);
    fails(&nothing, &format!("{}raw", nothing.prefix), "is missing").await;

    let setup = used(backend).await;
    let state = format!("{}feed-state", setup.prefix);
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers);
    let admin: AdminClient<DefaultClientContext> = config.create().expect("valid settings");
    let change = AlterConfig::new(ResourceSpecifier::Topic(&state)).set("cleanup.policy", "delete");
    let changed = admin.alter_configs([&change], &AdminOptions::new()).await;
    changed.expect("the broker answers");
    fails(&setup, &state, "cleanup.policy delete").await;
}

pub(crate) async fn names_a_damaged_log() {
    let setup = used(Backend::Local).await;
    let journal = journal(&setup);
    let mut bytes = fs::read(&journal).expect("it is there");
    let written = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .expect("it is not empty");
    let damaged = &mut bytes[written / 2..written / 2 + 16];
    damaged.iter_mut().for_each(|byte| *byte ^= 0xa5);
    fs::write(&journal, bytes).expect("it can be written");
    fails(&setup, "log", "damaged").await;
}

pub(crate) async fn reports_a_torn_tail() {
    let setup = used(Backend::Local).await;
    let journal = journal(&setup);
    let bytes = fs::read(&journal).expect("it is there");
    let written = bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |at| at + 1);
    // The beginning of a commit like those before, without its end.
    let torn = [&bytes[..written], &bytes[written / 2..written - 7]].concat();
    fs::write(&journal, torn).expect("it can be written");
    let (well, findings) = examined(&setup).await;
    let tail = findings.iter().find(|it| it.about == "journal");
    assert!(
        well && tail.is_some_and(|it| it.standing == "warn"),
        "{findings:#?}"
    );
}

fn journal(setup: &Setup) -> PathBuf {
    let files = fs::read_dir(setup.log_directory().join("store")).expect("the store is there");
    let paths = files.map(|file| file.expect("it is listed").path());
    let journals = paths.filter(|path| path.extension().is_some_and(|it| it == "jnl"));
    journals.max().expect("the store has a journal")
}
