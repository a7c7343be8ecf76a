//! A publisher that speaks TLS and HTTP/2, and lets nobody in without a certificate.
//!
//! The certificates under `fixtures/tls` are valid for a hundred years from November 2026; the key of their
//! authority was thrown away.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot set its publisher up ends there"
)]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response, Version};
use fetcher::{Credential, Fetcher, Outcome, PollError, Secret, Settings, new_state};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};
use wire::FeedSpec;

const AUTHORITY: &str = include_str!("fixtures/tls/authority.pem");
const SERVER: [&str; 2] = [
    include_str!("fixtures/tls/server.pem"),
    include_str!("fixtures/tls/server-key.pem"),
];
const CLIENT: [&str; 2] = [
    include_str!("fixtures/tls/client.pem"),
    include_str!("fixtures/tls/client-key.pem"),
];
const DOCUMENT: &str = "<rss version='2.0'><channel><title>T</title><item><guid>a</guid>\
    <title>A</title></item></channel></rss>";

/// What came in: the number of the connection, and the version of HTTP.
type Asked = Arc<Mutex<Vec<(usize, Version)>>>;

/// The running publisher; it stops when it is dropped.
struct Publisher {
    address: SocketAddr,
    asked: Asked,
    _serving: JoinSet<()>,
}

impl Publisher {
    async fn start() -> Self {
        let acceptor = TlsAcceptor::from(Arc::new(config()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Asked::default();
        let log = Arc::clone(&asked);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            for number in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, log) = (acceptor.clone(), Arc::clone(&log));
                connections.spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else {
                        return;
                    };
                    let answer = service_fn(move |request: Request<hyper::body::Incoming>| {
                        log.lock().unwrap().push((number, request.version()));
                        async { Ok::<_, Infallible>(Response::new(Body::from(DOCUMENT))) }
                    });
                    let server = http2::Builder::new(TokioExecutor::new());
                    // However the connection ends, the polls say how they went.
                    let _ = server.serve_connection(TokioIo::new(stream), answer).await;
                });
            }
        });
        Self {
            address,
            asked,
            _serving: serving,
        }
    }

    fn spec(&self, credential: Option<&str>) -> FeedSpec {
        serde_json::from_value(serde_json::json!({
            "id": "a", "url": format!("https://{}/feed", self.address), "publisher": "A",
            "language": "en", "country": "XX", "kind": "other", "credential": credential,
        }))
        .unwrap()
    }

    fn fetcher(&self, authorities: Option<&str>) -> Fetcher {
        let certificate = Credential {
            certificate: Some(Secret(CLIENT.join("\n"))),
            ..Credential::default()
        };
        Fetcher::new(Settings {
            allow: vec![self.address.to_string()],
            host_spacing: Duration::ZERO,
            authorities: authorities.map(str::to_owned),
            credentials: [("library".to_owned(), certificate)].into(),
            ..Settings::default()
        })
        .unwrap()
    }
}

fn config() -> ServerConfig {
    let [certificate, key] = SERVER;
    let authority = CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap();
    let mut authorities = RootCertStore::empty();
    authorities.add(authority).unwrap();
    let provider = Arc::new(crypto::ring::default_provider());
    let known = WebPkiClientVerifier::builder_with_provider(authorities.into(), provider.clone());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(known.build().unwrap())
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[tokio::test]
async fn polls_with_a_client_certificate_share_one_connection_of_http_2() {
    let publisher = Publisher::start().await;
    let fetcher = publisher.fetcher(Some(AUTHORITY));
    let spec = publisher.spec(Some("library"));
    let state = new_state(&spec, Timestamp::now());
    let first = fetcher.poll(&spec, &state).await;
    assert!(
        matches!(first.outcome, Outcome::Document { items: 1, .. }),
        "{}",
        first.outcome
    );
    let second = fetcher.poll(&spec, &first.state).await;
    assert!(
        matches!(second.outcome, Outcome::Unchanged),
        "{}",
        second.outcome
    );
    let expected = [(0, Version::HTTP_2); 2];
    assert_eq!(*publisher.asked.lock().unwrap(), expected);
}

#[tokio::test]
async fn without_the_certificate_or_its_authority_nothing_is_asked() {
    let publisher = Publisher::start().await;
    let without = [
        (publisher.fetcher(Some(AUTHORITY)), publisher.spec(None)),
        (publisher.fetcher(None), publisher.spec(Some("library"))),
    ];
    for (fetcher, spec) in without {
        let poll = fetcher
            .poll(&spec, &new_state(&spec, Timestamp::now()))
            .await;
        let Outcome::Failed(PollError::Connect(why)) = &poll.outcome else {
            panic!("{}", poll.outcome);
        };
        assert!(!why.contains("PRIVATE KEY"));
    }
    assert!(publisher.asked.lock().unwrap().is_empty());
}
