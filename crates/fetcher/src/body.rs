//! A body, read under every cap: its size, its speed, and the memory of all bodies together. A publisher
//! answers with one, a hub sends one.

use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt;
use reqwest::Response;
use reqwest::header::{self, HeaderMap};
use tokio::time::Instant;

use crate::budget::{Budget, Share};
use crate::http::failure;
use crate::inflate::{self, InflateError};
use crate::poll::PollError;
use crate::settings::Settings;

/// How bodies are read.
pub(crate) struct Reader {
    budget: Budget,
    max_body: u64,
    max_wire: u64,
    max_ratio: u64,
    /// The fewest bytes that come within each `span`.
    least: u64,
    span: Duration,
}

/// A body as it came on the wire.
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    coding: inflate::Coding,
    share: Share,
}

impl Reader {
    pub(crate) fn new(settings: &Settings) -> Self {
        let largest = settings.max_wire.saturating_add(settings.max_body);
        let span = settings.total_timeout / 6;
        Self {
            budget: Budget::new(settings.max_in_flight, largest),
            max_body: settings.max_body,
            max_wire: settings.max_wire,
            max_ratio: settings.max_ratio,
            least: (settings.min_rate as f64 * span.as_secs_f64()).ceil() as u64,
            span,
        }
    }

    /// The decoded body of an answer, and the memory that it holds until the share is dropped.
    pub(crate) async fn read(&self, response: Response) -> Result<(Vec<u8>, Share), PollError> {
        let headers = response.headers().clone();
        let body = reqwest::Body::from(response);
        let broken = |error| failure(&error);
        self.decode(self.receive(&headers, body, broken).await?)
            .await
    }

    /// A body as it is on the wire; `broken` says what an error of its connection means.
    pub(crate) async fn receive<B: Body<Data = Bytes> + Unpin>(
        &self,
        headers: &HeaderMap,
        body: B,
        broken: impl Fn(B::Error) -> PollError,
    ) -> Result<Received, PollError> {
        let codings: Vec<String> = headers
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .map(|coding| String::from_utf8_lossy(coding.as_bytes()).into_owned())
            .collect();
        // Refused before anything of the body is read.
        let coding = inflate::Coding::read(&codings.join(","))
            .map_err(|error| PollError::Coding(error.to_string()))?;
        let mut share = self.budget.share();
        let bytes = self.pieces(body, &mut share, broken).await?;
        Ok(Received {
            bytes,
            coding,
            share,
        })
    }

    /// What was received, decoded, and the memory that it holds until the share is dropped.
    pub(crate) async fn decode(&self, received: Received) -> Result<(Vec<u8>, Share), PollError> {
        let Received {
            bytes: coded,
            coding,
            mut share,
        } = received;
        let limit = inflate::limit(coding, coded.len() as u64, self.max_body, self.max_ratio);
        if coding != inflate::Coding::Identity {
            // Room for the whole before it is decoded, in one go: a decoder that waited half-way would
            // keep a window of many megabytes that nobody counts.
            share
                .grow(usize::try_from(limit).unwrap_or(usize::MAX))
                .await;
        }
        let bytes = inflate::inflate(coded, coding, limit).map_err(|error| match error {
            InflateError::TooLarge => PollError::TooLarge,
            error => PollError::Coding(error.to_string()),
        })?;
        share.shrink_to(bytes.len());
        Ok((bytes, share))
    }

    async fn pieces<B: Body<Data = Bytes> + Unpin>(
        &self,
        mut body: B,
        share: &mut Share,
        broken: impl Fn(B::Error) -> PollError,
    ) -> Result<Vec<u8>, PollError> {
        // At least what it announces.
        if body.size_hint().lower() > self.max_wire {
            return Err(PollError::TooLarge);
        }
        let mut coded = Vec::new();
        let (mut until, mut since) = (Instant::now() + self.span, 0);
        loop {
            let frame = tokio::time::timeout_at(until, body.frame()).await;
            let Some(frame) = frame.map_err(|_| PollError::TooSlow)? else {
                return Ok(coded);
            };
            let Ok(piece) = frame.map_err(&broken)?.into_data() else {
                // Trailers say nothing of a feed.
                continue;
            };
            if (coded.len() + piece.len()) as u64 > self.max_wire {
                return Err(PollError::TooLarge);
            }
            since += piece.len() as u64;
            let before = Instant::now();
            share.grow(piece.len()).await;
            coded.extend_from_slice(&piece);
            if since >= self.least {
                (until, since) = (Instant::now() + self.span, 0);
            } else {
                // Waiting for memory is not the publisher's fault.
                until += before.elapsed();
            }
        }
    }
}
