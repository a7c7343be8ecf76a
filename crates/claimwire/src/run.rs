//! The daemon: opens everything, joins everything, and ends when it is told to.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use classifier::Classifier;
use fetcher::Fetcher;
use metrics_exporter_prometheus::PrometheusHandle;
use sink::Log;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wire::ClaimRecord;

use crate::callback;
use crate::canary::Canary;
use crate::cli::Role;
use crate::config::Config;
use crate::feeds;
use crate::http::{self, HttpState};
use crate::output;
use crate::sample::SampleWire;
use crate::stage::fetch;
use crate::stage::tag::{self, Tagger};
use crate::telemetry::spans::Spans;

/// Claims that may wait to be printed.
const SHOWN: usize = 1024;

/// What stopped the daemon before it had begun: a mistake in the configuration or in what it names.
#[derive(Debug)]
pub(crate) struct NotStarted(pub(crate) anyhow::Error);

/// Runs the daemon in `role` until SIGTERM or SIGINT, or until a stage fails.
///
/// # Errors
/// The outer error when nothing was started, the inner one when something failed while running.
pub(crate) async fn run(
    config: Config,
    path: Option<PathBuf>,
    role: Role,
    metrics: PrometheusHandle,
) -> Result<anyhow::Result<()>, NotStarted> {
    let daemon = Daemon::start(config, path, role, metrics)
        .await
        .map_err(NotStarted)?;
    Ok(daemon.watch().await)
}

/// Everything that runs.
struct Daemon {
    config: Config,
    path: Option<PathBuf>,
    role: Role,
    log: Log,
    rules: watch::Sender<Arc<Classifier>>,
    /// Those of the sample wire, and the canary.
    sample_feeds: Vec<wire::FeedSpec>,
    /// The stages: told to stop first, and waited for.
    stages: JoinSet<anyhow::Result<()>>,
    stop_stages: CancellationToken,
    /// What serves and shows: ends after the stages did.
    services: JoinSet<anyhow::Result<()>>,
    stop_services: CancellationToken,
    /// At most one: it takes as long as the log is away.
    reloads: JoinSet<anyhow::Result<Reloaded>>,
    /// Whether another was asked for meanwhile.
    reload_again: bool,
    spans: Spans,
    terminate: Signal,
    interrupt: Signal,
    reload: Signal,
}

/// What a reload brought.
struct Reloaded {
    config: Config,
    classifier: Arc<Classifier>,
    changes: feeds::Changes,
}

impl Daemon {
    async fn start(
        config: Config,
        path: Option<PathBuf>,
        role: Role,
        metrics: PrometheusHandle,
    ) -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?;
        let interrupt = signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?;
        let reload = signal(SignalKind::hangup()).context("cannot wait for SIGHUP")?;

        let classifier = Arc::new(Classifier::new(&config.rule_files()?)?);
        let listener = http::bind(config.http.listen).await?;
        let log = Log::open(&config.log_settings(), &config.topics()).await?;

        let spans = Spans::to(config.telemetry.otlp.as_deref(), config.instance())?;

        let mut stages = JoinSet::new();
        let mut services = JoinSet::new();
        let stop_stages = CancellationToken::new();
        let stop_services = CancellationToken::new();
        let (rules, classifier) = watch::channel(classifier);

        let mut fetch_settings = config.fetch_settings();
        let mut sample_feeds = Vec::new();
        if role.fetches() && config.sample.enabled {
            let sample = SampleWire::bind().await?;
            fetch_settings
                .allow
                .extend(sample.addresses().map(|address| address.to_string()));
            sample_feeds = sample.feeds();
            services.spawn(sample.serve(stop_services.clone()));
            tracing::info!(
                feeds = sample_feeds.len(),
                "the sample wire is on: its items are invented and marked `sample`",
            );
        }

        let canary = config.canary();
        sample_feeds.extend(canary.map(Canary::spec).filter(|_| role.fetches()));
        let mut fetcher = None;
        if role.fetches() {
            let polite = Fetcher::new(fetch_settings)?;
            let specs = all_feeds(&config, &sample_feeds);
            let changes = feeds::publish(&log, &specs).await?;
            tracing::info!(
                feeds = specs.len(),
                written = changes.written,
                removed = changes.removed,
                "following {} feeds",
                specs.len(),
            );
            if config.websub.callback.is_some() {
                let listen = config.websub.listen;
                let listener = callback::bind(listen).await?;
                let stop = stop_services.clone();
                services.spawn(callback::serve(listener, polite.clone(), stop));
                tracing::info!(websub.listen = %listen, "hubs are answered on http://{listen}");
            }
            fetcher = Some(polite.clone());
            let (log, spans, stop) = (log.clone(), spans.clone(), stop_stages.clone());
            stages.spawn(async move {
                fetch::run(log, polite, spans, stop)
                    .await
                    .context("the fetch stage stopped")
            });
        }
        if role.tags() {
            if let Some(canary) = canary {
                services.spawn(canary.watch(log.clone(), stop_services.clone()));
            }
            let shown = config
                .shows_claims(std::io::stdout().is_terminal())
                .then(|| {
                    let (shown, claims) = mpsc::channel(SHOWN);
                    services.spawn(show(claims));
                    shown
                });
            let tagger = Tagger {
                classifier,
                stories: config.story_bounds(),
                replay: false,
                spans: spans.clone(),
                routes: config.routes().into(),
                shown,
            };
            let (log, stop) = (log.clone(), stop_stages.clone());
            stages.spawn(async move {
                tag::run(log, tagger, stop)
                    .await
                    .context("the tag stage stopped")
            });
        }

        tracing::info!(http.listen = %config.http.listen, "listening on http://{}", config.http.listen);
        let state = HttpState::new(log.clone(), fetcher, metrics);
        services.spawn(http::serve(listener, state, stop_services.clone()));
        Ok(Self {
            config,
            path,
            role,
            log,
            rules,
            sample_feeds,
            stages,
            stop_stages,
            services,
            stop_services,
            reloads: JoinSet::new(),
            reload_again: false,
            spans,
            terminate,
            interrupt,
            reload,
        })
    }

    /// Waits for the end, then brings it about in order.
    async fn watch(mut self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        loop {
            tokio::select! {
                _ = self.terminate.recv() => break,
                _ = self.interrupt.recv() => break,
                _ = self.reload.recv() => self.reload(),
                Some(reloaded) = self.reloads.join_next() => self.reloaded(reloaded),
                Some(ended) = self.stages.join_next() => {
                    outcome = flatten(ended);
                    break;
                }
                Some(ended) = self.services.join_next() => {
                    outcome = flatten(ended);
                    break;
                }
            }
        }
        let stopped = self.stop().await;
        outcome.and(stopped)
    }

    /// Ends the sources, waits until what they began is committed, then ends the rest.
    async fn stop(mut self) -> anyhow::Result<()> {
        let grace = self.config.shutdown.grace;
        tracing::info!(
            "stopping: polls under way finish, at most {}s",
            grace.as_secs()
        );
        self.stop_stages.cancel();
        self.reloads.shutdown().await;
        let drain = async {
            let mut outcome = Ok(());
            while let Some(ended) = self.stages.join_next().await {
                outcome = outcome.and(flatten(ended));
            }
            outcome
        };
        let outcome = tokio::select! {
            outcome = drain => outcome,
            () = tokio::time::sleep(grace) => {
                tracing::warn!("the grace period is over; what is not committed will be polled again");
                Ok(())
            }
            _ = self.terminate.recv() => anyhow::bail!("stopped at once by a second signal"),
            _ = self.interrupt.recv() => anyhow::bail!("stopped at once by a second signal"),
        };
        self.stages.shutdown().await;
        self.stop_services.cancel();
        // A consumer that follows /v1/records does not hold up the end.
        self.services.shutdown().await;
        self.log.close().await;
        // The exporter blocks, on a thread of its own.
        let _ = tokio::task::spawn_blocking(move || self.spans.flush()).await;
        tracing::info!("stopped");
        outcome
    }

    /// Begins to read configuration, feeds and rules again.
    fn reload(&mut self) {
        if !self.reloads.is_empty() {
            self.reload_again = true;
            return;
        }
        let (path, log) = (self.path.clone(), self.log.clone());
        let sample = self.role.fetches().then(|| self.sample_feeds.clone());
        self.reloads
            .spawn(async move { read_again(path, &log, sample).await });
    }

    /// Puts in force what was read again; a mistake leaves what is.
    fn reloaded(&mut self, reloaded: Result<anyhow::Result<Reloaded>, tokio::task::JoinError>) {
        match reloaded.context("it panicked").flatten() {
            Ok(Reloaded {
                config,
                classifier,
                changes,
            }) => {
                let digest = classifier.digest().to_owned();
                self.rules.send_replace(classifier);
                self.config = config;
                tracing::info!(
                    written = changes.written,
                    removed = changes.removed,
                    rules = digest,
                    "reloaded feeds and rules; log, fetch, http and websub settings need a restart",
                );
            }
            Err(error) => tracing::error!("reload refused, nothing changed: {error:#}"),
        }
        if std::mem::take(&mut self.reload_again) {
            self.reload();
        }
    }
}

/// Configuration, rules and, for a process that fetches (`sample`), feeds as they are now.
async fn read_again(
    path: Option<PathBuf>,
    log: &Log,
    sample: Option<Vec<wire::FeedSpec>>,
) -> anyhow::Result<Reloaded> {
    let config = Config::read(path.as_deref())?;
    let classifier = Arc::new(Classifier::new(&config.rule_files()?)?);
    let changes = match sample {
        Some(sample) => feeds::publish(log, &all_feeds(&config, &sample)).await?,
        None => feeds::Changes::default(),
    };
    Ok(Reloaded {
        config,
        classifier,
        changes,
    })
}

fn all_feeds(config: &Config, sample: &[wire::FeedSpec]) -> Vec<wire::FeedSpec> {
    config.feeds().iter().chain(sample).cloned().collect()
}

fn flatten(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) -> anyhow::Result<()> {
    ended.context("a task of the daemon panicked").flatten()
}

/// Prints a line for each claim; ends when the tag stage does.
async fn show(mut claims: mpsc::Receiver<ClaimRecord>) -> anyhow::Result<()> {
    let colour = output::colour();
    while let Some(claim) = claims.recv().await {
        let line = output::claim_line(&claim, colour);
        if writeln!(std::io::stdout(), "{line}").is_err() {
            // Nobody reads any more; the daemon goes on for those who read the topics.
            break;
        }
    }
    claims.close();
    std::future::pending().await
}
