//! What the daemon answers over HTTP: its health, its metrics, its feeds and its records.

use std::convert::Infallible;
use std::net::SocketAddr;

use anyhow::Context as _;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use fetcher::Fetcher;
use futures::StreamExt as _;
use metrics_exporter_prometheus::PrometheusHandle;
use sink::Log;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::records::{self, Query};

/// What the answers are made from.
#[derive(Clone)]
pub(crate) struct HttpState {
    log: Log,
    fetcher: Option<Fetcher>,
    metrics: PrometheusHandle,
}

impl HttpState {
    /// A process that does not fetch has no `fetcher`, and lists no feeds.
    pub(crate) fn new(log: Log, fetcher: Option<Fetcher>, metrics: PrometheusHandle) -> Self {
        Self {
            log,
            fetcher,
            metrics,
        }
    }
}

/// The port that [`serve`] answers on, taken before anything starts.
///
/// # Errors
/// When somebody else has it, or the address is none of this machine.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with `listen` in [http] or CLAIMWIRE_HTTP_LISTEN")
    })
}

/// Answers until `stop` is cancelled and the requests under way have ended; one that follows records
/// ends only with its client, so whoever stops the daemon drops this future.
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    state: HttpState,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    axum::serve(listener, router(state))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the HTTP server stopped")
}

fn router(state: HttpState) -> Router {
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .route("/v1/feeds", get(feeds))
        .route("/v1/records", get(follow))
        .with_state(state)
}

async fn ready(State(state): State<HttpState>) -> Response {
    match state.log.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n").into_response(),
    }
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let text = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, text)], state.metrics.render()).into_response()
}

async fn feeds(State(state): State<HttpState>) -> Response {
    Json(
        state
            .fetcher
            .map(|fetcher| fetcher.status())
            .unwrap_or_default(),
    )
    .into_response()
}

/// Records as JSON lines, or as server-sent events (WHATWG HTML §9.2) where the client accepts them.
/// One record at a time is read, and only once the client has taken the one before.
async fn follow(
    State(state): State<HttpState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = match Query::parse(query.as_deref().unwrap_or_default(), &state.log) {
        Ok(query) => query,
        Err(what) => return (StatusCode::BAD_REQUEST, what + "\n").into_response(),
    };
    let entries = match records::stream(&state.log, query).await {
        Ok(entries) => entries,
        Err(error) => {
            return (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response();
        }
    };
    let accepted = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok());
    if accepted.is_some_and(|accepted| accepted.contains("text/event-stream")) {
        let events = entries.map(|entry| {
            let id = format!("{}/{}/{}", entry.topic, entry.partition, entry.offset);
            let data = records::line(&entry);
            Ok::<_, Infallible>(Event::default().id(id).event(entry.topic).data(data))
        });
        return Sse::new(events)
            .keep_alive(KeepAlive::default())
            .into_response();
    }
    let lines = entries.map(|entry| Ok::<_, Infallible>(records::line(&entry) + "\n"));
    let body = axum::body::Body::from_stream(lines);
    ([(header::CONTENT_TYPE, "application/x-ndjson")], body).into_response()
}
