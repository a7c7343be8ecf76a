//! Tagging again what was tagged, and what became of what could not be read.

use std::process::Output;

use serde_json::Value;
use tokio::process::Command;
use wire::ItemRecord;

use crate::support::daemon::{Backend, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;
use crate::support::topics::{Record, read};

const FEED: &str = "herald";
const GARBAGE: &[u8] = b"\x00 no feed";
const ITEMS: [&str; 2] = ["items.confirmed", "items.unconfirmed"];

pub(crate) async fn replayed(backend: Backend) {
    let server = FeedServer::start([(FEED.to_owned(), Format::Rss)], 20, 300, 1).await;
    for _ in 0..3 {
        server.publish(FEED);
    }
    let urls = server.urls();
    let options = Options {
        feeds: &urls,
        interval: "200ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(backend, &options);
    let daemon = setup.start().await;
    eventually(PATIENCE, "every item is tagged", async || {
        read(&setup, &daemon, &ITEMS).await.len() == 3
    })
    .await;
    let tagged = read(&setup, &daemon, &ITEMS).await;
    server.break_down(FEED, GARBAGE);
    eventually(PATIENCE, "the garbage is kept", async || {
        !read(&setup, &daemon, &["dead"]).await.is_empty()
    })
    .await;
    eventually(PATIENCE, "the garbage is accounted for", async || {
        let metrics = daemon.get("/metrics").await;
        let known =
            |series: &str| metrics.contains(series) && !metrics.contains(&format!("{series} 0\n"));
        known("claimwire_dead_total{origin=\"document\"}")
            && known("claimwire_account_given_total{stage=\"fetch\",outcome=\"dead\"}")
    })
    .await;
    let metrics = daemon.get("/metrics").await;
    let account = |line: &str| metrics.lines().any(|known| known == line);
    assert!(
        account("claimwire_account_taken_total{stage=\"tag\"} 3"),
        "{metrics}"
    );
    assert!(
        account("claimwire_account_mismatch_total{stage=\"tag\"} 0"),
        "{metrics}"
    );
    assert!(
        account("claimwire_account_mismatch_total{stage=\"fetch\"} 0"),
        "{metrics}"
    );
    daemon.stop("TERM", PATIENCE).await;

    let dry = said(&setup, &["replay", "--dry-run", "--diff"]).await;
    assert_eq!(
        dry,
        "3 revisions: 3 would be tagged, 0 irrelevant, 0 dead\n\
         3 as before, 0 with other tags, 0 newly relevant, 0 no longer relevant\n"
    );
    let item = &tagged[0].key;
    let file = setup.directory.path().join("again.jsonl");
    let path = file.display().to_string();
    let one = said(&setup, &["replay", "--item", item, "--file", &path]).await;
    assert_eq!(one, "1 revisions: 1 tagged, 0 irrelevant, 0 dead\n");
    let lines = std::fs::read_to_string(&file).expect("it was written");
    let first: Value = serde_json::from_str(lines.lines().next().expect("a line")).expect("JSON");
    assert_eq!(first["headers"]["ce_id"], tagged[0].headers["ce_id"]);
    assert_eq!(first["headers"]["replay"], "true");
    let refused = run(&setup, &["replay", "--file", &path]).await;
    assert_eq!(
        refused.status.code(),
        Some(2),
        "a file that is there is kept"
    );

    said(&setup, &["replay", "--into", "trial."]).await;
    said(&setup, &["replay"]).await;
    dead_letters(&setup).await;

    let daemon = setup.start().await;
    let now = read(&setup, &daemon, &ITEMS).await;
    assert_eq!(now.len(), 6, "what went into other topics is not here");
    for before in &tagged {
        let again = now.iter().filter(|it| it.key == before.key);
        let again = again.map(Record::decode::<ItemRecord>).find(|it| it.replay);
        let expected = ItemRecord {
            replay: true,
            ..before.decode()
        };
        assert_eq!(again, Some(expected), "the same but for the mark");
    }
    daemon.stop("TERM", PATIENCE).await;
}

async fn dead_letters(setup: &Setup) {
    let list = said(
        setup,
        &["dead", "list", "--reason", "cannot be parsed", "--json"],
    )
    .await;
    let letter: Value = serde_json::from_str(list.lines().next().expect("a letter")).expect("JSON");
    assert_eq!(letter["origin"]["feed"], FEED);
    let place = letter["place"].as_str().expect("a place");
    let shown = run(setup, &["dead", "show", place]).await;
    assert_eq!(shown.stdout, GARBAGE);
    assert_eq!(
        said(setup, &["dead", "list", "--reason", "no such"]).await,
        ""
    );
    let redriven = said(setup, &["dead", "redrive", "--reason", "cannot be parsed"]).await;
    let letters = list.lines().count();
    assert!(
        redriven.ends_with(&format!("{letters} still dead, 0 not kept whole\n")),
        "{redriven}"
    );
}

/// What a command says on stdout, which succeeds.
async fn said(setup: &Setup, arguments: &[&str]) -> String {
    let output = run(setup, arguments).await;
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).expect("it is text")
}

async fn run(setup: &Setup, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwire"));
    command.arg("--config").arg(setup.config_file());
    command.args(arguments).kill_on_drop(true).env_clear();
    command
        .output()
        .await
        .expect("the binary was built for this test")
}
