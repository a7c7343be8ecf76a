//! Publishers with one manner each, who write down every request.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Response, header};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// How long an answer takes: longer than a spacing, so that only permits keep requests apart.
const SLOW: Duration = Duration::from_millis(600);

/// How a feed behaves.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Validators that a client which reads them would change, and 304 when they come back.
    Steady,
    /// The same after a while.
    Slow,
    /// Other validators with every 304.
    Renews,
    /// The same document with another validator every time, whatever is asked.
    Ignores,
    /// An answer with a header.
    Header(&'static str, String),
    /// A document with elements of the channel.
    Channel(String),
    /// Items with dates, an hour apart, none of the last ten days.
    Silent,
    /// A status with or without `Retry-After`.
    Refuses(u16, Option<String>),
    /// A redirect to another path or address, where the document is.
    Moves(u16, String),
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) host: usize,
    pub(crate) path: String,
    pub(crate) began: Instant,
    pub(crate) ended: Option<Instant>,
    pub(crate) headers: HeaderMap,
    /// The validators that the last answer for this path carried.
    pub(crate) known: Option<[HeaderValue; 2]>,
}

/// The running servers, a host each on `127.0.0.1`, `127.0.0.2` and so on. They stop when dropped.
pub(crate) struct Publishers {
    addresses: Vec<SocketAddr>,
    log: Log,
    _serving: JoinSet<()>,
}

type Log = Arc<Mutex<Vec<Seen>>>;

impl Publishers {
    /// Serves on as many hosts. `manners` says how each path behaves; what it does not name is steady.
    pub(crate) async fn start(
        hosts: u8,
        manners: impl FnOnce(&[SocketAddr]) -> HashMap<String, Manner>,
    ) -> Self {
        let mut listeners = Vec::new();
        for host in 1..=hosts {
            let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 0, host), 0)).await;
            listeners.push(listener.expect("loopback has a free port"));
        }
        let address = |it: &TcpListener| it.local_addr().expect("a bound socket has an address");
        let addresses: Vec<_> = listeners.iter().map(address).collect();
        let manners = Arc::new(manners(&addresses));
        let log = Log::default();
        let mut serving = JoinSet::new();
        for (host, listener) in listeners.into_iter().enumerate() {
            let (log, manners) = (Arc::clone(&log), Arc::clone(&manners));
            let router = Router::new().fallback(move |request: Request| {
                answer(Arc::clone(&log), Arc::clone(&manners), host, request)
            });
            serving.spawn(async move {
                axum::serve(listener, router)
                    .await
                    .expect("loopback serves");
            });
        }
        Self {
            addresses,
            log,
            _serving: serving,
        }
    }

    pub(crate) fn url(&self, host: usize, path: &str) -> String {
        format!("http://{}/{path}", self.addresses[host])
    }

    /// Every request so far, in the order in which they began.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        lock(&self.log).clone()
    }
}

async fn answer(
    log: Log,
    manners: Arc<HashMap<String, Manner>>,
    host: usize,
    request: Request,
) -> Response<Body> {
    let path = request.uri().path().trim_start_matches('/').to_owned();
    let manner = manners.get(&path).cloned().unwrap_or(Manner::Steady);
    let (place, known, times) = {
        let mut log = lock(&log);
        let before = || log.iter().filter(|seen| seen.path == path);
        let times = before().count();
        let known = (times > 0).then(|| validators(&manner, times - 1));
        log.push(Seen {
            host,
            path: path.clone(),
            began: Instant::now(),
            ended: None,
            headers: request.headers().clone(),
            known: known.clone(),
        });
        (log.len() - 1, known, times)
    };
    if matches!(manner, Manner::Slow) {
        tokio::time::sleep(SLOW).await;
    }
    let asked = request.headers().get(header::IF_NONE_MATCH);
    let is_known = known.is_some_and(|[etag, _]| asked == Some(&etag));
    let response = respond(&manner, is_known, times);
    lock(&log)[place].ended = Some(Instant::now());
    response
}

fn respond(manner: &Manner, is_known: bool, times: usize) -> Response<Body> {
    let [etag, last_modified] = validators(manner, times);
    let response = Response::builder().header(header::SET_COOKIE, "visitor=1; Path=/");
    let with_validators = |status: u16| {
        let response = Response::builder().header(header::SET_COOKIE, "visitor=1; Path=/");
        let response = response.header(header::ETAG, etag.clone());
        response
            .header(header::LAST_MODIFIED, last_modified.clone())
            .status(status)
    };
    let response = match manner {
        Manner::Refuses(status, None) => response.status(*status).body(Body::empty()),
        Manner::Refuses(status, Some(wait)) => {
            let response = response.header(header::RETRY_AFTER, wait);
            response.status(*status).body(Body::empty())
        }
        Manner::Moves(status, to) => {
            let response = response.header(header::LOCATION, to);
            response.status(*status).body(Body::empty())
        }
        Manner::Ignores => with_validators(200).body(document("").into()),
        _ if is_known => with_validators(304).body(Body::empty()),
        Manner::Silent => with_validators(200).body(silent_document().into()),
        Manner::Channel(channel) => with_validators(200).body(document(channel).into()),
        Manner::Header(name, value) => {
            let response = with_validators(200).header(*name, value);
            response.body(document("").into())
        }
        _ => with_validators(200).body(document("").into()),
    };
    response.expect("the headers are valid")
}

/// `ETag` and `Last-Modified` of the answer to the nth request: a byte that is no ASCII, punctuation, two
/// blanks, and a date that is none by any standard.
fn validators(manner: &Manner, nth: usize) -> [HeaderValue; 2] {
    let version = match manner {
        Manner::Renews | Manner::Ignores => nth,
        _ => 0,
    };
    let mut etag = b"W/\"caf\xe9  , +/=:;\\ ".to_vec();
    etag.extend(format!("{version}\"").into_bytes());
    let last_modified = format!("monday, 5 Jan 26  1:02:{version} gmt");
    [
        HeaderValue::from_bytes(&etag).expect("obs-text is allowed"),
        HeaderValue::from_str(&last_modified).expect("it is ASCII"),
    ]
}

fn silent_document() -> String {
    let items = (0..5).map(|item| {
        let published = http_date(Timestamp::now() - SignedDuration::from_hours(10 * 24 + item));
        format!("<item><guid>g{item}</guid><title>Item {item}</title><pubDate>{published}</pubDate></item>")
    });
    let items: String = items.collect();
    format!("<rss version='2.0'><channel><title>T</title>{items}</channel></rss>")
}

/// Items without dates, so that nothing but the channel and the headers speaks of the schedule.
fn document(channel: &str) -> String {
    let items: String = (0..3)
        .map(|item| format!("<item><guid>g{item}</guid><title>Item {item}</title></item>"))
        .collect();
    format!(
        "<?xml version='1.0'?><rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>\
         <channel><title>T</title>{channel}{items}</channel></rss>"
    )
}

/// The hours and the days to skip that leave open: the hour twelve hours from `now`, the day three days
/// from it.
pub(crate) fn skipping(now: Timestamp) -> (String, String) {
    let open_hour = hour(now + SignedDuration::from_hours(12));
    let hours = (0..24).filter(|hour| *hour != open_hour);
    let hours: String = hours.map(|hour| format!("<hour>{hour}</hour>")).collect();
    let open_day = weekday(now + SignedDuration::from_hours(72));
    let names = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let days = (1..).zip(names).filter(|(day, _)| *day != open_day);
    let days: String = days.map(|(_, name)| format!("<day>{name}</day>")).collect();
    (
        format!("<skipHours>{hours}</skipHours>"),
        format!("<skipDays>{days}</skipDays>"),
    )
}

pub(crate) fn hour(at: Timestamp) -> i8 {
    jiff::tz::TimeZone::UTC.to_datetime(at).hour()
}

pub(crate) fn weekday(at: Timestamp) -> i8 {
    let date = jiff::tz::TimeZone::UTC.to_datetime(at);
    date.weekday().to_monday_one_offset()
}

/// A date as HTTP writes it (RFC 9110 §5.6.7).
pub(crate) fn http_date(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn lock(log: &Log) -> MutexGuard<'_, Vec<Seen>> {
    log.lock().expect("nobody panics with the log in hand")
}
