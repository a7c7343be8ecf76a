//! What the configuration's types cannot say: each refusal is a line that names the key.

use std::time::Duration;

use super::source::Source;
use super::{Config, ConfigError, EVENT_TOPICS, fetch};
use crate::canary;

impl Config {
    /// What the types cannot say.
    pub(super) fn check(&self, source: &Source) -> Result<(), ConfigError> {
        let wrong = |section: &str, key: &str, what: &str| {
            Err(source.error_at(section, key, format!("{key} in [{section}] {what}")))
        };
        if self.log.partitions == 0 || self.log.partitions > 1024 {
            return wrong("log", "partitions", "is from 1 to 1024");
        }
        if self.log.retention.0.is_zero() {
            return wrong("log", "retention", "must be longer than nothing");
        }
        if !topic_name(&self.log.prefix) && !self.log.prefix.is_empty() {
            return wrong(
                "log",
                "prefix",
                "may hold letters, digits, \".\", \"_\" and \"-\" only",
            );
        }
        if self.canary.interval.0 < Duration::from_millis(100) {
            return wrong("canary", "interval", "is at least \"100ms\"");
        }
        if self.places.contains_key(canary::FEED) {
            return Err(ConfigError(format!(
                "{}: the id \"{}\" is the built-in canary's",
                self.places[canary::FEED],
                canary::FEED
            )));
        }
        if self.stories.items == 0 {
            return wrong("stories", "items", "is at least 1");
        }
        if self
            .log
            .kafka
            .as_ref()
            .is_some_and(|brokers| brokers.trim().is_empty())
        {
            return wrong(
                "log",
                "kafka",
                "names no broker; write \"host:9092\", or leave the key out",
            );
        }
        if self.websub.callback.is_some() && fetch::websub(&self.websub).is_none() {
            let what = "is no http or https address, such as \"https://desk.example.org/websub\"";
            return wrong("websub", "callback", what);
        }
        if self.kafka.sasl_mechanism.is_some()
            && (self.kafka.username.is_none() || self.kafka.password.is_none())
        {
            return wrong(
                "kafka",
                "sasl_mechanism",
                "needs username, and password_env or password_file",
            );
        }
        let builtin = |topic: &str| {
            EVENT_TOPICS.contains(&topic) || topic.starts_with("feed") || topic == "stories"
        };
        for route in &self.routes {
            let topic = &route.topic;
            if !topic_name(topic) || builtin(topic) {
                return Err(ConfigError(format!(
                    "{}: topic \"{topic}\" in [[route]] must be a name of its own, of letters, digits, \".\", \"_\" and \"-\"",
                    source.name
                )));
            }
        }
        Ok(())
    }
}

fn topic_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !name.is_empty() && name.len() <= 200 && name.bytes().all(plain)
}

/// A file is copied, committed and mailed; a password in it would be too.
pub(super) fn refuse_secrets(source: &Source) -> Result<(), ConfigError> {
    let says = "does not belong in a file; name where it is with password_env or password_file, \
                or set CLAIMWIRE_KAFKA_PASSWORD";
    if source.key_span("kafka", "password").is_some() {
        return Err(source.error_at("kafka", "password", format!("a password {says}")));
    }
    for key in [
        "sasl.password",
        "ssl.key.password",
        "ssl.key.pem",
        "sasl.oauthbearer.client.secret",
    ] {
        if source.span(&["kafka", "properties", key]).is_some() {
            let says = "holds a secret, which does not belong in a file; set it in CLAIMWIRE_KAFKA_PROPERTIES";
            return Err(source.error_at("kafka", "properties", format!("{key} {says}")));
        }
    }
    Ok(())
}
