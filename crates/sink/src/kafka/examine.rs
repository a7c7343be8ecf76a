//! The examination of a cluster: do its brokers answer, are the topics as they should be, may this user do what
//! the daemon does, and do the clocks agree? Nothing is written to a topic of ours.

use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use jiff::Timestamp;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext as _};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError;
use rdkafka::message::Message as _;
use rdkafka::metadata::{Metadata, MetadataTopic};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::util::Timeout;
use rdkafka::{Offset, TopicPartitionList};

use crate::finding::Finding;
use crate::settings::{KafkaSettings, TopicSpec};

use super::client::{self, Context};
use super::topics;

/// How long a broker may take with one answer.
const CALL: Duration = Duration::from_secs(5);
/// What a broker's clock may differ by before records seem to come from the past or the future.
const SKEW: i64 = 2_000;
/// Where a cluster's transactions are kept; its records carry the time of the broker's clock.
const TRANSACTIONS: &str = "__transaction_state";

/// The groups of the daemon, and the topic that each reads.
const GROUPS: [(&str, &str); 2] = [("fetch", "feeds"), ("tag", "raw")];

/// Everything that is to be said of the cluster.
pub(crate) async fn examine(settings: &KafkaSettings, topics: &[TopicSpec]) -> Vec<Finding> {
    let base = match client::common(settings) {
        Ok(mut base) => {
            client::overlay(&mut base, settings);
            base
        }
        Err(error) => {
            return vec![Finding::fail("kafka", error.0, "change [kafka]")];
        }
    };
    let configs = {
        let (base, topics) = (base.clone(), topics.to_vec());
        let settings = settings.clone();
        tokio::task::spawn_blocking(move || cluster(&base, &settings, &topics)).await
    };
    let (mut findings, there) = match configs {
        Ok(Ok(examined)) => examined,
        Ok(Err(findings)) => return findings,
        Err(panic) => return vec![Finding::fail("kafka", panic.to_string(), "")],
    };
    findings.extend(settings_of(&base, settings, &there).await);
    findings
}

/// What is found by asking, and the topics that are there with their replicas.
type Examined = (Vec<Finding>, Vec<(TopicSpec, usize)>);

fn cluster(
    base: &ClientConfig,
    settings: &KafkaSettings,
    topics: &[TopicSpec],
) -> Result<Examined, Vec<Finding>> {
    let consumer = client(base, settings).map_err(|finding| vec![finding])?;
    let metadata = match topics::metadata(&consumer, settings) {
        Ok(metadata) => metadata,
        Err(error) => {
            let mut findings = named(settings);
            let advice = "start the brokers, or correct log.kafka and [kafka]";
            findings.push(Finding::fail("cluster", error.0, advice));
            return Err(findings);
        }
    };
    let mut findings = named(settings);
    findings.extend(advertised(&metadata));
    let mut there = Vec::new();
    for topic in topics {
        let name = format!("{}{}", settings.prefix, topic.name);
        let mut known = metadata.topics().iter();
        match known.find(|known| known.name() == name && known.error().is_none()) {
            Some(known) => {
                findings.push(layout(&name, known, settings, topic));
                findings.extend(readable(&consumer, &name));
                there.push((topic.clone(), replicas(known)));
            }
            None => findings.push(Finding::fail(
                format!("topic {name}"),
                "is missing",
                "start the daemon, which makes it, or make it by hand where this user may not",
            )),
        }
    }
    for (group, topic) in GROUPS {
        let known = there.iter().find(|(known, _)| known.name == topic);
        findings.extend(known.map(|_| lag(base, settings, &metadata, group, topic)));
    }
    findings.extend(transactions(base, settings, &metadata));
    Ok((findings, there))
}

fn client(base: &ClientConfig, settings: &KafkaSettings) -> Result<BaseConsumer<Context>, Finding> {
    let mut config = client::consumer(base, settings);
    config.set("group.id", format!("{}doctor", settings.prefix));
    BaseConsumer::from_config_and_context(&config, Context::default())
        .map_err(|error| Finding::fail("kafka", client::unusable(&error).0, "change [kafka]"))
}

/// Whether each broker that the configuration names can be connected to.
fn named(settings: &KafkaSettings) -> Vec<Finding> {
    let brokers = settings.brokers.split(',').map(str::trim);
    let reached = brokers.map(|broker| {
        let about = format!("broker {broker}");
        match connect(broker) {
            Ok(()) => Finding::ok(about, "can be connected to"),
            Err(error) => Finding::fail(
                about,
                error,
                "start it, open the way to it, or take it out of log.kafka",
            ),
        }
    });
    reached.collect()
}

/// Whether each broker can be connected to where it says it is: clients go there, whatever they were told first.
fn advertised(metadata: &Metadata) -> Vec<Finding> {
    let brokers = metadata.brokers().iter();
    let reached = brokers.map(|broker| {
        let (host, port) = (broker.host(), broker.port());
        let about = format!("broker {}", broker.id());
        match connect(&format!("{host}:{port}")) {
            Ok(()) => Finding::ok(about, format!("answers where it says it is, {host}:{port}")),
            Err(error) => Finding::fail(
                about,
                format!("says that it is at {host}:{port}, and {error}"),
                "correct its advertised.listeners, or open the way to it from here",
            ),
        }
    });
    reached.collect()
}

fn connect(broker: &str) -> Result<(), String> {
    let broker = broker.rsplit("://").next().unwrap_or(broker);
    let with_port = if broker
        .rsplit(':')
        .next()
        .is_some_and(|port| port.parse::<u16>().is_ok())
    {
        broker.to_owned()
    } else {
        format!("{broker}:9092")
    };
    let addresses = with_port
        .to_socket_addrs()
        .map_err(|error| format!("its name is not known: {error}"))?;
    let mut why = "its name has no address".to_owned();
    for address in addresses {
        match TcpStream::connect_timeout(&address, CALL) {
            Ok(_) => return Ok(()),
            Err(error) => why = format!("cannot be connected to: {error}"),
        }
    }
    Err(why)
}

/// Partitions and replicas of a topic.
fn layout(
    name: &str,
    known: &MetadataTopic,
    settings: &KafkaSettings,
    wanted: &TopicSpec,
) -> Finding {
    let about = format!("topic {name}");
    let partitions = known.partitions();
    let headless = partitions.iter().filter(|one| one.leader() < 0).count();
    if headless > 0 {
        return Finding::fail(
            about,
            format!("{headless} of its partitions have no leader"),
            "bring the brokers back that hold them",
        );
    }
    let behind = partitions
        .iter()
        .filter(|one| one.isr().len() < one.replicas().len());
    let behind = behind.count();
    if behind > 0 {
        return Finding::warn(
            about,
            format!("{behind} of its partitions have fewer replicas in sync than they should"),
            "see that every broker is up",
        );
    }
    let replicas = replicas(known);
    let count = partitions.len();
    if count != wanted.partitions as usize {
        return Finding::warn(
            about,
            format!(
                "has {count} partitions where {} are configured",
                wanted.partitions
            ),
            "set log.partitions to what is there: to add some to a topic gives its keys other places",
        );
    }
    if settings.replication > 0 && replicas < settings.replication.unsigned_abs() as usize {
        return Finding::warn(
            about,
            format!(
                "has {replicas} replicas where {} are configured",
                settings.replication
            ),
            "add replicas with kafka-reassign-partitions.sh",
        );
    }
    Finding::ok(
        about,
        format!("{count} partitions, {replicas} replicas, all in sync"),
    )
}

/// The replicas of the topic's partition that has the fewest.
fn replicas(known: &MetadataTopic) -> usize {
    let replicas = known.partitions().iter().map(|one| one.replicas().len());
    replicas.min().unwrap_or_default()
}

/// Whether this user may read the topic; only a refusal is worth a line.
fn readable(consumer: &BaseConsumer<Context>, name: &str) -> Option<Finding> {
    let about = format!("reading {name}");
    let refused = |error: KafkaError| {
        Finding::fail(
            about,
            error.to_string(),
            "give this user the rights to describe and to read it",
        )
    };
    let (low, high) = match consumer.fetch_watermarks(name, 0, CALL) {
        Ok(ends) => ends,
        Err(error) => return Some(refused(error)),
    };
    if low == high {
        return None;
    }
    let mut place = TopicPartitionList::new();
    place
        .add_partition_offset(name, 0, Offset::Offset(low))
        .ok()?;
    consumer.assign(&place).ok()?;
    let read = consumer.poll(Timeout::After(CALL));
    consumer.unassign().ok();
    // Nothing at all is what aborted transactions and compaction leave.
    match read? {
        Ok(_) => None,
        Err(error) => Some(refused(error)),
    }
}

/// How far a group of the daemon's has come.
fn lag(
    base: &ClientConfig,
    settings: &KafkaSettings,
    metadata: &Metadata,
    group: &str,
    topic: &str,
) -> Finding {
    let about = format!("group {}{group}", settings.prefix);
    let advice = "give this user the right to describe and read the group";
    match progress(base, settings, metadata, group, topic) {
        Ok((0, _)) => Finding::warn(
            about,
            "has no members: nobody does its work",
            format!("start `claimwire run`, or `run --role {group}`"),
        ),
        Ok((members, Some(behind))) => Finding::ok(
            about,
            format!("{members} members, {behind} records behind at most"),
        ),
        Ok((members, None)) => Finding::ok(about, format!("{members} members")),
        Err(error) => Finding::fail(about, error.to_string(), advice),
    }
}

/// The members of a group, and how many records of its topic it has not worked off at most: the marks that end
/// transactions count like records. A group that reads state from the beginning every time is not behind.
fn progress(
    base: &ClientConfig,
    settings: &KafkaSettings,
    metadata: &Metadata,
    group: &str,
    topic: &str,
) -> Result<(usize, Option<i64>), KafkaError> {
    let name = format!("{}{group}", settings.prefix);
    let mut config = client::consumer(base, settings);
    config.set("group.id", &name);
    let consumer = BaseConsumer::from_config_and_context(&config, Context::default())?;
    let groups = consumer.fetch_group_list(Some(&name), CALL)?;
    let members = groups
        .groups()
        .iter()
        .map(|group| group.members().len())
        .sum();
    if group != "tag" {
        return Ok((members, None));
    }
    let topic = format!("{}{topic}", settings.prefix);
    let known = metadata.topics().iter().find(|known| known.name() == topic);
    let partitions = known.map_or(0, |known| known.partitions().len());
    let mut places = TopicPartitionList::with_capacity(partitions);
    for partition in 0..partitions {
        places.add_partition(&topic, partition as i32);
    }
    let mut behind = 0;
    for place in consumer.committed_offsets(places, CALL)?.elements() {
        let (low, high) = consumer.fetch_watermarks(&topic, place.partition(), CALL)?;
        behind += match place.offset() {
            Offset::Offset(position) => high - position.max(low),
            _ => high - low,
        };
    }
    Ok((members, Some(behind)))
}

/// Whether this user may begin transactions, and what the time is at the broker that keeps them.
fn transactions(
    base: &ClientConfig,
    settings: &KafkaSettings,
    metadata: &Metadata,
) -> Vec<Finding> {
    let id = format!("{}{}-doctor", settings.prefix, settings.instance);
    let about = format!("transactional id {id}");
    let mut config = base.clone();
    config.set("transactional.id", &id);
    let producer = BaseProducer::from_config_and_context(&config, Context::default());
    let before = Timestamp::now().as_millisecond();
    let begun = producer.and_then(|producer| producer.init_transactions(3 * CALL));
    let after = Timestamp::now().as_millisecond();
    if let Err(error) = begun {
        return vec![Finding::fail(
            about,
            error.to_string(),
            format!(
                "give this user the rights to describe and write transactional ids that begin with {}",
                settings.prefix
            ),
        )];
    }
    let clock = match stamped(base, settings, metadata, &id) {
        // The broker's time fell between ours before and after, when the clocks agree.
        Some(stamp) => match (stamp - after).max(before - stamp) {
            skew if skew > SKEW => Finding::fail(
                "clock",
                format!("differs from the broker's by {skew} ms at least"),
                "have both machines synchronise their clocks (NTP): retention and freshness depend on them",
            ),
            _ => Finding::ok("clock", "agrees with the broker's"),
        },
        None => Finding::warn(
            "clock",
            "the broker's time is not known",
            format!("let this user read {TRANSACTIONS}, or compare the clocks by hand"),
        ),
    };
    vec![Finding::ok(about, "may be used"), clock]
}

/// When, by the broker's clock, the state of a transactional id was last written.
fn stamped(
    base: &ClientConfig,
    settings: &KafkaSettings,
    metadata: &Metadata,
    id: &str,
) -> Option<i64> {
    let known = metadata.topics().iter();
    let partitions = known
        .filter(|topic| topic.name() == TRANSACTIONS)
        .map(|topic| topic.partitions().len())
        .next()?;
    let partition = coordinated_by(id, partitions as i32);
    let mut config = client::consumer(base, settings);
    config
        .set("group.id", format!("{}doctor", settings.prefix))
        .set("isolation.level", "read_uncommitted");
    let consumer = BaseConsumer::from_config_and_context(&config, Context::default()).ok()?;
    let (low, high) = consumer
        .fetch_watermarks(TRANSACTIONS, partition, CALL)
        .ok()?;
    let mut place = TopicPartitionList::new();
    let last = Offset::Offset((high - 1).max(low));
    place
        .add_partition_offset(TRANSACTIONS, partition, last)
        .ok()?;
    consumer.assign(&place).ok()?;
    let record = consumer.poll(Timeout::After(CALL))?.ok()?;
    record.timestamp().to_millis()
}

/// The partition that keeps a transactional id, as `TransactionStateManager.partitionFor` has it: Java's hash of
/// the text.
fn coordinated_by(id: &str, partitions: i32) -> i32 {
    let hash = id.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    });
    // `Utils.abs`, which takes the least number for 0.
    hash.checked_abs().unwrap_or(0) % partitions.max(1)
}

/// The settings of the topics, and whether they fit.
async fn settings_of(
    base: &ClientConfig,
    settings: &KafkaSettings,
    there: &[(TopicSpec, usize)],
) -> Vec<Finding> {
    let standing: Vec<(String, &TopicSpec)> = there
        .iter()
        .map(|(topic, _)| (format!("{}{}", settings.prefix, topic.name), topic))
        .collect();
    match topics::described(base, &standing).await {
        Ok(described) => described
            .iter()
            .zip(there)
            .flat_map(|(topic, (_, replicas))| {
                let differing = topic.differences.iter();
                let differing = differing.map(|it| differs(&topic.name, it));
                differing.chain(acknowledged(topic, *replicas))
            })
            .collect(),
        Err(error) => vec![Finding::warn(
            "topic settings",
            format!("cannot be compared: {error}"),
            "give this user the right to describe the topics' configs",
        )],
    }
}

/// Whether what is acknowledged is safe, and anything can be.
fn acknowledged(topic: &topics::Described, replicas: usize) -> Option<Finding> {
    let least = topic.min_insync?;
    let (about, name) = (format!("topic {}", topic.name), &topic.name);
    let alter = |least: usize| {
        format!(
            "kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config min.insync.replicas={least}"
        )
    };
    if least > replicas {
        let found =
            format!("wants {least} replicas in sync and has {replicas}: nothing is written");
        return Some(Finding::fail(about, found, alter(replicas)));
    }
    (replicas > 2 && least < 2).then(|| {
        let found = "acknowledges what one broker alone has, and loses it with that broker";
        Finding::warn(about, found, alter(2))
    })
}

fn differs(name: &str, difference: &topics::Difference) -> Finding {
    let about = format!("topic {name}");
    let topics::Difference {
        setting,
        is,
        wanted,
    } = difference;
    let found = format!("has {setting} {is} where {wanted} is wanted");
    let alter = format!(
        "kafka-configs.sh --alter --entity-type topics --entity-name {name} --add-config {setting}={wanted}"
    );
    match setting.as_str() {
        // State goes where it ages, and records go where only their last is kept.
        "cleanup.policy" => Finding::fail(about, found, alter),
        _ => Finding::warn(about, found, alter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transactional_id_is_looked_for_where_kafka_keeps_it() {
        // `Utils.abs("…".hashCode()) % 50` in Java.
        assert_eq!(coordinated_by("", 50), 0);
        assert_eq!(coordinated_by("a", 50), 97 % 50);
        assert_eq!(coordinated_by("ab", 50), (97 * 31 + 98) % 50);
        // "polygenelubricants" hashes to the least number.
        assert_eq!(coordinated_by("polygenelubricants", 50), 0);
    }
}
