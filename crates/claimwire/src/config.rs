//! The configuration: a TOML file with strict keys, overridden by the environment.
//!
//! Every mistake is one line that names the file, the line, the key and what was probably meant.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use classifier::RuleFiles;
use classifier::story::Bounds;
use jiff::SignedDuration;
use serde::Deserialize;
use sink::{Cleanup, KafkaSettings, LocalSettings, Security, TopicSpec};
use wire::FeedSpec;

mod check;
mod credentials;
mod environment;
mod feeds;
mod fetch;
mod fields;
mod route;
mod rules;
mod section;
mod source;
mod units;

pub(crate) use route::Route;

use crate::canary::Canary;

use credentials::Vault;
use feeds::{FeedEntry, FeedList};
use section::{
    CanarySection, FeedsSection, FetchSection, HttpSection, KafkaSection, LogSection, RulesSection,
    SampleSection, ShutdownSection, StoriesSection, TelemetrySection, WebsubSection,
};
use source::Source;

/// The file that is read where none is named, if it is there.
const DEFAULT_FILE: &str = "claimwire.toml";

/// The feed list that the program was built with.
const BUILTIN_FEEDS: &str = include_str!("../../../config/feeds.toml");

/// The topics that consumers read, besides those of routes.
const EVENT_TOPICS: [&str; 6] = [
    "raw",
    "items.confirmed",
    "items.unconfirmed",
    "claims.confirmed",
    "claims.unconfirmed",
    "dead",
];

/// A mistake in the configuration: one line for the person who made it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct ConfigError(pub(crate) String);

/// What the daemon and its commands were told.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) log: LogSection,
    pub(crate) http: HttpSection,
    pub(crate) websub: WebsubSection,
    pub(crate) sample: SampleSection,
    canary: CanarySection,
    pub(crate) shutdown: ShutdownSection,
    pub(crate) telemetry: TelemetrySection,
    kafka: KafkaSection,
    fetch: FetchSection,
    rules: RulesSection,
    stories: StoriesSection,
    routes: Vec<Route>,
    feeds: Vec<FeedSpec>,
    /// Where each feed is defined, by its id.
    places: HashMap<String, String>,
    /// What feeds are asked with, secrets included.
    credentials: BTreeMap<String, fetcher::Credential>,
    /// PEM certificates that publishers are trusted by, beside the system's.
    authorities: Option<String>,
    /// The file it was read from; none for the built-in defaults.
    file: Option<PathBuf>,
}

/// The configuration file as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    log: LogSection,
    kafka: KafkaSection,
    fetch: FetchSection,
    feeds: FeedsSection,
    rules: RulesSection,
    stories: StoriesSection,
    http: HttpSection,
    websub: WebsubSection,
    telemetry: TelemetrySection,
    sample: SampleSection,
    canary: CanarySection,
    shutdown: ShutdownSection,
    route: Vec<Route>,
    feed: Vec<FeedEntry>,
}

impl Config {
    /// [`Config::load`] with this process's environment; a variable that is no Unicode is none of ours.
    ///
    /// # Errors
    /// A mistake in the file, a feed list or a variable.
    pub(crate) fn read(path: Option<&Path>) -> Result<Self, ConfigError> {
        let variables = std::env::vars_os();
        Self::load(
            path,
            variables.filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.into_string().ok()?))
            }),
        )
    }

    /// The configuration in `path`, else in `claimwire.toml` of the working directory, else the
    /// built-in one, overridden by those of `variables` that begin with `CLAIMWIRE_`.
    ///
    /// # Errors
    /// A mistake in the file, a feed list or a variable.
    pub(crate) fn load(
        path: Option<&Path>,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let default = Path::new(DEFAULT_FILE);
        let path = path.or_else(|| default.exists().then_some(default));
        let source = match path {
            Some(path) => Source::read(path)?,
            None => Source::new("built-in configuration", ""),
        };
        check::refuse_secrets(&source)?;
        let written: File = source.parse()?;
        let table = without_feeds(source.table()?);

        let variables: Vec<_> = variables.collect();
        let merged: File = environment::apply(table, variables.iter().cloned())?;
        let mut config = Self {
            log: merged.log,
            http: merged.http,
            websub: merged.websub,
            sample: merged.sample,
            canary: merged.canary,
            shutdown: merged.shutdown,
            telemetry: merged.telemetry,
            kafka: merged.kafka,
            fetch: merged.fetch,
            rules: merged.rules,
            stories: merged.stories,
            routes: merged.route,
            feeds: Vec::new(),
            places: HashMap::new(),
            credentials: BTreeMap::new(),
            authorities: None,
            file: path.map(Path::to_owned),
        };
        let list = config.all_feeds(&source, merged.feeds, written.feed)?;
        (config.feeds, config.places) = (list.specs, list.places);
        config.take_password(&source, &variables)?;
        config.take_credentials(&source, &variables)?;
        config.check(&source)?;
        Ok(config)
    }

    /// What this configuration is called.
    pub(crate) fn name(&self) -> String {
        match &self.file {
            Some(file) => file.display().to_string(),
            None => "the built-in configuration".to_owned(),
        }
    }

    /// Whether the log is a Kafka cluster.
    pub(crate) fn on_kafka(&self) -> bool {
        self.log.kafka.is_some()
    }

    /// What this process is called among those that share the log.
    pub(crate) fn instance(&self) -> &str {
        &self.kafka.instance
    }

    /// How the log is opened.
    pub(crate) fn log_settings(&self) -> sink::Settings {
        let prefix = self.log.prefix.clone();
        let Some(brokers) = self.log.kafka.clone() else {
            let directory = self.log.directory.clone();
            return sink::Settings::Local(LocalSettings { directory, prefix });
        };
        let kafka = self.kafka.clone();
        sink::Settings::Kafka(KafkaSettings {
            brokers,
            prefix,
            instance: kafka.instance,
            security: Security {
                tls: kafka.tls,
                ca_file: kafka.ca_file.map(|file| self.beside(&file)),
                certificate_file: kafka.certificate_file.map(|file| self.beside(&file)),
                key_file: kafka.key_file.map(|file| self.beside(&file)),
                sasl_mechanism: kafka
                    .sasl_mechanism
                    .map(|mechanism| mechanism.name().to_owned()),
                username: kafka.username,
                password: kafka.password.map(|secret| secret.0),
            },
            replication: kafka.replication.into(),
            commit_interval: kafka.commit_interval.0,
            properties: kafka
                .properties
                .into_iter()
                .map(|(key, value)| (key, value.0))
                .collect(),
        })
    }

    /// The same for a command that may run beside a daemon: under a name of its own, so that neither fences
    /// the other.
    pub(crate) fn log_settings_of(&self, command: &str) -> sink::Settings {
        match self.log_settings() {
            sink::Settings::Kafka(kafka) => sink::Settings::Kafka(KafkaSettings {
                instance: format!("{}-{command}", kafka.instance),
                ..kafka
            }),
            local @ sink::Settings::Local(_) => local,
        }
    }

    /// Every topic and how it is created.
    pub(crate) fn topics(&self) -> Vec<TopicSpec> {
        let kept = Cleanup::Delete {
            age: self.log.retention.0,
            bytes: self.log.retention_size.map(|size| size.0),
        };
        let topic = |name: &str, cleanup| TopicSpec {
            name: name.to_owned(),
            partitions: self.log.partitions,
            cleanup,
        };
        let mut topics = vec![
            topic("feeds", Cleanup::Compact),
            topic("feed-state", Cleanup::Compact),
            // One, so that its offsets order all stories.
            TopicSpec {
                partitions: 1,
                ..topic("stories", kept)
            },
        ];
        topics.extend(EVENT_TOPICS.map(|name| topic(name, kept)));
        for route in &self.routes {
            if topics.iter().all(|known| known.name != route.topic) {
                topics.push(topic(&route.topic, kept));
            }
        }
        topics
    }

    /// How feeds are fetched.
    pub(crate) fn fetch_settings(&self) -> fetcher::Settings {
        fetcher::Settings {
            authorities: self.authorities.clone(),
            websub: fetch::websub(&self.websub),
            built_in: self.canary().map(Canary::built_in),
            ..fetch::settings(&self.fetch, &self.credentials)
        }
    }

    /// The canary, where it is wanted.
    pub(crate) fn canary(&self) -> Option<Canary> {
        let CanarySection { enabled, interval } = &self.canary;
        enabled.then(|| Canary::every(interval.0))
    }

    /// The feeds to follow, without those of the sample wire and the canary.
    pub(crate) fn feeds(&self) -> &[FeedSpec] {
        &self.feeds
    }

    /// The rules to tag by.
    ///
    /// # Errors
    /// When the directory that replaces the built-in rules cannot be read.
    pub(crate) fn rule_files(&self) -> Result<RuleFiles, ConfigError> {
        match &self.rules.directory {
            Some(directory) => rules::read(&self.beside(directory)),
            None => Ok(RuleFiles::builtin()),
        }
    }

    /// How much is remembered of stories.
    pub(crate) fn story_bounds(&self) -> Bounds {
        Bounds {
            window: SignedDuration::try_from(self.stories.window.0).unwrap_or(SignedDuration::MAX),
            items: self.stories.items as usize,
        }
    }

    /// Where else claims go.
    pub(crate) fn routes(&self) -> Vec<Route> {
        self.routes.clone()
    }

    /// Whether the daemon prints claims: to a person, and wherever the sample wire is to be seen.
    pub(crate) fn shows_claims(&self, terminal: bool) -> bool {
        terminal || self.sample.enabled
    }

    /// A path of the configuration, which is relative to the file that names it.
    fn beside(&self, path: &Path) -> PathBuf {
        match self.file.as_deref().and_then(Path::parent) {
            Some(parent) => parent.join(path),
            None => path.to_owned(),
        }
    }

    fn all_feeds(
        &self,
        source: &Source,
        section: FeedsSection,
        inline: Vec<FeedEntry>,
    ) -> Result<FeedList, ConfigError> {
        let mut list = FeedList::default();
        match section.files {
            Some(files) => {
                for file in files {
                    feeds::load(&Source::read(&self.beside(&file))?, &mut list)?;
                }
            }
            None if inline.is_empty() => {
                feeds::load(
                    &Source::new("built-in feeds.toml", BUILTIN_FEEDS),
                    &mut list,
                )?;
            }
            None => {}
        }
        list.extend(source, inline)?;
        Ok(list)
    }

    /// Reads the password from where the configuration says it is.
    fn take_password(
        &mut self,
        source: &Source,
        variables: &[(String, String)],
    ) -> Result<(), ConfigError> {
        if self.kafka.password.is_some() {
            return Ok(());
        }
        if let Some(name) = &self.kafka.password_env {
            let held = variables.iter().find(|(held, _)| held == name);
            let (_, password) = held.ok_or_else(|| {
                let what = format!("password_env: the environment has no variable {name}");
                source.error_at("kafka", "password_env", what)
            })?;
            self.kafka.password = Some(section::Secret(password.clone()));
        } else if let Some(file) = &self.kafka.password_file {
            let file = self.beside(file);
            let password = std::fs::read_to_string(&file).map_err(|error| {
                let what = format!("password_file: {} cannot be read: {error}", file.display());
                source.error_at("kafka", "password_file", what)
            })?;
            self.kafka.password = Some(section::Secret(
                password.trim_end_matches(['\r', '\n']).to_owned(),
            ));
        }
        Ok(())
    }

    /// Reads what feeds are asked with from where the configuration says it is.
    fn take_credentials(
        &mut self,
        source: &Source,
        variables: &[(String, String)],
    ) -> Result<(), ConfigError> {
        let vault = Vault {
            source,
            variables,
            beside: &|file| self.beside(file),
        };
        self.credentials = vault.open(&self.fetch.credentials)?;
        if let Some(file) = &self.fetch.ca_file {
            let file = self.beside(file);
            let authorities = std::fs::read_to_string(&file).map_err(|error| {
                let what = format!("ca_file: {} cannot be read: {error}", file.display());
                source.error_at("fetch", "ca_file", what)
            })?;
            self.authorities = Some(authorities);
        }
        let known = |name: &str| {
            let names: Vec<&str> = self.credentials.keys().map(String::as_str).collect();
            if names.contains(&name) {
                return Ok(());
            }
            let hint = if names.is_empty() {
                "there is no [fetch.credentials]".to_owned()
            } else {
                source::suggest(name, &names)
            };
            Err(format!("credential \"{name}\" is not defined; {hint}"))
        };
        if let Some(name) = &self.fetch.proxy_credential {
            known(name).map_err(|what| source.error_at("fetch", "proxy_credential", what))?;
        }
        for feed in &self.feeds {
            let Some(name) = &feed.credential else {
                continue;
            };
            known(name)
                .map_err(|what| ConfigError(format!("{}: {what}", self.places[&feed.id.0])))?;
        }
        Ok(())
    }
}

/// The feeds' errors name lines, so they are read from the text and take no part in overrides.
fn without_feeds(mut table: toml::Table) -> toml::Table {
    table.remove("feed");
    table
}
