//! The commands, one file each.

use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use classifier::Classifier;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::run;
use crate::telemetry;

mod check;
mod dead;
mod doctor;
mod entities;
mod explain;
mod feeds;
mod health;
mod parse;
mod replay;
mod schema;
mod tag;
mod tail;

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Something is wrong with what it was given; nothing was started.
    NotStarted(anyhow::Error),
    /// It failed on the way.
    Running(anyhow::Error),
}

impl Failure {
    /// Whether the reader of stdout went away, which is how `| head` ends a command.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let (Self::NotStarted(error) | Self::Running(error)) = self;
        error.chain().any(|cause| {
            cause
                .downcast_ref::<io::Error>()
                .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
        })
    }
}

/// What fails in a command's own work failed while running.
impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Running(error.into())
    }
}

/// Does what the command line says.
pub(crate) async fn execute(cli: Cli) -> Result<(), Failure> {
    telemetry::traces(cli.log_format).map_err(Failure::NotStarted)?;
    let path = cli.config.as_deref();
    match cli.command {
        Command::Run { role } => {
            let config = config(path)?;
            let metrics = telemetry::metrics().map_err(Failure::NotStarted)?;
            match Box::pin(run::run(config, cli.config, role, metrics)).await {
                Err(run::NotStarted(error)) => Err(Failure::NotStarted(error)),
                Ok(ended) => ended.map_err(Failure::Running),
            }
        }
        Command::Parse(options) => parse::parse(&options),
        Command::Tag(options) => tag::tag(&options, &classifier(&config(path)?)?),
        Command::Explain { json, file } => {
            explain::explain(&file, json, &classifier(&config(path)?)?)
        }
        Command::Tail(options) => tail::tail(&options, &config(path)?).await,
        Command::Replay(options) => replay::replay(&options, &config(path)?).await,
        Command::Dead(options) => dead::dead(&options, &config(path)?).await,
        Command::Feeds(options) => feeds::feeds(&options, Arc::new(config(path)?)).await,
        Command::Entities(options) => entities::entities(&options, &config(path)?),
        Command::Health => health::health(&config(path)?).await,
        Command::Check => check::check(&config(path)?),
        Command::Doctor { json } => doctor::doctor(path, json).await,
        Command::Schema { write } => schema::schema(write.as_deref()),
    }
}

fn config(path: Option<&Path>) -> Result<Config, Failure> {
    Config::read(path).map_err(|error| Failure::NotStarted(error.into()))
}

fn classifier(config: &Config) -> Result<Classifier, Failure> {
    let files = config
        .rule_files()
        .map_err(|error| Failure::NotStarted(error.into()))?;
    Classifier::new(&files).map_err(|error| Failure::NotStarted(error.into()))
}

/// The bytes of a file, or of stdin for `-`.
fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .read_to_end(&mut bytes)
            .context("stdin cannot be read")?;
        return Ok(bytes);
    }
    std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}
