//! Bodies that are too large, too slow, or no documents.

use std::io::Write;
use std::time::Duration;

use axum::body::{Body, Bytes};
use fetcher::PollError;
use futures::StreamExt;

use crate::publisher::{Publisher, answer, error, fresh, rss};

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
