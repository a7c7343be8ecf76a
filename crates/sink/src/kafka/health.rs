//! Whether the log can be reached and written: what metrics and readiness report, and one line in the
//! daemon's log for each change.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::verdict::Trouble;

/// The state of the log as its clients see it.
#[derive(Debug)]
pub(super) struct Health {
    /// From the start, so that a log that never opened is its opener's error and no warning.
    away: AtomicBool,
    /// What keeps each client from its work, by the client's name.
    paused: Mutex<BTreeMap<String, Trouble>>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            away: AtomicBool::new(true),
            paused: Mutex::default(),
        }
    }
}

impl Health {
    /// Notes that no broker can be reached.
    pub(super) fn away(&self, reason: &str) {
        if !self.away.swap(true, Ordering::Relaxed) {
            metrics::gauge!("claimwire_log_broker_up").set(0.0);
            tracing::warn!(reason, "no Kafka broker can be reached; waiting for one");
        }
    }

    /// Notes that a broker answered.
    pub(super) fn answers(&self) {
        if self.away.swap(false, Ordering::Relaxed) {
            tracing::info!("a Kafka broker answers");
        }
        metrics::gauge!("claimwire_log_broker_up").set(1.0);
    }

    /// Notes that `client` waits until somebody mends what `trouble` names.
    pub(super) fn pauses(&self, client: &str, trouble: &Trouble) {
        let mut paused = self.paused();
        let before = paused.insert(client.to_owned(), trouble.clone());
        if before.as_ref() == Some(trouble) {
            return;
        }
        tracing::error!(
            kafka.client = client,
            reason = trouble.name(),
            "{trouble}; {client} pauses and tries again"
        );
        count(&paused, before.as_ref());
    }

    /// Notes that `client` is at work.
    pub(super) fn works(&self, client: &str) {
        let mut paused = self.paused();
        if let Some(before) = paused.remove(client) {
            tracing::info!(kafka.client = client, "{client} goes on");
            count(&paused, Some(&before));
        }
    }

    /// What an operator has to mend, where there is anything.
    pub(super) fn obstacle(&self) -> Option<String> {
        let paused = self.paused();
        let (client, trouble) = paused.first_key_value()?;
        Some(format!("{client} is paused: {trouble}"))
    }

    fn paused(&self) -> MutexGuard<'_, BTreeMap<String, Trouble>> {
        self.paused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets the gauge of every reason there is, and of the one that was there `before`.
fn count(paused: &BTreeMap<String, Trouble>, before: Option<&Trouble>) {
    for trouble in paused.values().chain(before) {
        let name = trouble.name();
        let clients = paused.values().filter(|other| other.name() == name).count();
        metrics::gauge!("claimwire_log_paused", "reason" => name).set(clients as f64);
    }
}
