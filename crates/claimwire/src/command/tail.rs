//! `claimwire tail`: follows tagged records, from Kafka itself or from a running daemon.

use std::io::{self, Write as _};
use std::pin::pin;

use anyhow::{Context as _, bail};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::{Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use sink::{From, Log};
use url::form_urlencoded;
use wire::{ClaimRecord, ItemRecord};

use super::Failure;
use crate::cli::{Begin, Tail};
use crate::config::Config;
use crate::output;
use crate::records::{self, Filter, Query};

/// Longest answer that is shown when the daemon refuses.
const REFUSAL_BYTES: usize = 4096;

/// Follows until it is interrupted.
pub(super) async fn tail(options: &Tail, config: &Config) -> Result<(), Failure> {
    let followed = async {
        if config.on_kafka() {
            from_kafka(options, config).await
        } else {
            from_daemon(options, config).await.map_err(Failure::Running)
        }
    };
    // Whoever follows ends it with Ctrl-C, which is no failure.
    tokio::select! {
        ended = followed => ended,
        _ = tokio::signal::ctrl_c() => Ok(()),
    }
}

async fn from_kafka(options: &Tail, config: &Config) -> Result<(), Failure> {
    let log = Log::open(&config.log_settings(), &config.topics())
        .await
        .map_err(|error| Failure::NotStarted(error.into()))?;
    let mut topics = Vec::new();
    for name in &options.topic {
        let name = records::topic(name, |topic| log.partitions(topic) > 0);
        topics.push(name.map_err(|what| Failure::NotStarted(anyhow::anyhow!(what)))?);
    }
    if topics.is_empty() {
        topics = records::CLAIMS.map(str::to_owned).to_vec();
    }
    let query = Query {
        topics,
        from: match options.from {
            Begin::Beginning => From::Beginning,
            Begin::End => From::End,
        },
        follow: true,
        filter: Filter {
            entity: options.entity.clone(),
            status: options.status,
        },
    };
    let mut entries = pin!(records::stream(&log, query).await?);
    while let Some(entry) = entries.next().await {
        show(&records::line(&entry), options.json)?;
    }
    Err(anyhow::anyhow!("the log cannot be read any further").into())
}

async fn from_daemon(options: &Tail, config: &Config) -> anyhow::Result<()> {
    let listen = config.http.listen;
    let url = format!("http://{listen}/v1/records?{}", query(options));
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let answer = client
        .get(url.parse().context("the daemon's address")?)
        .await;
    let answer = answer.with_context(|| {
        format!("no daemon answers at {listen}; start one with `claimwire run`, or name its address with CLAIMWIRE_HTTP_LISTEN")
    })?;
    if answer.status() != StatusCode::OK {
        let status = answer.status();
        bail!(
            "the daemon at {listen} answered {status}: {}",
            refusal(answer).await
        );
    }
    let mut body = answer.into_body();
    let mut waiting = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.with_context(|| format!("the daemon at {listen} went away"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        waiting.extend_from_slice(&data);
        while let Some(end) = waiting.iter().position(|&byte| byte == b'\n') {
            let line = waiting.split_to(end + 1);
            show(String::from_utf8_lossy(&line).trim_end(), options.json)?;
        }
    }
    bail!("the daemon at {listen} stopped")
}

fn query(options: &Tail) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for topic in &options.topic {
        query.append_pair("topic", topic);
    }
    let from = match options.from {
        Begin::Beginning => "beginning",
        Begin::End => "end",
    };
    query
        .append_pair("from", from)
        .append_pair("follow", "true");
    if let Some(entity) = &options.entity {
        query.append_pair("entity", entity);
    }
    if let Some(status) = options.status {
        query.append_pair("status", status.name());
    }
    query.finish()
}

async fn refusal(answer: Response<Incoming>) -> String {
    let body = http_body_util::Limited::new(answer.into_body(), REFUSAL_BYTES)
        .collect()
        .await;
    let bytes = body
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    output::plain(String::from_utf8_lossy(&bytes).trim())
}

/// Prints a record as it came, or as a person reads it.
fn show(line: &str, json: bool) -> io::Result<()> {
    let text = if json {
        line.to_owned()
    } else {
        readable(line, output::colour())
    };
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

fn readable(line: &str, colour: bool) -> String {
    let Ok(Value::Object(mut record)) = serde_json::from_str(line) else {
        return output::plain(line);
    };
    let topic = record
        .get("topic")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let value = record.remove("value").unwrap_or_default();
    if let Ok(claim) = serde_json::from_value::<ClaimRecord>(value.clone()) {
        return output::claim_line(&claim, colour);
    }
    if let Ok(item) = serde_json::from_value::<ItemRecord>(value.clone()) {
        let heading = format!("{topic}  {}: {}", item.source.publisher, item.title);
        return output::plain(&heading);
    }
    let key = record
        .get("key")
        .and_then(Value::as_str)
        .unwrap_or_default();
    output::plain(&format!("{topic}  {key}  {value}"))
}
