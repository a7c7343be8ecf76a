//! Scripted feeds over HTTP on loopback, and a memory of every version that was ever served.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::HeaderMap;

use super::feed::{self, Format, Wording};
use super::loopback::{Answer, Loopback, Visit};

/// Feeds that change when a test says so.
pub(crate) struct FeedServer {
    loopback: Loopback,
    feeds: Feeds,
    order: Vec<String>,
}

type Feeds = Arc<Mutex<BTreeMap<String, Feed>>>;

/// One feed and what became of it.
pub(crate) struct Feed {
    format: Format,
    /// How many of its newest items a document holds.
    window: usize,
    /// About how long an item's text is.
    bytes: usize,
    /// Each item's latest revision.
    items: Vec<u32>,
    version: usize,
    /// The `Link` header of its documents.
    link: Option<String>,
    /// When set, what every request gets instead of the document.
    broken: Option<Bytes>,
    rendered: Option<(usize, Bytes)>,
    /// What each version that was served says.
    pub(crate) served: BTreeMap<usize, Served>,
    /// The versions that the client named in `If-None-Match`: polls that it takes for done.
    pub(crate) echoed: BTreeSet<usize>,
    pub(crate) requests: Vec<Request>,
    pub(crate) not_modified: usize,
    /// When a document first held the item.
    pub(crate) first_served: BTreeMap<usize, Instant>,
}

/// A version as it was served.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) wordings: Vec<Wording>,
    /// Whether one client at least took the whole body.
    pub(crate) whole: bool,
}

/// What a request said of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) if_none_match: Option<String>,
    pub(crate) if_modified_since: Option<String>,
    pub(crate) user_agent: Option<String>,
}

/// A request that came too early after another, or while that one was under way.
#[derive(Clone, Debug)]
pub(crate) struct Rude {
    pub(crate) before: Visit,
    pub(crate) visit: Visit,
}

impl std::fmt::Display for Rude {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { before, visit } = self;
        let apart = visit.began - before.began;
        let took = before.ended.map(|ended| ended - before.began);
        write!(
            f,
            "host {} was asked by {} {apart:?} after {}, whose request took {took:?}",
            visit.host, visit.agent, before.agent
        )
    }
}

impl FeedServer {
    /// Serves `feeds`, each by its id and format, with documents of the newest `window` items of
    /// about `bytes` each, from as many loopback addresses as `hosts` says.
    pub(crate) async fn start(
        feeds: impl IntoIterator<Item = (String, Format)>,
        window: usize,
        bytes: usize,
        hosts: u8,
    ) -> Self {
        Self::start_after(Duration::ZERO, feeds, window, bytes, hosts).await
    }

    /// [`Self::start`] with servers that take their time before each answer.
    pub(crate) async fn start_after(
        latency: Duration,
        feeds: impl IntoIterator<Item = (String, Format)>,
        window: usize,
        bytes: usize,
        hosts: u8,
    ) -> Self {
        let feeds: BTreeMap<_, _> = feeds
            .into_iter()
            .map(|(id, format)| (id, Feed::new(format, window, bytes)))
            .collect();
        let order = feeds.keys().cloned().collect();
        let feeds = Arc::new(Mutex::new(feeds));
        let answering = Arc::clone(&feeds);
        let loopback = Loopback::serve_after(latency, hosts, move |path, headers| {
            answer(&answering, path, headers)
        })
        .await;
        Self {
            loopback,
            feeds,
            order,
        }
    }

    /// The ids of the feeds.
    pub(crate) fn ids(&self) -> &[String] {
        &self.order
    }

    /// Where each feed is polled, by its id.
    pub(crate) fn urls(&self) -> Vec<(String, String)> {
        let urls = self.order.iter().enumerate();
        urls.map(|(number, id)| (id.clone(), self.loopback.url(id, number)))
            .collect()
    }

    /// Where two requests to one host came closer together than `spacing`, or while another was under
    /// way; a client's clock is allowed `slack`.
    pub(crate) fn rudeness(&self, spacing: Duration, slack: Duration) -> Vec<String> {
        let rude = self.rude(spacing, slack).into_iter();
        rude.map(|rude| rude.to_string()).collect()
    }

    /// The same, with the requests that it was.
    pub(crate) fn rude(&self, spacing: Duration, slack: Duration) -> Vec<Rude> {
        let mut last: BTreeMap<usize, Visit> = BTreeMap::new();
        let mut found = Vec::new();
        for visit in self.loopback.visits() {
            if let Some(before) = last.insert(visit.host, visit.clone()) {
                let early = visit.began - before.began + slack < spacing;
                let ended = before.ended;
                if early || ended.is_none_or(|ended| ended > visit.began + slack) {
                    found.push(Rude { before, visit });
                }
            }
        }
        found
    }

    /// How many requests came.
    pub(crate) fn visits(&self) -> usize {
        self.loopback.visits().len()
    }

    /// Adds an item to a feed and returns its number.
    pub(crate) fn publish(&self, id: &str) -> usize {
        self.change(id, |feed| {
            feed.items.push(1);
            feed.items.len() - 1
        })
    }

    /// Words an item anew.
    pub(crate) fn edit(&self, id: &str, item: usize) {
        self.change(id, |feed| feed.items[item] += 1);
    }

    /// The numbers of the items that the feed's document holds now.
    pub(crate) fn current(&self, id: &str) -> Vec<Wording> {
        self.look(id, Feed::current)
    }

    /// Sends `link` along with every document.
    pub(crate) fn link(&self, id: &str, link: String) {
        self.change(id, |feed| feed.link = Some(link));
    }

    /// Serves `body` in place of the document until [`Self::repair`].
    pub(crate) fn break_down(&self, id: &str, body: &'static [u8]) {
        self.change(id, |feed| feed.broken = Some(Bytes::from_static(body)));
    }

    /// Serves the document again.
    pub(crate) fn repair(&self, id: &str) {
        self.change(id, |feed| feed.broken = None);
    }

    /// Whether the client has named the latest version of every feed as one it has.
    pub(crate) fn caught_up(&self) -> bool {
        self.lock()
            .values()
            .all(|feed| feed.echoed.contains(&feed.version))
    }

    /// Whether the client has named the latest version of all but so many feeds, which change meanwhile.
    pub(crate) fn caught_up_with_all_but(&self, few: usize) -> bool {
        let behind = |feed: &&Feed| !feed.echoed.contains(&feed.version);
        self.lock().values().filter(behind).count() <= few
    }

    /// What `ask` finds in a feed.
    pub(crate) fn look<T>(&self, id: &str, ask: impl FnOnce(&Feed) -> T) -> T {
        ask(&self.lock()[id])
    }

    /// Adds up what `ask` finds in each feed.
    pub(crate) fn total(&self, ask: impl Fn(&Feed) -> usize) -> usize {
        self.lock().values().map(ask).sum()
    }

    fn change<T>(&self, id: &str, change: impl FnOnce(&mut Feed) -> T) -> T {
        let mut feeds = self.lock();
        let feed = feeds.get_mut(id).expect("the test knows its feeds");
        feed.version += 1;
        change(feed)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Feed>> {
        self.feeds
            .lock()
            .expect("no test panics with the feeds in hand")
    }
}

impl Feed {
    fn new(format: Format, window: usize, bytes: usize) -> Self {
        Self {
            format,
            window,
            bytes,
            items: Vec::new(),
            version: 1,
            link: None,
            broken: None,
            rendered: None,
            served: BTreeMap::new(),
            echoed: BTreeSet::new(),
            requests: Vec::new(),
            not_modified: 0,
            first_served: BTreeMap::new(),
        }
    }

    fn current(&self) -> Vec<Wording> {
        let first = self.items.len().saturating_sub(self.window);
        let items = self.items.iter().enumerate().skip(first);
        items
            .map(|(item, &revision)| Wording { item, revision })
            .collect()
    }

    /// Title and text as a revision of the item should have them.
    pub(crate) fn words(&self, wording: Wording) -> (String, String) {
        (wording.title(), wording.text(self.bytes))
    }

    /// Whether a whole document that was served held this wording.
    pub(crate) fn was_served(&self, wording: Wording) -> bool {
        self.served
            .values()
            .any(|served| served.whole && served.wordings.contains(&wording))
    }

    /// Punctuation that a client which parses the validator instead of echoing it would change.
    pub(crate) fn etag(&self) -> String {
        format!("W/\"v{}, +/=:;\"", self.version)
    }

    /// One digit for the day, which is not how HTTP writes a date, and so must come back as it is.
    pub(crate) fn last_modified(&self) -> String {
        format!(
            "Mon, 5 Jan 2026 {:02}:{:02}:{:02} GMT",
            self.version / 3600 % 24,
            self.version / 60 % 60,
            self.version % 60
        )
    }

    fn body(&mut self, id: &str) -> Bytes {
        if let Some((version, body)) = &self.rendered
            && *version == self.version
        {
            return body.clone();
        }
        let body = Bytes::from(feed::document(id, self.format, &self.current(), self.bytes));
        self.rendered = Some((self.version, body.clone()));
        body
    }
}

fn answer(feeds: &Feeds, id: &str, headers: &HeaderMap) -> Answer {
    let request = Request::of(headers);
    let mut locked = feeds.lock().expect("no test panics with the feeds in hand");
    let Some(feed) = locked.get_mut(id) else {
        return Answer::status(404);
    };
    let named = request.if_none_match.as_deref().and_then(version);
    feed.echoed.extend(named);
    feed.requests.push(request);
    if let Some(body) = feed.broken.clone() {
        return Answer {
            body,
            ..Answer::status(200)
        };
    }
    let validators = vec![
        ("etag", feed.etag()),
        ("last-modified", feed.last_modified()),
    ];
    if named == Some(feed.version) {
        feed.not_modified += 1;
        return Answer {
            headers: validators,
            ..Answer::status(304)
        };
    }
    let body = feed.body(id);
    let version = feed.version;
    let wordings = feed.current();
    let now = Instant::now();
    for wording in &wordings {
        feed.first_served.entry(wording.item).or_insert(now);
    }
    feed.served.entry(version).or_insert(Served {
        wordings,
        whole: false,
    });
    let mut headers = validators;
    headers.extend(feed.link.clone().map(|link| ("link", link)));
    headers.push(("content-type", feed::media_type(feed.format).to_owned()));
    let (feeds, id) = (Arc::clone(feeds), id.to_owned());
    let sent = Box::new(move || {
        let mut feeds = feeds.lock().expect("no test panics with the feeds in hand");
        let served = feeds
            .get_mut(&id)
            .and_then(|feed| feed.served.get_mut(&version));
        served.expect("it was noted when it was served").whole = true;
    });
    Answer {
        status: 200,
        headers,
        body,
        sent: Some(sent),
    }
}

/// The version that an `ETag` of ours names.
fn version(etag: &str) -> Option<usize> {
    let (version, _) = etag.strip_prefix("W/\"v")?.split_once(',')?;
    version.parse().ok()
}

impl Request {
    fn of(headers: &HeaderMap) -> Self {
        let text = |name: &str| {
            let value = headers.get(name)?;
            Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        Self {
            if_none_match: text("if-none-match"),
            if_modified_since: text("if-modified-since"),
            user_agent: text("user-agent"),
        }
    }
}
