//! What an error of Kafka means for the work in hand. `crates/sink/errors.md` has the table.

use std::fmt;

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

/// What to do about an error of the producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same call again.
    Retry,
    /// The transaction is aborted, and the batch written again as it is.
    Abort,
    /// Only a new producer makes known what became of the transaction.
    Renew,
    /// The record is not one that Kafka takes: its siblings go on without it.
    Refuse,
    /// Nothing helps until somebody mends this.
    Pause(Trouble),
}

/// What is wrong around us: an operator's to mend, and no reason to lose anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The brokers refuse this user's credentials.
    Credentials,
    /// This user may not do what the log is made of; what to grant.
    Authorisation(&'static str),
    /// A topic of the log is not there.
    Topic,
    /// Another process uses this one's name.
    Instance,
    /// The cluster's own rules refuse what we ask: a policy, a limit, a version.
    Cluster(String),
    /// The same step fails again and again.
    Stuck(String),
}

impl Trouble {
    /// As the metric's label has it.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Authorisation(_) => "authorisation",
            Self::Topic => "topic",
            Self::Instance => "instance",
            Self::Cluster(_) => "cluster",
            Self::Stuck(_) => "stuck",
        }
    }

    /// What `code` says about the world around us, where it says anything.
    pub(super) fn of(code: Code) -> Option<Self> {
        Some(match code {
            Code::TransactionalIdAuthorizationFailed => {
                Self::Authorisation("WRITE and DESCRIBE on the transactional ids with the prefix")
            }
            Code::TopicAuthorizationFailed => {
                Self::Authorisation("READ, WRITE and DESCRIBE on the topics with the prefix")
            }
            Code::GroupAuthorizationFailed => {
                Self::Authorisation("READ on the groups with the prefix")
            }
            Code::ClusterAuthorizationFailed => {
                Self::Authorisation("IDEMPOTENT_WRITE on the cluster")
            }
            Code::UnknownTopic | Code::UnknownTopicOrPartition | Code::UnknownPartition => {
                Self::Topic
            }
            Code::FencedInstanceId => Self::Instance,
            Code::InvalidTopic
            | Code::InvalidRequiredAcks
            | Code::PolicyViolation
            | Code::UnsupportedVersion
            | Code::UnsupportedForMessageFormat
            | Code::UnsupportedCompressionType
            | Code::SecurityDisabled
            | Code::InvalidTransactionTimeout
            | Code::UnsupportedSASLMechanism
            | Code::ThrottlingQuotaExceeded
            | Code::InvalidConfig => Self::Cluster(code.to_string()),
            _ => return None,
        })
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => f.write_str(
                "Kafka refuses the credentials: check kafka.security's username, password and mechanism",
            ),
            Self::Authorisation(right) => {
                write!(f, "Kafka does not let this user do its work: grant {right}")
            }
            Self::Topic => f.write_str(
                "a topic of the log is gone from Kafka: create it again, by hand or by a restart",
            ),
            Self::Instance => f.write_str(
                "another process works under this one's name: give each a kafka.instance of its own",
            ),
            Self::Cluster(why) => write!(f, "Kafka refuses by its own rules: {why}"),
            Self::Stuck(why) => write!(f, "nothing could be committed for a while: {why}"),
        }
    }
}

/// The verdict on `error`; `fatal` is the client's own fatal error, which stands behind whatever its
/// calls say afterwards.
pub(super) fn on(error: &KafkaError, fatal: Option<Code>) -> Verdict {
    let code = fatal.or_else(|| error.rdkafka_error_code());
    if let Some(trouble) = code.and_then(Trouble::of) {
        return Verdict::Pause(trouble);
    }
    if fatal.is_some() {
        return Verdict::Renew;
    }
    match error {
        KafkaError::Transaction(error) if error.is_retriable() => Verdict::Retry,
        KafkaError::Transaction(error) if error.txn_requires_abort() => Verdict::Abort,
        // A flush that ran out of time may be called again.
        KafkaError::Flush(_) => Verdict::Retry,
        KafkaError::MessageProduction(code) if is_the_records_fault(*code) => Verdict::Refuse,
        KafkaError::MessageProduction(Code::MessageTimedOut) => Verdict::Renew,
        // It was reported with the transaction still open.
        KafkaError::MessageProduction(_) => Verdict::Abort,
        _ => Verdict::Renew,
    }
}

/// Whether a producer with this error was overtaken by another of its name.
pub(super) fn is_fencing(code: Code) -> bool {
    matches!(
        code,
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch
    )
}

/// Whether the group refuses a member that it does not know, or has gone on without.
pub(super) fn is_a_strangers(code: Code) -> bool {
    matches!(code, Code::UnknownMemberId | Code::IllegalGeneration)
}

fn is_the_records_fault(code: Code) -> bool {
    matches!(
        code,
        Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::InvalidMessageSize
    )
}
