//! `claimwire health`: whether the daemon on this machine is ready, as an exit code for containers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::Empty;
use hyper::StatusCode;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::Failure;
use crate::config::Config;

/// How long the daemon may take to answer.
const PATIENCE: Duration = Duration::from_secs(4);

pub(super) async fn health(config: &Config) -> Result<(), Failure> {
    ready(reachable(config.http.listen))
        .await
        .map_err(Failure::Running)
}

async fn ready(daemon: SocketAddr) -> anyhow::Result<()> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = format!("http://{daemon}/readyz");
    let asked = client.get(url.parse().context("the daemon's address")?);
    let answer = tokio::time::timeout(PATIENCE, asked)
        .await
        .with_context(|| format!("the daemon at {daemon} does not answer in time"))?
        .with_context(|| format!("no daemon answers at {daemon}"))?;
    if answer.status() != StatusCode::OK {
        bail!("the daemon at {daemon} is not ready: {}", answer.status());
    }
    Ok(())
}

/// Where a daemon that listens on `listen` is reached from its own machine.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_listens_everywhere_is_asked_on_loopback() {
        let at = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(at("0.0.0.0:8686"), "127.0.0.1:8686");
        assert_eq!(at("[::]:1"), "[::1]:1");
        assert_eq!(at("10.0.0.7:8686"), "10.0.0.7:8686");
    }
}
