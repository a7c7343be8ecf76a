//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use wire::claim::Status;
use wire::entity::EntityType;

/// Follows news feeds and publishes every claim about NATO and Ukraine, tagged by how the text stands
/// behind it.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, disable_help_subcommand = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// The configuration file [default: claimwire.toml if it is there, else built-in]
    #[arg(
        long,
        short,
        global = true,
        env = "CLAIMWIRE_CONFIG",
        value_name = "FILE"
    )]
    pub(crate) config: Option<PathBuf>,
    /// How the program's own messages are written to stderr; auto is text at a terminal, else JSON
    #[arg(
        long,
        global = true,
        env = "CLAIMWIRE_LOG_FORMAT",
        value_enum,
        default_value_t
    )]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  claimwire run                              follow the built-in feeds, log in ./data
  claimwire --config claimwire.toml run      the same with a configuration of your own
  claimwire tail --status unconfirmed        watch a running daemon from a second terminal
  claimwire check                            is the configuration right?
  claimwire doctor                           is everything right that it depends on?
  claimwire tag --all < documents.jsonl      tag documents of your own

Any key of the configuration can come from the environment: CLAIMWIRE_HTTP_LISTEN=0.0.0.0:8686.
Exit codes: 0 done, 1 failed while running, 2 wrong configuration or arguments, nothing started.";

/// How the program's own messages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for a person.
    Text,
    /// One JSON object a line.
    Json,
    /// Text at a terminal, JSON otherwise.
    #[default]
    Auto,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon until SIGTERM or Ctrl-C
    #[command(
        after_help = "Examples:\n  claimwire run\n  claimwire run --role fetch\n  CLAIMWIRE_LOG_KAFKA=localhost:9092 claimwire run\n\nSIGHUP reloads the configuration, feeds and rules."
    )]
    Run {
        /// Which stages run here; the others may run elsewhere on the same Kafka
        #[arg(long, value_enum, default_value_t)]
        role: Role,
    },
    /// Parse feed documents
    #[command(
        after_help = "Examples:\n  claimwire parse feed.xml\n  curl -s https://example.org/rss | claimwire parse --json -\n  find . -name '*.xml' | claimwire parse --json --batch"
    )]
    Parse(Parse),
    /// Tag documents: JSON lines with id, title, text and optionally lang and published
    #[command(
        after_help = "Examples:\n  echo '{\"id\":\"1\",\"title\":\"\",\"text\":\"NATO approved the plan.\"}' | claimwire tag\n  claimwire tag --json --all documents.jsonl > tags.jsonl"
    )]
    Tag(Tag),
    /// Show step by step why each claim of a text got its status
    #[command(
        after_help = "Examples:\n  claimwire explain article.txt\n  echo 'Reports suggest Kyiv lost a tank.' | claimwire explain -\n  claimwire explain --json article.txt"
    )]
    Explain {
        /// Print one JSON object for each document
        #[arg(long)]
        json: bool,
        /// A plain text, or JSON lines as `tag` takes them; - is stdin
        file: PathBuf,
    },
    /// Follow tagged claims: from Kafka where the configuration names it, else from the daemon
    #[command(
        after_help = "Examples:\n  claimwire tail --status unconfirmed\n  claimwire tail --entity org.nato --from beginning --json\n  claimwire tail --topic dead"
    )]
    Tail(Tail),
    /// Tag what is on `raw` again with the present rules
    #[command(
        after_help = "Examples:\n  claimwire replay --dry-run --diff\n  claimwire replay --from 2026-11-01T00:00:00Z --into trial.\n  claimwire replay --item 0123456789abcdef0123456789abcdef --file item.jsonl\n\nThe local log belongs to one process: stop the daemon first. On Kafka both may run."
    )]
    Replay(Replay),
    /// What could not be processed
    #[command(subcommand)]
    Dead(Dead),
    /// The feed list
    #[command(subcommand)]
    Feeds(Feeds),
    /// The entity dictionary
    #[command(subcommand)]
    Entities(Entities),
    /// Check configuration, rules and feeds without starting anything
    Check,
    /// Examine everything the daemon depends on, a line each, and say what to do about what is wrong
    #[command(
        long_about = "Examines everything the daemon depends on, a line each, and says what to do about what is wrong.\n\nThe configuration, the feed list and the rules are read as the daemon reads them. Of a local log, the disk's free space is looked at, and every record is read: offsets without gaps, the index of compacted topics, a commit that a power cut tore. It belongs to one process, so a running daemon has to be stopped for that. Of a Kafka cluster, each broker is connected to, topics are compared with what is wanted (partitions, replicas, cleanup.policy, retention, min.insync.replicas), and what this user may do, the broker's clock and the groups' members and lag are looked at. Nothing is written to a topic; whether records may be written to one is therefore not known before the daemon does.",
        after_help = "Examples:\n  claimwire doctor\n  claimwire --config claimwire.toml doctor --json\n\nExit codes: 0 nothing failed, 1 something did. A warning fails nothing."
    )]
    Doctor {
        /// One JSON object for each check: about, standing (ok, warn, fail), found, advice
        #[arg(long)]
        json: bool,
    },
    /// Ask the daemon on this machine whether it is ready: exit code 0 or 1, for containers
    Health,
    /// Print the JSON Schemas of all records and the AsyncAPI description of all topics
    #[command(
        after_help = "Examples:\n  claimwire schema > schemas.json\n  claimwire schema --write config/schema"
    )]
    Schema {
        /// Write one file for each schema and asyncapi.json into this directory instead
        #[arg(long, value_name = "DIR")]
        write: Option<PathBuf>,
    },
}

/// Which stages a process runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Every stage.
    #[default]
    All,
    /// Feeds to raw revisions.
    Fetch,
    /// Raw revisions to tagged claims.
    Tag,
}

impl Role {
    /// Whether feeds are polled here.
    pub(crate) fn fetches(self) -> bool {
        self != Self::Tag
    }

    /// Whether revisions are tagged here.
    pub(crate) fn tags(self) -> bool {
        self != Self::Fetch
    }
}

#[derive(Debug, Args)]
pub(crate) struct Parse {
    /// One JSON object for each document instead of a summary
    #[arg(long)]
    pub(crate) json: bool,
    /// The Content-Type that the documents were served with
    #[arg(long, value_name = "CT")]
    pub(crate) content_type: Option<String>,
    /// The address that the documents were read from
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Read file names from stdin, one a line
    #[arg(long, conflicts_with = "files")]
    pub(crate) batch: bool,
    /// Feed documents; - is stdin
    #[arg(value_name = "FILE", required_unless_present = "batch")]
    pub(crate) files: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Tag {
    /// One JSON object for each document instead of readable lines
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep irrelevant documents and analyse every clause
    #[arg(long)]
    pub(crate) all: bool,
    /// JSON lines; - is stdin
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// A topic's name, with or without the prefix; may be repeated [default: both claims topics]
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: Vec<String>,
    /// Only records that mention this entity id, such as org.nato
    #[arg(long, value_name = "ID")]
    pub(crate) entity: Option<String>,
    /// Only records with this status
    #[arg(long, value_parser = status)]
    pub(crate) status: Option<Status>,
    /// One JSON object for each record, with its place and headers
    #[arg(long)]
    pub(crate) json: bool,
    /// Where to begin
    #[arg(long, value_enum, default_value_t)]
    pub(crate) from: Begin,
}

/// Where `tail` begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Begin {
    /// At the oldest record kept
    Beginning,
    /// With what comes next
    #[default]
    End,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Only revisions that were fetched at this time or later (RFC 3339)
    #[arg(long, value_name = "TIME", conflicts_with = "offset")]
    pub(crate) from: Option<Timestamp>,
    /// Only revisions that were fetched before this time
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<Timestamp>,
    /// Only this partition of `raw`, from this offset on; may be repeated
    #[arg(long, value_name = "PARTITION/OFFSET")]
    pub(crate) offset: Vec<Place>,
    /// Only the revisions of this item
    #[arg(long, value_name = "ID", conflicts_with = "offset")]
    pub(crate) item: Option<String>,
    /// Write to topics whose names begin so after the log's prefix, instead of those that consumers read
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "dry_run"])]
    pub(crate) into: Option<String>,
    /// Write JSON lines to this file, which must not exist yet, instead of topics
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(crate) file: Option<PathBuf>,
    /// Write nothing; count what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print how tags differ from those on the log
    #[arg(long)]
    pub(crate) diff: bool,
}

/// A place on a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) partition: u32,
    pub(crate) offset: u64,
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = || {
            let (partition, offset) = text.split_once('/')?;
            Some(Self {
                partition: partition.parse().ok()?,
                offset: offset.parse().ok()?,
            })
        };
        place().ok_or_else(|| "a partition and an offset, such as 3/1700".to_owned())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Dead {
    /// List the dead letters, oldest first in each partition
    List {
        /// Only those whose reason contains this
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// One JSON object for each letter
        #[arg(long)]
        json: bool,
    },
    /// Write the bytes of a dead letter to stdout, and what is known of it to stderr
    Show {
        /// Its partition and offset, as list gives them
        #[arg(value_name = "PARTITION/OFFSET")]
        place: Place,
    },
    /// Process dead letters again with the present program and rules
    Redrive {
        /// Only those whose reason contains this
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Feeds {
    /// List the feeds of the configuration
    List {
        /// A JSON array of feed definitions
        #[arg(long)]
        json: bool,
    },
    /// Poll each feed once and report; writes nothing, exits 1 if any failed
    Check {
        /// One JSON object for each feed
        #[arg(long)]
        json: bool,
    },
    /// Turn an OPML list into `[[feed]]` tables, without the feeds that are followed already
    #[command(
        after_help = "Examples:\n  claimwire feeds import subscriptions.opml\n  claimwire feeds import subscriptions.opml --write more-feeds.toml"
    )]
    Import {
        /// The OPML document
        file: PathBuf,
        /// Write them to this file, which must not exist yet, instead of stdout
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
        /// Replace the file that --write names
        #[arg(long, requires = "write")]
        force: bool,
    },
    /// Print the feeds of the configuration as OPML 2.0
    Export,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Entities {
    /// Show the entries of an id, a Wikidata id or a name in any of its forms
    #[command(
        after_help = "Examples:\n  claimwire entities lookup Києва\n  claimwire entities lookup org.nato --json"
    )]
    Lookup {
        /// An id or a name
        name: String,
        /// One JSON object for each entry
        #[arg(long)]
        json: bool,
    },
    /// List every entry
    List {
        /// Only those of this type, such as nato_body
        #[arg(long = "type", value_name = "TYPE", value_parser = entity_type)]
        kind: Option<EntityType>,
        /// One JSON object for each entry
        #[arg(long)]
        json: bool,
    },
    /// Check the dictionary and the rules, and name the first mistake by file and line
    Check,
    /// Show what each name of a text was read as, and why
    Match {
        /// The text
        text: String,
    },
}

/// An entity's type by the name that it has in records.
fn entity_type(name: &str) -> Result<EntityType, String> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).map_err(|_| {
        "one of person, organisation, place, nato_body, weapon_system, operation_or_event, document, role, demonym"
            .to_owned()
    })
}

/// A status by the name that it has in records.
pub(crate) fn status(name: &str) -> Result<Status, String> {
    serde_json::from_value(serde_json::Value::String(name.to_owned()))
        .map_err(|_| "one of confirmed, unconfirmed, denied, disputed, not_a_claim".to_owned())
}
