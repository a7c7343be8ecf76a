//! Spans over OTLP: a poll is a span, and so is the tagging of each revision that it found, under the
//! identifiers that the records carry in their `traceparent` headers (W3C Trace Context). A trace
//! therefore goes from the request to the claim, across instances and topics.

#![expect(
    clippy::disallowed_types,
    reason = "OpenTelemetry dates its spans with the system's type"
)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use jiff::Timestamp;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor as _,
};
use sink::envelope::Trace;

/// How long an export may take, the last one at the end included.
const EXPORT: Duration = Duration::from_secs(5);

/// Where spans go; nowhere unless the configuration names a collector. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Spans(Option<Arc<BatchSpanProcessor>>);

/// One finished step of a trace.
pub(crate) struct Step {
    /// What was done: `poll` or `tag`.
    pub(crate) name: &'static str,
    /// Its place in the trace.
    pub(crate) trace: Trace,
    /// When it began.
    pub(crate) begun: Timestamp,
    /// When it ended.
    pub(crate) ended: Timestamp,
    /// What it was about, after OpenTelemetry's naming.
    pub(crate) about: Vec<(&'static str, String)>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
}

impl Spans {
    /// Spans sent to the collector at `endpoint`, such as `http://127.0.0.1:4318`, by OTLP over HTTP;
    /// without one, to nobody. A collector that is away costs spans, never records.
    ///
    /// # Errors
    /// When no exporter can be made for the address.
    pub(crate) fn to(endpoint: Option<&str>, instance: &str) -> anyhow::Result<Self> {
        let Some(endpoint) = endpoint else {
            return Ok(Self::default());
        };
        // The exporter's client asks the process for its cryptography; a second start finds it there.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let exporter = SpanExporter::builder()
            .with_http()
            .with_protocol(Protocol::HttpBinary)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(EXPORT)
            .build()
            .with_context(|| {
                format!("spans cannot be sent to `otlp` in [telemetry], {endpoint}")
            })?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let resource = Resource::builder()
            .with_service_name("claimwire")
            .with_attributes([
                KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
                KeyValue::new("service.instance.id", instance.to_owned()),
            ])
            .build();
        processor.set_resource(&resource);
        Ok(Self(Some(Arc::new(processor))))
    }

    /// Whether anybody collects spans: otherwise there is nothing to describe.
    pub(crate) fn are_collected(&self) -> bool {
        self.0.is_some()
    }

    /// Hands a finished step to the exporter's queue; never waits.
    pub(crate) fn record(&self, step: Step) {
        if let Some(processor) = &self.0 {
            processor.on_end(span(step));
        }
    }

    /// Sends what is queued; blocks for at most as long as an export may take.
    pub(crate) fn flush(&self) {
        let Some(processor) = &self.0 else { return };
        if let Err(error) = processor.shutdown_with_timeout(EXPORT) {
            tracing::warn!(%error, "the last spans were not sent");
        }
    }
}

fn span(step: Step) -> SpanData {
    let id = |span: u64| SpanId::from_bytes(span.to_be_bytes());
    // Nothing here was done before 1970.
    let at = |time: Timestamp| {
        SystemTime::UNIX_EPOCH + Duration::try_from(time.as_duration()).unwrap_or_default()
    };
    SpanData {
        span_context: SpanContext::new(
            TraceId::from_bytes(step.trace.trace.to_be_bytes()),
            id(step.trace.span),
            TraceFlags::SAMPLED,
            false,
            TraceState::default(),
        ),
        parent_span_id: step.trace.parent.map_or(SpanId::INVALID, id),
        parent_span_is_remote: step.trace.parent.is_some(),
        // What is tagged was handed over by the log (OpenTelemetry's messaging conventions).
        span_kind: match step.trace.parent {
            Some(_) => SpanKind::Consumer,
            None => SpanKind::Client,
        },
        name: step.name.into(),
        start_time: at(step.begun),
        end_time: at(step.ended),
        attributes: step
            .about
            .into_iter()
            .map(|(key, value)| KeyValue::new(key, value))
            .collect(),
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: match step.failure {
            Some(failure) => Status::error(failure),
            None => Status::Unset,
        },
        instrumentation_scope: InstrumentationScope::builder("claimwire").build(),
    }
}
