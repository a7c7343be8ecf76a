//! What every Kafka client here shares: its configuration, and what becomes of what it reports.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{DeliveryResult, ProducerContext};

use crate::log::OpenError;
use crate::settings::KafkaSettings;

use super::health::Health;

/// What librdkafka assumes when nobody says otherwise.
const SESSION_TIMEOUT: Duration = Duration::from_secs(45);

/// How long a broker that is connected to may take to answer, before the request is made anew elsewhere; less where
/// a session is shorter.
pub(super) const ANSWER: Duration = Duration::from_secs(20);

/// How long the group waits in a rebalance for a member that is alive, in sessions of silence, and the least and the
/// most of it. By KIP-62 it is also how long a member may go without polling, and librdkafka waits for the answer to a
/// `JoinGroup` about as long.
const REBALANCE_SESSIONS: u32 = 3;
const REBALANCE: [Duration; 2] = [Duration::from_secs(30), Duration::from_secs(300)];
/// Looks at a member's statistics within one session: at its lag, and at what proves its membership.
const LOOKS: u32 = 12;
/// The least and the most time between two of them.
const LOOK: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// What librdkafka tells a client, kept for whoever has to explain it.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub(super) health: Arc<Health>,
    /// Why a broker refused the connection, in librdkafka's words.
    refusal: Arc<Mutex<Option<Refusal>>>,
    /// The first record of the transaction that could not be delivered.
    undelivered: Arc<Mutex<Option<RDKafkaErrorCode>>>,
}

/// A connection that no retry will bring about.
#[derive(Clone, Debug)]
pub(super) enum Refusal {
    /// The credentials were not accepted.
    Credentials,
    /// The TLS handshake failed.
    Tls(String),
}

impl Context {
    pub(super) fn new(health: &Arc<Health>) -> Self {
        Self {
            health: Arc::clone(health),
            ..Self::default()
        }
    }

    pub(super) fn refusal(&self) -> Option<Refusal> {
        self.refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the first failed delivery since the last call.
    pub(super) fn take_undelivered(&self) -> Option<RDKafkaErrorCode> {
        self.undelivered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        match level {
            RDKafkaLogLevel::Debug | RDKafkaLogLevel::Info => {
                tracing::trace!(facility, "{message}");
            }
            _ => tracing::debug!(facility, "{message}"),
        }
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(reason, "Kafka client: {error}");
        let refusal = match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed) => {
                Refusal::Credentials
            }
            Some(RDKafkaErrorCode::SSL) => Refusal::Tls(reason.to_owned()),
            Some(RDKafkaErrorCode::AllBrokersDown) => return self.health.away(reason),
            _ => return,
        };
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }
}

impl ConsumerContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let code = error
                .rdkafka_error_code()
                .unwrap_or(RDKafkaErrorCode::Unknown);
            self.undelivered
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(code);
        }
    }
}

/// The configuration of every client.
///
/// # Errors
/// When the settings ask for what this build cannot do.
pub(super) fn common(settings: &KafkaSettings) -> Result<ClientConfig, OpenError> {
    let security = &settings.security;
    let scram = security
        .sasl_mechanism
        .as_ref()
        .is_some_and(|mechanism| mechanism.starts_with("SCRAM"));
    if !cfg!(feature = "tls") && (security.tls || scram) {
        return Err(OpenError(format!(
            "kafka.security asks for {}, which this program was built without: build it with `--features tls`",
            if security.tls { "TLS" } else { "SCRAM" }
        )));
    }
    let answer = ANSWER.min(session_timeout(settings));
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &settings.brokers)
        .set("client.id", &settings.instance)
        .set("allow.auto.create.topics", "false")
        .set("topic.metadata.refresh.interval.ms", "30000")
        .set("socket.timeout.ms", answer.as_millis().to_string())
        .set("reconnect.backoff.ms", "100")
        .set("reconnect.backoff.max.ms", "2000")
        .set_log_level(RDKafkaLogLevel::Warning);
    let protocol = match (security.tls, &security.sasl_mechanism) {
        (false, None) => "plaintext",
        (true, None) => "ssl",
        (false, Some(_)) => "sasl_plaintext",
        (true, Some(_)) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    let files = [
        ("ssl.ca.location", &security.ca_file),
        ("ssl.certificate.location", &security.certificate_file),
        ("ssl.key.location", &security.key_file),
    ];
    for (property, file) in files {
        if let Some(file) = file {
            config.set(property, file.to_string_lossy());
        }
    }
    let words = [
        ("sasl.mechanisms", &security.sasl_mechanism),
        ("sasl.username", &security.username),
        ("sasl.password", &security.password),
    ];
    for (property, word) in words {
        if let Some(word) = word {
            config.set(property, word);
        }
    }
    Ok(config)
}

/// Lays the user's own properties over ours.
pub(super) fn overlay(config: &mut ClientConfig, settings: &KafkaSettings) {
    for (property, value) in &settings.properties {
        config.set(property, value);
    }
}

/// How long a member may be silent before its group gives it up.
pub(super) fn session_timeout(settings: &KafkaSettings) -> Duration {
    let said = settings.properties.get("session.timeout.ms");
    let millis = said.and_then(|said| said.parse().ok());
    millis.map_or(SESSION_TIMEOUT, Duration::from_millis)
}

/// The configuration of a consumer that shares a topic with the other members of `group`.
pub(super) fn member(base: &ClientConfig, settings: &KafkaSettings, group: &str) -> ClientConfig {
    let session = session_timeout(settings);
    let rebalance = (REBALANCE_SESSIONS * session).clamp(REBALANCE[0], REBALANCE[1].max(session));
    let look = (session / LOOKS).clamp(LOOK[0], LOOK[1]);
    let mut config = consumer(base, settings);
    config
        .set("group.id", group)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("max.poll.interval.ms", rebalance.as_millis().to_string());
    overlay(&mut config, settings);
    config.set("statistics.interval.ms", look.as_millis().to_string());
    config
}

/// The configuration of a consumer of committed records.
pub(super) fn consumer(base: &ClientConfig, settings: &KafkaSettings) -> ClientConfig {
    let mut config = base.clone();
    config
        .set("isolation.level", "read_committed")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "earliest")
        .set("check.crcs", "true")
        .set("fetch.wait.max.ms", "100")
        .set("fetch.error.backoff.ms", "100")
        // An answer is unpacked whole before its first record is polled, and what is small enough is still in the
        // core's cache by then. A longer batch comes all the same (KIP-74).
        .set("fetch.message.max.bytes", "131072")
        // For how long a partition is left alone once enough of it waits to be polled; a second by default.
        .set("fetch.queue.backoff.ms", "30")
        .set("queued.max.messages.kbytes", "8192");
    overlay(&mut config, settings);
    config
}

/// A client that could not be made, as a sentence.
pub(super) fn unusable(error: &KafkaError) -> OpenError {
    match error {
        // Only the property and librdkafka's complaint: the value may be a secret.
        KafkaError::ClientConfig(_, complaint, property, _) => OpenError(format!(
            "the Kafka property {property} cannot be used: {complaint}"
        )),
        other => OpenError(format!("cannot make a Kafka client: {other}")),
    }
}
