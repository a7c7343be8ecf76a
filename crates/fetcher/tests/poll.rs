//! Polls against a real server on loopback.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its publisher up ends there"
)]

use std::io::Write;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::response::Builder;
use axum::response::Response;
use fetcher::{Credential, Fetcher, Outcome, Poll, PollError, Secret, Settings, new_state};
use futures::StreamExt;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::feed::PublisherKind;
use wire::revision::{Change, Edit};
use wire::{FeedId, FeedSpec, FeedState, Language};

/// A publisher: answers by script, remembers what it was asked. Stops when dropped.
struct Publisher {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<HeaderMap>>>,
    _server: JoinSet<()>,
}

impl Publisher {
    /// `script` makes the answer to the nth request, from 0, for a path.
    async fn new(script: impl Fn(usize, &str) -> Response + Clone + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (count, log) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&asked));
        let app = Router::new().fallback(move |request: Request| {
            log.lock().unwrap().push(request.headers().clone());
            let nth = count.fetch_add(1, Ordering::SeqCst);
            let response = script(nth, request.uri().path());
            async move { response }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            asked,
            _server: server,
        }
    }

    fn spec(&self) -> FeedSpec {
        FeedSpec {
            id: FeedId("test".to_owned()),
            url: format!("http://{}/feed?key=secret", self.address),
            publisher: "Test".to_owned(),
            language: Language::En,
            country: "XX".to_owned(),
            kind: PublisherKind::Other,
            admiralty: None,
            interval: None,
            credential: None,
            sample: false,
        }
    }

    fn fetcher(&self) -> Fetcher {
        self.fetcher_with(|_| {})
    }

    fn fetcher_with(&self, change: impl FnOnce(&mut Settings)) -> Fetcher {
        let mut settings = Settings {
            allow: vec![self.address.to_string()],
            host_spacing: Duration::ZERO,
            start_spread: Duration::ZERO,
            contact: "desk@example.org".to_owned(),
            ..Settings::default()
        };
        change(&mut settings);
        Fetcher::new(settings).unwrap()
    }

    async fn poll_once(&self) -> Poll {
        let spec = self.spec();
        self.fetcher().poll(&spec, &fresh(&spec)).await
    }

    fn asked(&self, nth: usize, header: &str) -> Option<Vec<u8>> {
        self.asked.lock().unwrap()[nth]
            .get(header)
            .map(|value| value.as_bytes().to_vec())
    }
}

fn fresh(spec: &FeedSpec) -> FeedState {
    new_state(spec, Timestamp::now())
}

/// A feed of (guid, title), newest first, an hour apart.
fn rss(items: &[(&str, &str)]) -> String {
    let items: String = items
        .iter()
        .map(|(guid, title)| {
            format!("<item><guid>{guid}</guid><title>{title}</title><description>Text of {guid}.</description></item>")
        })
        .collect();
    format!(
        "<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{items}</channel></rss>"
    )
}

fn answer(status: u16) -> Builder {
    Response::builder().status(status)
}

fn feed(items: &[(&str, &str)]) -> Response {
    answer(200)
        .header("content-type", "application/rss+xml")
        .body(rss(items).into())
        .unwrap()
}

fn error(poll: &Poll) -> &PollError {
    match &poll.outcome {
        Outcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn validators_are_echoed_byte_for_byte_and_a_304_writes_nothing() {
    let etag: &[u8] = b"W/\"caf\xe9-1\"";
    let publisher = Publisher::new(move |nth, _| match nth {
        0 => answer(200)
            .header("etag", etag)
            .header("last-modified", "Mon, 23 Nov 2026  10:20:30 gmt")
            .body(rss(&[("a", "A")]).into())
            .unwrap(),
        _ => answer(304).body(Body::empty()).unwrap(),
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    assert!(first.must_be_written());
    assert_eq!(first.revisions.len(), 1);
    let second = fetcher.poll(&spec, &first.state).await;
    assert!(
        matches!(second.outcome, Outcome::NotModified),
        "{:?}",
        second.outcome
    );
    assert!(!second.must_be_written());
    assert_eq!(publisher.asked(1, "if-none-match").as_deref(), Some(etag));
    let modified = publisher.asked(1, "if-modified-since").unwrap();
    assert_eq!(modified, b"Mon, 23 Nov 2026  10:20:30 gmt");
    let agent = String::from_utf8(publisher.asked(0, "user-agent").unwrap()).unwrap();
    assert!(
        agent.starts_with("claimwire/") && agent.ends_with("(+desk@example.org)"),
        "{agent}"
    );
    assert_eq!(
        fetcher.status()[0].url,
        format!("http://{}/feed", publisher.address)
    );
}

#[tokio::test]
async fn an_equal_body_is_not_parsed_again() {
    let publisher = Publisher::new(|_, _| feed(&[("a", "A")])).await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let second = fetcher.poll(&spec, &first.state).await;
    assert!(matches!(second.outcome, Outcome::Unchanged));
    assert!(!second.must_be_written());
}

#[tokio::test]
async fn an_edited_headline_is_revision_2_of_the_same_item() {
    let publisher = Publisher::new(|nth, _| {
        feed(if nth == 0 {
            &[("b", "B"), ("a", "A")]
        } else {
            &[("b", "B, edited"), ("a", "A")]
        })
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let titles: Vec<&str> = first
        .revisions
        .iter()
        .map(|item| item.title.as_str())
        .collect();
    assert_eq!(titles, ["A", "B"], "oldest first");
    let second = fetcher.poll(&spec, &first.state).await;
    let [edited] = second.revisions.as_slice() else {
        panic!("{:?}", second.revisions)
    };
    assert_eq!(
        (edited.revision, &edited.item),
        (2, &first.revisions[1].item)
    );
    let edit = Edit {
        previous_title: Some("B".to_owned()),
        ..Edit::default()
    };
    assert_eq!(edited.change, Some(Change::Edited(edit)));
}

#[tokio::test]
async fn an_item_that_vanishes_while_an_older_one_stays_is_withdrawn_once() {
    let publisher = Publisher::new(|nth, _| match nth {
        0 => feed(&[("c", "C"), ("b", "B"), ("a", "A")]),
        1 => feed(&[("c", "C"), ("a", "A")]),
        2 => feed(&[("d", "D"), ("c", "C"), ("a", "A")]),
        3 => feed(&[("d", "D"), ("c", "C"), ("b", "B"), ("a", "A")]),
        // The oldest falls off the end, which withdraws nothing.
        _ => feed(&[("d", "D"), ("c", "C"), ("b", "B")]),
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let mut state = fresh(&spec);
    let mut told = Vec::new();
    for _ in 0..5 {
        let poll = fetcher.poll(&spec, &state).await;
        told.push(
            poll.revisions
                .iter()
                .map(|found| {
                    let withdrawn = matches!(found.change, Some(Change::Withdrawn { .. }));
                    format!(
                        "{}{}{}",
                        found.title,
                        found.revision,
                        if withdrawn { "-" } else { "" }
                    )
                })
                .collect::<Vec<_>>()
                .join(" "),
        );
        state = poll.state;
    }
    assert_eq!(told, ["A1 B1 C1", "B2-", "D1", "B3", ""]);
}

#[tokio::test]
async fn a_feed_that_fell_silent_and_one_that_left_a_gap_are_shown_as_such() {
    let publisher = Publisher::new(|nth, _| {
        let items: String = (0..5)
            .map(|hour| format!("<item><guid>{nth}-{hour}</guid><pubDate>2020-01-05T0{hour}:00:00Z</pubDate></item>"))
            .collect();
        let body = format!("<rss version='2.0'><channel>{items}</channel></rss>");
        answer(200).body(body.into()).unwrap()
    })
    .await;
    let (spec, fetcher) = (publisher.spec(), publisher.fetcher());
    let first = fetcher.poll(&spec, &fresh(&spec)).await;
    let status = &fetcher.status()[0];
    assert!(status.quiet && !status.gap_suspected, "{status:?}");
    fetcher.poll(&spec, &first.state).await;
    let status = &fetcher.status()[0];
    assert!(status.quiet && status.gap_suspected, "{status:?}");
}

#[tokio::test]
async fn a_document_that_is_no_feed_goes_to_dead_and_keeps_no_validators() {
    let publisher = Publisher::new(|_, _| {
        answer(200)
            .header("etag", "\"x\"")
            .body("<html>Sorry</html>".into())
            .unwrap()
    })
    .await;
    let poll = publisher.poll_once().await;
    assert!(matches!(error(&poll), PollError::Unparsable(_)));
    assert!(poll.must_be_written());
    let dead = poll.dead.unwrap();
    assert_eq!(
        (dead.bytes.as_str(), dead.size),
        ("PGh0bWw+U29ycnk8L2h0bWw+", 18)
    );
    assert_eq!(
        (poll.state.etag, poll.state.body, poll.state.failures),
        (None, None, 1)
    );
}

#[tokio::test]
async fn a_redirect_is_followed_but_never_to_a_private_address() {
    let publisher = Publisher::new(|_, path| match path {
        "/feed" => answer(302)
            .header("location", "/there")
            .body(Body::empty())
            .unwrap(),
        "/there" => answer(301)
            .header("location", "http://0x7f.1:9/")
            .body(Body::empty())
            .unwrap(),
        _ => feed(&[]),
    })
    .await;
    let poll = publisher.poll_once().await;
    assert_eq!(*error(&poll), PollError::Blocked("127.0.0.1".to_owned()));
    assert!(!poll.must_be_written());
}

#[tokio::test]
async fn a_name_that_resolves_to_this_machine_is_not_reached() {
    let publisher = Publisher::new(|_, _| feed(&[])).await;
    let spec = FeedSpec {
        url: "http://localhost:1/feed".to_owned(),
        ..publisher.spec()
    };
    let poll = publisher.fetcher().poll(&spec, &fresh(&spec)).await;
    assert_eq!(*error(&poll), PollError::Blocked("localhost".to_owned()));
    assert!(publisher.asked.lock().unwrap().is_empty());
}

/// A feed that is asked with a password and a key, and the fetcher that has them.
fn with_credential(publisher: &Publisher) -> (FeedSpec, Fetcher) {
    let spec = FeedSpec {
        credential: Some("desk".to_owned()),
        ..publisher.spec()
    };
    let secret = |text: &str| Secret(text.to_owned());
    let credential = Credential {
        login: Some(("desk".to_owned(), secret("hunter2"))),
        headers: vec![("x-key".to_owned(), secret("k"))],
        certificate: None,
    };
    let fetcher = publisher.fetcher_with(|settings| {
        settings.allow = vec!["127.0.0.0/8".to_owned()];
        settings.credentials = [("desk".to_owned(), credential)].into();
    });
    (spec, fetcher)
}

#[tokio::test]
async fn a_credential_goes_to_the_feeds_host_and_never_to_another_nor_back() {
    let elsewhere = Publisher::new(|_, path| {
        // Back to the first, at a path of the other's choice.
        let home = path.trim_start_matches('/');
        answer(302)
            .header("location", format!("http://user:password@{home}/back"))
            .body(Body::empty())
            .unwrap()
    })
    .await;
    let away = format!("http://{}", elsewhere.address);
    let home = Arc::new(Mutex::new(String::new()));
    let itself = Arc::clone(&home);
    let publisher = Publisher::new(move |_, path| match path {
        "/feed" => answer(302)
            .header("location", "/inside")
            .body(Body::empty())
            .unwrap(),
        "/inside" => answer(302)
            .header("location", format!("{away}/{}", itself.lock().unwrap()))
            .header("set-cookie", "session=1")
            .body(Body::empty())
            .unwrap(),
        _ => feed(&[("a", "A")]),
    })
    .await;
    *home.lock().unwrap() = publisher.address.to_string();
    let (spec, fetcher) = with_credential(&publisher);
    let poll = fetcher.poll(&spec, &fresh(&spec)).await;
    assert_eq!(poll.revisions.len(), 1, "{:?}", poll.outcome);
    let sent = |publisher: &Publisher, nth| {
        ["authorization", "x-key", "cookie", "referer"]
            .map(|header| publisher.asked(nth, header).is_some())
    };
    assert_eq!(sent(&publisher, 0), [true, true, false, false]);
    assert_eq!(sent(&publisher, 1), [true, true, false, false]);
    assert_eq!(sent(&elsewhere, 0), [false; 4]);
    assert_eq!(sent(&publisher, 2), [false; 4]);
    let shown = serde_json::to_string(&fetcher.status()).unwrap();
    assert!(
        !shown.contains("hunter2") && !shown.contains("desk"),
        "{shown}"
    );
}

#[tokio::test]
async fn a_feed_whose_credential_is_missing_is_not_asked_without() {
    let publisher = Publisher::new(|_, _| feed(&[])).await;
    let spec = FeedSpec {
        credential: Some("lost".to_owned()),
        ..publisher.spec()
    };
    let poll = publisher.fetcher().poll(&spec, &fresh(&spec)).await;
    assert_eq!(*error(&poll), PollError::Credential("lost".to_owned()));
    assert!(publisher.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_opened_goes_through_the_proxy_and_numbers_are_still_checked() {
    let proxy = Publisher::new(|_, _| feed(&[("a", "A")])).await;
    let fetcher = proxy.fetcher_with(|settings| {
        settings.proxy = Some(format!("http://{}", proxy.address));
        settings.proxy_login = Some(("desk".to_owned(), Secret("hunter2".to_owned())));
    });
    let at = |url: &str| FeedSpec {
        url: url.to_owned(),
        ..proxy.spec()
    };
    let spec = at("http://feeds.example/feed");
    let poll = fetcher.poll(&spec, &fresh(&spec)).await;
    assert_eq!(poll.revisions.len(), 1, "{:?}", poll.outcome);
    assert_eq!(proxy.asked(0, "host").unwrap(), b"feeds.example");
    assert!(proxy.asked(0, "proxy-authorization").is_some());
    let spec = at("http://0x7f.1/feed");
    let poll = fetcher.poll(&spec, &fresh(&spec)).await;
    assert_eq!(*error(&poll), PollError::Blocked("127.0.0.1".to_owned()));
    // What is opened is reached directly.
    let spec = at(&format!("http://{}/feed", proxy.address));
    fetcher.poll(&spec, &fresh(&spec)).await;
    assert!(proxy.asked(1, "proxy-authorization").is_none());
}

#[tokio::test]
async fn answers_of_success_that_are_no_document_are_failures() {
    for status in [201, 202, 204, 205, 206, 226] {
        let publisher = Publisher::new(move |_, _| {
            let body = if status == 206 {
                rss(&[("a", "A")]).into()
            } else {
                Body::empty()
            };
            answer(status).body(body).unwrap()
        })
        .await;
        let poll = publisher.poll_once().await;
        assert!(
            matches!(error(&poll), PollError::Status { status: found, .. } if *found == status)
        );
        assert!(poll.dead.is_none());
    }
}

#[tokio::test]
async fn a_redirect_to_nowhere_asks_no_further() {
    let publisher = Publisher::new(|_, _| answer(301).body(Body::empty()).unwrap()).await;
    assert_eq!(*error(&publisher.poll_once().await), PollError::Redirects);
    assert_eq!(publisher.asked.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn bodies_past_the_budget_take_turns_and_all_are_read() {
    let publisher = Publisher::new(|_, _| {
        let filler = " ".repeat(600 << 10);
        answer(200)
            .body((rss(&[("a", "A")]) + &filler).into())
            .unwrap()
    })
    .await;
    let spec = publisher.spec();
    let fetcher = publisher.fetcher_with(|settings| {
        settings.host_permits = 8;
        (settings.max_wire, settings.max_body) = (1 << 20, 1 << 20);
        settings.max_in_flight = 2 << 20;
    });
    let state = fresh(&spec);
    let polls = futures::future::join_all((0..8).map(|_| fetcher.poll(&spec, &state))).await;
    assert!(polls.iter().all(|poll| poll.revisions.len() == 1));
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let publisher = Publisher::new(|_, _| {
        answer(302)
            .header("location", "/feed")
            .body(Body::empty())
            .unwrap()
    })
    .await;
    assert_eq!(*error(&publisher.poll_once().await), PollError::Redirects);
    assert_eq!(publisher.asked.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn a_body_past_the_cap_is_given_up() {
    let publisher = Publisher::new(|_, _| {
        let endless = futures::stream::repeat(Ok::<_, std::convert::Infallible>(
            Bytes::from_static(&[b' '; 8192]),
        ));
        answer(200).body(Body::from_stream(endless)).unwrap()
    })
    .await;
    assert_eq!(*error(&publisher.poll_once().await), PollError::TooLarge);
}

#[tokio::test]
async fn a_bomb_is_given_up_before_it_unfolds() {
    let publisher = Publisher::new(|_, _| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&vec![b' '; 64 << 20]).unwrap();
        answer(200)
            .header("content-encoding", "gzip")
            .body(gzip.finish().unwrap().into())
            .unwrap()
    })
    .await;
    assert_eq!(*error(&publisher.poll_once().await), PollError::TooLarge);
}

#[tokio::test]
async fn every_coding_that_is_asked_for_is_read_and_a_doubled_one_refused() {
    let plain = || rss(&[("a", "A")]).into_bytes();
    let publisher = Publisher::new(move |nth, _| {
        let (coding, body) = match nth {
            0 => {
                let mut gzip =
                    flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                gzip.write_all(&plain()).unwrap();
                ("gzip", gzip.finish().unwrap())
            }
            1 => {
                let mut zlib =
                    flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
                zlib.write_all(&plain()).unwrap();
                ("deflate", zlib.finish().unwrap())
            }
            2 => {
                let mut body = Vec::new();
                brotli::BrotliCompress(&mut plain().as_slice(), &mut body, &Default::default())
                    .unwrap();
                ("br", body)
            }
            3 => ("zstd", zstd::encode_all(plain().as_slice(), 1).unwrap()),
            _ => ("gzip, gzip", plain()),
        };
        answer(200)
            .header("content-encoding", coding)
            .body(body.into())
            .unwrap()
    })
    .await;
    for _ in 0..4 {
        assert_eq!(publisher.poll_once().await.revisions.len(), 1);
    }
    assert!(matches!(
        error(&publisher.poll_once().await),
        PollError::Coding(_)
    ));
}

#[tokio::test]
async fn a_body_that_stalls_is_too_slow() {
    let publisher = Publisher::new(|_, _| {
        let first = futures::stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"<rss>"))]);
        answer(200)
            .body(Body::from_stream(first.chain(futures::stream::pending())))
            .unwrap()
    })
    .await;
    let spec = publisher.spec();
    let fetcher =
        publisher.fetcher_with(|settings| settings.total_timeout = Duration::from_millis(600));
    let poll = fetcher.poll(&spec, &fresh(&spec)).await;
    assert_eq!(*error(&poll), PollError::TooSlow);
}

#[tokio::test]
async fn retry_after_is_heeded_in_both_forms() {
    let publisher = Publisher::new(|nth, _| {
        let (status, wait) = [(429, "7200"), (503, "Fri, 31 Dec 2100 00:00:00 GMT")][nth];
        answer(status)
            .header("retry-after", wait)
            .body(Body::empty())
            .unwrap()
    })
    .await;
    for seconds in [7_200, 86_400] {
        let poll = publisher.poll_once().await;
        let wait = poll
            .state
            .next_poll
            .duration_since(Timestamp::now())
            .as_secs();
        assert!((seconds - 60..=seconds).contains(&wait), "{wait}");
    }
}

#[tokio::test]
async fn a_feed_that_is_gone_is_written_so_and_not_followed_further() {
    let publisher = Publisher::new(|_, _| answer(410).body(Body::empty()).unwrap()).await;
    let spec = publisher.spec();
    let (offers, mut offered) = mpsc::channel(1);
    let mut following = JoinSet::new();
    let (fetcher, state, stop) = (publisher.fetcher(), fresh(&spec), CancellationToken::new());
    following.spawn(fetcher.follow(spec, state, offers, stop));
    let offer = offered.recv().await.unwrap();
    assert!(offer.poll.state.gone);
    offer.committed.send(()).unwrap();
    following.join_next().await.unwrap().unwrap();
    assert!(offered.recv().await.is_none());
}

#[tokio::test]
async fn following_goes_on_only_from_what_was_committed_and_ends_when_stopped() {
    let publisher = Publisher::new(|nth, _| feed(&[("a", &format!("A{nth}"))])).await;
    let spec = FeedSpec {
        interval: Some(jiff::SignedDuration::from_millis(10)),
        ..publisher.spec()
    };
    let (offers, mut offered) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let mut following = JoinSet::new();
    let (fetcher, state, stopped) = (publisher.fetcher(), fresh(&spec), stop.clone());
    following.spawn(fetcher.follow(spec, state, offers, stopped));
    for revision in 1..=3 {
        let offer = offered.recv().await.unwrap();
        assert_eq!(offer.poll.revisions[0].revision, revision);
        // Nothing is asked while the last poll is not committed.
        assert_eq!(publisher.asked.lock().unwrap().len(), revision as usize);
        if revision == 3 {
            stop.cancel();
        }
        offer.committed.send(()).unwrap();
    }
    following.join_next().await.unwrap().unwrap();
    assert!(offered.recv().await.is_none());
}

#[tokio::test]
async fn two_feeds_of_one_host_take_turns() {
    let publisher = Publisher::new(|_, _| feed(&[("a", "A")])).await;
    let spec = publisher.spec();
    let fetcher =
        publisher.fetcher_with(|settings| settings.host_spacing = Duration::from_millis(100));
    let begun = std::time::Instant::now();
    let state = fresh(&spec);
    futures::join!(
        fetcher.poll(&spec, &state),
        fetcher.poll(&spec, &state),
        fetcher.poll(&spec, &state)
    );
    assert!(begun.elapsed() >= Duration::from_millis(200));
}
