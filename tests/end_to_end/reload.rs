//! SIGHUP: feeds come, change and go, and no publisher notices more than a feed's first poll.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::support::daemon::{Backend, Daemon, Options, PATIENCE, Setup, eventually};
use crate::support::feed::Format;
use crate::support::feed_server::FeedServer;

const FEEDS: usize = 200;
const HOSTS: usize = 4;
const SPACING: Duration = Duration::from_millis(40);

/// What `/v1/feeds` says of one.
#[derive(Deserialize)]
struct Shown {
    publisher: String,
    last_poll: Option<String>,
}

pub(crate) async fn no_poll_storm() {
    let ids = (0..FEEDS).map(|number| (format!("feed-{number:03}"), Format::Atom));
    let hosts = u8::try_from(HOSTS).expect("few");
    let server = FeedServer::start(ids, 5, 200, hosts).await;
    for id in server.ids() {
        server.publish(id);
    }
    let urls = server.urls();
    let setup = Setup::new(Backend::Local, &options(&urls[..20]));
    let config = |feeds| {
        let polite = format!("host_spacing = \"{}ms\"", SPACING.as_millis());
        let config = setup.config(&options(feeds));
        config.replace("host_spacing = \"0s\"", &polite)
    };
    setup.write(&config(&urls[..20]));
    let daemon = setup.start().await;
    polled(&daemon, 20).await;

    // A hundred and eighty more at once, on four hosts.
    setup.write(&config(&urls));
    daemon.signal("HUP").await;
    polled(&daemon, FEEDS).await;
    assert_eq!(
        server.total(|feed| feed.requests.len()),
        FEEDS,
        "each was polled once"
    );
    for host in 0..HOSTS {
        let ids = server.ids().iter().skip(host).step_by(HOSTS);
        let mut starts: Vec<Instant> = ids
            .map(|id| server.look(id, |feed| feed.first_served[&0]))
            .collect();
        starts.sort_unstable();
        // A request may be late, and the next one then seems early; many cannot.
        let crowded = starts.windows(10).find(|few| few[9] - few[0] < SPACING * 7);
        assert!(
            crowded.is_none(),
            "host {host} was asked too often: {crowded:?}"
        );
    }

    // Half of them are defined anew; all that changes is what their records say.
    let (half, _) = urls.split_at(FEEDS / 2);
    let renamed = half.iter().fold(config(&urls), |config, (id, _)| {
        config.replace(&format!("The {id} Gazette"), &format!("The {id} Courier"))
    });
    setup.write(&renamed);
    daemon.signal("HUP").await;
    eventually(PATIENCE, "the new names are taken up", async || {
        let shown = shown(&daemon).await;
        let new = shown
            .values()
            .filter(|it| it.publisher.ends_with("Courier"));
        (shown.len(), new.count()) == (FEEDS, FEEDS / 2)
    })
    .await;

    setup.write(&config(&urls[..50]));
    daemon.signal("HUP").await;
    eventually(
        PATIENCE,
        "what was taken off the list is followed no more",
        async || shown(&daemon).await.len() == 50,
    )
    .await;

    setup.write(&config(&urls).replace("[fetch]", "[fetsch]"));
    daemon.signal("HUP").await;
    eventually(PATIENCE, "the mistake is named", async || {
        daemon.errors().contains("reload refused")
    })
    .await;
    assert_eq!(shown(&daemon).await.len(), 50, "a mistake changes nothing");
    assert_eq!(
        server.total(|feed| feed.requests.len()),
        FEEDS,
        "nobody was asked again"
    );
    daemon.stop("TERM", PATIENCE).await;
}

fn options(feeds: &[(String, String)]) -> Options<'_> {
    Options {
        feeds,
        interval: "1h",
        sample: false,
        partitions: 4,
    }
}

async fn polled(daemon: &Daemon, feeds: usize) {
    eventually(PATIENCE, "every feed is polled", async || {
        let shown = shown(daemon).await;
        shown.len() == feeds && shown.values().all(|it| it.last_poll.is_some())
    })
    .await;
}

async fn shown(daemon: &Daemon) -> BTreeMap<String, Shown> {
    #[derive(Deserialize)]
    struct Named {
        feed: String,
        #[serde(flatten)]
        shown: Shown,
    }
    let page = daemon.get("/v1/feeds").await;
    let feeds: Vec<Named> = serde_json::from_str(&page).expect("the page is JSON");
    feeds.into_iter().map(|it| (it.feed, it.shown)).collect()
}

pub(crate) async fn wrong_rules_are_refused() {
    let rules = tempfile::tempdir().expect("a temporary directory");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    copy(&shipped, rules.path());
    let setup = Setup::new(Backend::Local, &options(&[]));
    let config = format!(
        "{}\n[rules]\ndirectory = {:?}\n",
        setup.config(&options(&[])),
        rules.path()
    );
    setup.write(&config);
    let daemon = setup.start().await;

    let cues = rules.path().join("cues/en.toml");
    let sound = fs::read_to_string(&cues).expect("the cues were copied");
    let wrong = "\n[[cue]]\nid = \"en.new\"\ncategory = \"RUMOUR\"\npattern = \"word is\"\n";
    fs::write(&cues, sound.clone() + wrong).expect("the rules can be changed");
    daemon.signal("HUP").await;
    let line = sound.lines().count() + 4;
    let named = format!("cues/en.toml:{line}: ");
    eventually(PATIENCE, "the mistake is named", async || {
        let said = daemon.errors();
        said.contains("reload refused") && said.contains(&named) && said.contains("RUMOUR")
    })
    .await;
    assert!(daemon.get("/readyz").await.contains("ready"));

    fs::write(&cues, sound).expect("the rules can be changed");
    daemon.signal("HUP").await;
    eventually(PATIENCE, "sound rules are taken up", async || {
        daemon.errors().contains("reloaded feeds and rules")
    })
    .await;
}

/// Copies a folder and what is in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("the folder can be made");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let target = to.join(path.file_name().expect("it has a name"));
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).expect("the file is copied");
        }
    }
}
