//! Where a request may go, and what goes along.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use fetcher::{Credential, Fetcher, PollError, Secret};
use wire::FeedSpec;

use crate::publisher::{Publisher, answer, error, feed, fresh};

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
async fn a_redirect_to_nowhere_asks_no_further() {
    let publisher = Publisher::new(|_, _| answer(301).body(Body::empty()).unwrap()).await;
    assert_eq!(*error(&publisher.poll_once().await), PollError::Redirects);
    assert_eq!(publisher.asked.lock().unwrap().len(), 1);
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
