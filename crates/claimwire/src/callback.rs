//! What hubs are answered (WebSub): a listener of its own, since it faces the Internet and the rest does not.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fetcher::{Fetcher, Reply};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// When a hub may come again, in seconds.
const AGAIN: &str = "60";

/// The port that [`serve`] answers on, taken before anything starts.
///
/// # Errors
/// When somebody else has it, or the address is none of this machine.
pub(crate) async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}; choose another address with `listen` in [websub] or CLAIMWIRE_WEBSUB_LISTEN")
    })
}

/// Answers until `stop` is cancelled and the requests under way have ended.
///
/// # Errors
/// When the listener fails.
pub(crate) async fn serve(
    listener: TcpListener,
    fetcher: Fetcher,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let routes = get(verify).post(push).with_state(fetcher);
    axum::serve(listener, Router::new().fallback_service(routes))
        .with_graceful_shutdown(stop.cancelled_owned())
        .await
        .context("the callback server stopped")
}

async fn verify(State(fetcher): State<Fetcher>, uri: Uri) -> Response {
    let (feed, word) = place(&uri);
    response(fetcher.verify(feed, word, uri.query().unwrap_or_default()))
}

async fn push(
    State(fetcher): State<Fetcher>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (feed, word) = place(&uri);
    response(fetcher.push(feed, word, &headers, body).await)
}

/// The feed and the word that the address ends with; a proxy may have taken away what stood before them.
fn place(uri: &Uri) -> (&str, &str) {
    let mut segments = uri.path().rsplit('/');
    let word = segments.next().unwrap_or_default();
    (segments.next().unwrap_or_default(), word)
}

fn response(reply: Reply) -> Response {
    match reply {
        // Types that no browser runs, for the challenge is the caller's text (§8.2).
        Reply::Challenge(challenge) => {
            let plain = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (plain, challenge).into_response()
        }
        Reply::Accepted => StatusCode::ACCEPTED.into_response(),
        Reply::Malformed => StatusCode::BAD_REQUEST.into_response(),
        Reply::NotAsked => StatusCode::NOT_FOUND.into_response(),
        Reply::Gone => StatusCode::GONE.into_response(),
        Reply::Later => {
            let again = [(header::RETRY_AFTER, AGAIN)];
            (StatusCode::SERVICE_UNAVAILABLE, again).into_response()
        }
    }
}
