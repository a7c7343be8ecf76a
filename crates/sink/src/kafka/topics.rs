//! Topics at the start: the missing ones are created, the others are compared with what is wanted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::metadata::Metadata;

use crate::log::OpenError;
use crate::settings::{Cleanup, KafkaSettings, TopicSpec};

use super::client::{Context, Refusal, unusable};

/// How long opening may take before somebody is told.
const PATIENCE: Duration = Duration::from_secs(10);

/// The topics of the cluster and their partition counts. Blocks, for [`PATIENCE`] at most.
pub(super) fn existing(
    base: &ClientConfig,
    settings: &KafkaSettings,
    context: Context,
) -> Result<BTreeMap<String, u32>, OpenError> {
    let client =
        BaseConsumer::from_config_and_context(base, context).map_err(|error| unusable(&error))?;
    let metadata = metadata(&client, settings)?;
    let topics = metadata.topics().iter();
    let known = topics.filter(|topic| topic.error().is_none());
    Ok(known
        .map(|topic| (topic.name().to_owned(), topic.partitions().len() as u32))
        .collect())
}

/// What the cluster says of itself. Blocks, for [`PATIENCE`] at most.
pub(super) fn metadata(
    client: &BaseConsumer<Context>,
    settings: &KafkaSettings,
) -> Result<Metadata, OpenError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = client.fetch_metadata(None, Duration::from_secs(1));
        // Serves the events that say why there is no answer.
        while client.poll(Duration::ZERO).is_some() {}
        let error = match answer {
            Ok(metadata) => return Ok(metadata),
            Err(error) => error,
        };
        if let Some(refusal) = client.context().refusal() {
            return Err(refused(settings, &refusal));
        }
        if Instant::now() >= deadline {
            return Err(OpenError(format!(
                "no Kafka broker answers at {} ({error}): check kafka.brokers and that the broker runs",
                settings.brokers
            )));
        }
    }
}

/// Creates the topics that are missing and compares the others; returns the partitions of each.
pub(super) async fn ensure(
    base: &ClientConfig,
    settings: &KafkaSettings,
    context: Context,
    existing: &BTreeMap<String, u32>,
    topics: &[TopicSpec],
) -> Result<BTreeMap<String, u32>, OpenError> {
    let admin =
        AdminClient::from_config_and_context(base, context).map_err(|error| unusable(&error))?;
    let options = AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE));
    let mut partitions = BTreeMap::new();
    let mut standing = Vec::new();
    for topic in topics {
        let name = format!("{}{}", settings.prefix, topic.name);
        // A rate sees only what grows from a value that was scraped.
        metrics::counter!("claimwire_log_refused_total", "topic" => name.clone()).increment(0);
        if let Some(count) = existing.get(&name) {
            partitions.insert(topic.name.clone(), *count);
            standing.push((name, topic));
        } else {
            let made = create(&admin, &options, settings, &name, topic).await?;
            let count = if made {
                topic.partitions
            } else {
                count_of(&admin, &name)?
            };
            partitions.insert(topic.name.clone(), count);
            if !made {
                standing.push((name, topic));
            }
        }
    }
    verify(&admin, &options, &standing, &partitions).await?;
    Ok(partitions)
}

/// How many partitions a topic has that somebody else has just made. Blocks, for [`PATIENCE`] at most.
fn count_of(admin: &AdminClient<Context>, name: &str) -> Result<u32, OpenError> {
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let answer = admin
            .inner()
            .fetch_metadata(Some(name), Duration::from_secs(1));
        let count = answer.map_or(0, |metadata| {
            let topics = metadata.topics().iter();
            topics.map(|topic| topic.partitions().len()).sum::<usize>()
        });
        if count > 0 {
            return Ok(count as u32);
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    Err(OpenError(format!(
        "the Kafka topic {name} is there, but no broker says how many partitions it has: start again"
    )))
}

/// False when another process made it in the meantime.
async fn create(
    admin: &AdminClient<Context>,
    options: &AdminOptions,
    settings: &KafkaSettings,
    name: &str,
    topic: &TopicSpec,
) -> Result<bool, OpenError> {
    let wanted = wanted(topic);
    let replication = match settings.replication {
        0 => -1,
        replicas => replicas,
    };
    let partitions = topic.partitions.cast_signed();
    let mut new = NewTopic::new(name, partitions, TopicReplication::Fixed(replication));
    for (property, value) in &wanted {
        new = new.set(property, value);
    }
    let refused = |reason: String| {
        OpenError(format!(
            "cannot create the Kafka topic {name}: {reason}: create it by hand, or let this user do it"
        ))
    };
    let results = admin
        .create_topics([&new], options)
        .await
        .map_err(|error| refused(error.to_string()))?;
    match results.into_iter().next() {
        None | Some(Ok(_)) => Ok(true),
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        Some(Err((_, RDKafkaErrorCode::InvalidReplicationFactor))) => Err(refused(format!(
            "the cluster has fewer brokers than the {} replicas of kafka.replication",
            settings.replication
        ))),
        Some(Err((_, code))) => Err(refused(code.to_string())),
    }
}

/// Names each difference between a topic and what is wanted. The topic is left alone: it is the
/// operator's.
async fn verify(
    admin: &AdminClient<Context>,
    options: &AdminOptions,
    standing: &[(String, &TopicSpec)],
    partitions: &BTreeMap<String, u32>,
) -> Result<(), OpenError> {
    for (name, topic) in standing {
        let is = partitions.get(&topic.name).copied().unwrap_or_default();
        if is != topic.partitions {
            let (is, wanted) = (is.to_string(), topic.partitions.to_string());
            differs(name, "partitions", &is, &wanted);
        }
    }
    match describe(admin, options, standing).await {
        Ok(described) => {
            for topic in described {
                for it in topic.differences {
                    differs(&topic.name, &it.setting, &it.is, &it.wanted);
                }
            }
        }
        Err(error) => tracing::warn!("cannot compare the topics' settings: {error}"),
    }
    Ok(())
}

/// A topic, and where its settings are not what is wanted.
pub(super) struct Described {
    pub(super) name: String,
    /// How many replicas must have a record before it is acknowledged.
    pub(super) min_insync: Option<usize>,
    pub(super) differences: Vec<Difference>,
}

/// A setting of a topic that is not what is wanted.
pub(super) struct Difference {
    pub(super) setting: String,
    pub(super) is: String,
    pub(super) wanted: String,
}

/// How topics that are there differ from what is wanted of them, what matters to their safety included.
pub(super) async fn described(
    base: &ClientConfig,
    standing: &[(String, &TopicSpec)],
) -> Result<Vec<Described>, KafkaError> {
    let admin = AdminClient::from_config_and_context(base, Context::default())?;
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    describe(&admin, &options, standing).await
}

async fn describe(
    admin: &AdminClient<Context>,
    options: &AdminOptions,
    standing: &[(String, &TopicSpec)],
) -> Result<Vec<Described>, KafkaError> {
    if standing.is_empty() {
        return Ok(Vec::new());
    }
    let resources = standing.iter();
    let resources: Vec<_> = resources
        .map(|(name, _)| ResourceSpecifier::Topic(name))
        .collect();
    let answers = admin.describe_configs(&resources, options).await?;
    let described = standing.iter().zip(answers);
    let described = described.map(|((name, topic), config)| {
        let config = config.map_err(KafkaError::AdminOp)?;
        let value = |setting: &str| config.get(setting)?.value.clone();
        let differences = wanted(topic).into_iter().filter_map(|(setting, wanted)| {
            let is = value(setting).unwrap_or_default();
            (is != wanted).then(|| Difference {
                setting: setting.to_owned(),
                is,
                wanted,
            })
        });
        Ok(Described {
            name: name.clone(),
            min_insync: value("min.insync.replicas").and_then(|value| value.parse().ok()),
            differences: differences.collect(),
        })
    });
    described.collect()
}

fn differs(topic: &str, setting: &str, is: &str, wanted: &str) {
    tracing::warn!(
        kafka.topic = topic,
        "topic {topic} has {setting} {is} where {wanted} is configured; it is left alone"
    );
}

fn wanted(topic: &TopicSpec) -> Vec<(&'static str, String)> {
    match topic.cleanup {
        Cleanup::Compact => vec![("cleanup.policy", "compact".to_owned())],
        Cleanup::Delete { age, bytes } => vec![
            ("cleanup.policy", "delete".to_owned()),
            ("retention.ms", age.as_millis().to_string()),
            (
                "retention.bytes",
                bytes.map_or_else(|| "-1".to_owned(), |bytes| bytes.to_string()),
            ),
        ],
    }
}

fn refused(settings: &KafkaSettings, refusal: &Refusal) -> OpenError {
    let brokers = &settings.brokers;
    match refusal {
        Refusal::Credentials => {
            let user = settings.security.username.as_deref().unwrap_or_default();
            OpenError(format!(
                "Kafka at {brokers} refused the credentials of user {user}: check kafka.security's username, password and mechanism"
            ))
        }
        Refusal::Tls(reason) => OpenError(format!(
            "no TLS connection to Kafka at {brokers} ({reason}): check kafka.security's files and that the listener speaks TLS"
        )),
    }
}
