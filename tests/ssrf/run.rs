//! The real daemon, sent inwards in every way there is; a canary on loopback counts who arrives.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, Uri};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

use super::names::NameServer;
use super::spellings::SPELLINGS;
use crate::support::daemon::{Backend, Daemon, Options, Setup, eventually};
use crate::support::loopback::{Answer, Loopback};

/// The one address of loopback that is opened to names: it stands for a public host.
const PUBLIC: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
/// Names that lead elsewhere with every lookup.
const NAMES: usize = 40;
const PATIENCE: Duration = Duration::from_secs(240);

/// What came of it.
pub(crate) struct Outcome {
    pub(crate) spellings: usize,
    /// DNS answers that led inwards.
    pub(crate) rebound: usize,
    /// Requests that a name rightly led to.
    pub(crate) reached: usize,
    /// Connections that arrived where none may.
    pub(crate) canary: usize,
}

/// Runs it until `rebinding` answers led inwards.
pub(crate) async fn observed(rebinding: usize) -> Outcome {
    let mut serving = JoinSet::new();
    let arrived = Arc::new(AtomicUsize::new(0));
    let inner = canary(
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        &arrived,
        &mut serving,
    )
    .await;
    let everywhere = any_address(&arrived, &mut serving).await;
    // A canary that cannot sing proves nothing.
    for port in [inner, everywhere] {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .expect("the canary listens");
    }
    eventually(Duration::from_secs(5), "the canary counts", async || {
        arrived.load(Ordering::SeqCst) == 2
    })
    .await;

    let reached = Arc::new(AtomicUsize::new(0));
    public_side(inner, &reached, &mut serving).await;
    let names = NameServer::start(PUBLIC, Ipv4Addr::LOCALHOST).await;
    let redirects = Loopback::serve(1, move |path, _: &HeaderMap| {
        // Some spellings are paths of this server where they redirect from it.
        let Ok(number) = path.parse() else {
            return Answer::status(404);
        };
        Answer {
            headers: vec![("location", location(number, everywhere))],
            ..Answer::status(302)
        }
    })
    .await;

    let mut feeds: Vec<(String, String)> = Vec::new();
    for number in 0..SPELLINGS.len() {
        feeds.push((
            format!("redirect-{number}"),
            redirects.url(&number.to_string(), 0),
        ));
        let direct = spelled(number, everywhere);
        // What is no address by itself is refused when the feed list is read.
        let has_login = |url: &Url| !url.username().is_empty() || url.password().is_some();
        if Url::parse(&direct).is_ok_and(|url| !has_login(&url)) {
            feeds.push((format!("direct-{number}"), direct));
        }
    }
    let spelled = feeds.len();
    for number in 0..NAMES {
        feeds.push((
            format!("name-{number}"),
            format!("http://r{number}.rebind.example:{inner}/"),
        ));
    }
    let options = Options {
        feeds: &feeds,
        interval: "20ms",
        sample: false,
        partitions: 2,
    };
    let setup = Setup::new(Backend::Local, &options);
    let opened = Url::parse(&redirects.url("", 0)).expect("an address");
    let opened = opened.socket_addrs(|| None).expect("it is a number")[0];
    let mut fetch = String::new();
    write!(
        fetch,
        "allow = [\"{opened}\", \"{PUBLIC}\"]\ndns = [\"{}\"]\nmax_interval = \"40ms\"",
        names.address
    )
    .expect("a string takes everything");
    let config = setup.config(&options);
    // Rust's escapes of what cannot be seen are not TOML's.
    let config = config.replace("\\u{ad}", "\\u00AD");
    setup.write(&config.replace("allow = [\"127.0.0.0/8\"]", &fetch));
    let daemon = setup.start().await;
    eventually(PATIENCE, "an outcome of every feed", async || {
        refused(&daemon).await >= spelled
    })
    .await;
    eventually(PATIENCE, "enough answers led inwards", async || {
        names.inwards.load(Ordering::SeqCst) >= rebinding
    })
    .await;
    daemon.stop("TERM", Duration::from_secs(30)).await;
    Outcome {
        spellings: SPELLINGS.len(),
        rebound: names.inwards.load(Ordering::SeqCst),
        reached: reached.load(Ordering::SeqCst),
        canary: arrived.load(Ordering::SeqCst) - 2,
    }
}

fn spelled(number: usize, port: u16) -> String {
    SPELLINGS[number].replace("{port}", &port.to_string())
}

/// The spelling as a header carries it, with what is no ASCII percent-coded.
fn location(number: usize, port: u16) -> String {
    let mut location = String::new();
    for byte in spelled(number, port).bytes() {
        match byte {
            b'\t' | 0x20..0x7F => location.push(char::from(byte)),
            _ => write!(location, "%{byte:02X}").expect("a string takes everything"),
        }
    }
    location
}

/// How many feeds of spellings were polled, none of which may have been read.
async fn refused(daemon: &Daemon) -> usize {
    let feeds: Vec<Value> =
        serde_json::from_str(&daemon.get("/v1/feeds").await).expect("it is JSON");
    let spelled = feeds.iter().filter(|feed| {
        !feed["feed"]
            .as_str()
            .is_some_and(|id| id.starts_with("name-"))
    });
    spelled
        .filter(|feed| feed["failures"].as_u64() > Some(0))
        .count()
}

/// Counts every connection to `address`, and answers none. Returns the port.
async fn canary(address: SocketAddr, arrived: &Arc<AtomicUsize>, serving: &mut JoinSet<()>) -> u16 {
    let listener = TcpListener::bind(address).await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let arrived = Arc::clone(arrived);
    serving.spawn(async move {
        while listener.accept().await.is_ok() {
            arrived.fetch_add(1, Ordering::SeqCst);
        }
    });
    port
}

/// A canary on every address of this machine, of both families where there are both.
async fn any_address(arrived: &Arc<AtomicUsize>, serving: &mut JoinSet<()>) -> u16 {
    let both: SocketAddr = "[::]:0".parse().expect("an address");
    let can_both = TcpListener::bind(both).await.is_ok();
    let any = if can_both {
        both
    } else {
        SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0))
    };
    canary(any, arrived, serving).await
}

/// What names lead to when they lead where they may; it closes each connection, so that the next poll
/// looks the name up again.
async fn public_side(port: u16, reached: &Arc<AtomicUsize>, serving: &mut JoinSet<()>) {
    let listener = TcpListener::bind((PUBLIC, port))
        .await
        .expect("the port is free there");
    let reached = Arc::clone(reached);
    let router = Router::new().fallback(move |_: Uri| {
        reached.fetch_add(1, Ordering::SeqCst);
        let feed = "<rss version='2.0'><channel><title>T</title><item><guid>a</guid></item></channel></rss>";
        async move { ([("connection", "close")], feed) }
    });
    serving.spawn(async move {
        axum::serve(listener, router)
            .await
            .expect("loopback serves");
    });
}
