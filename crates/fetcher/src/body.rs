//! A body, read under every cap: its size, its speed, and the memory of all bodies together.

use std::time::Duration;

use reqwest::Response;
use reqwest::header;
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

    /// The decoded body, and the memory that it holds until the share is dropped.
    pub(crate) async fn read(&self, response: Response) -> Result<(Vec<u8>, Share), PollError> {
        let codings: Vec<String> = response
            .headers()
            .get_all(header::CONTENT_ENCODING)
            .iter()
            .map(|coding| String::from_utf8_lossy(coding.as_bytes()).into_owned())
            .collect();
        // Refused before anything of the body is read.
        let coding = inflate::Coding::read(&codings.join(","))
            .map_err(|error| PollError::Coding(error.to_string()))?;
        let mut share = self.budget.share();
        let coded = self.coded(response, &mut share).await?;
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

    /// The body as it is on the wire.
    async fn coded(&self, mut response: Response, share: &mut Share) -> Result<Vec<u8>, PollError> {
        let announced = response.content_length();
        if announced.is_some_and(|length| length > self.max_wire) {
            return Err(PollError::TooLarge);
        }
        let mut coded = Vec::new();
        let (mut until, mut since) = (Instant::now() + self.span, 0);
        loop {
            let chunk = tokio::time::timeout_at(until, response.chunk()).await;
            let chunk = chunk.map_err(|_| PollError::TooSlow)?;
            let Some(chunk) = chunk.map_err(|error| failure(&error))? else {
                return Ok(coded);
            };
            if (coded.len() + chunk.len()) as u64 > self.max_wire {
                return Err(PollError::TooLarge);
            }
            since += chunk.len() as u64;
            let before = Instant::now();
            share.grow(chunk.len()).await;
            coded.extend_from_slice(&chunk);
            if since >= self.least {
                (until, since) = (Instant::now() + self.span, 0);
            } else {
                // Waiting for memory is not the publisher's fault.
                until += before.elapsed();
            }
        }
    }
}
