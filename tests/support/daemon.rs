//! The real binary as a process: its config, its life and its death.

#![allow(
    dead_code,
    reason = "every test target includes this file and uses its part"
)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::{Instant, interval, timeout};

/// How long anything may take that should be quick, on a machine with other things to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Which log the daemon is given.
#[derive(Clone, Debug)]
pub(crate) enum Backend {
    Local,
    /// The brokers' addresses.
    Kafka(String),
}

/// A config in a directory of its own, for as many processes as a test wants in turn.
pub(crate) struct Setup {
    pub(crate) directory: TempDir,
    pub(crate) backend: Backend,
    /// What topics and groups begin with.
    pub(crate) prefix: String,
    pub(crate) port: u16,
    /// The process's name among those that share the log.
    pub(crate) instance: String,
}

/// What a config says beside the log and the port.
pub(crate) struct Options<'a> {
    pub(crate) feeds: &'a [(String, String)],
    /// A fixed polling interval such as `200ms`.
    pub(crate) interval: &'a str,
    pub(crate) sample: bool,
    pub(crate) partitions: u32,
}

/// A running daemon, killed when it is dropped.
pub(crate) struct Daemon {
    child: Child,
    port: u16,
    errors: PathBuf,
}

impl Setup {
    /// Writes the config.
    pub(crate) fn new(backend: Backend, options: &Options<'_>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        // Topics of a broker outlive a test, so each test names its own.
        let prefix = match backend {
            Backend::Local => "claimwire.".to_owned(),
            Backend::Kafka(_) => format!("t{}-{port}.", std::process::id()),
        };
        let setup = Self {
            directory,
            backend,
            prefix,
            port,
            instance: "test".to_owned(),
        };
        setup.write(&setup.config(options));
        setup
    }

    /// The config of another instance that shares the log.
    pub(crate) fn another(&self, instance: &str, options: &Options<'_>) -> Self {
        let setup = Self {
            directory: tempfile::tempdir().expect("a temporary directory"),
            backend: self.backend.clone(),
            prefix: self.prefix.clone(),
            port: free_port(),
            instance: instance.to_owned(),
        };
        setup.write(&setup.config(options));
        setup
    }

    /// Replaces the config.
    pub(crate) fn write(&self, config: &str) {
        fs::write(self.config_file(), config).expect("the temporary directory can be written");
    }

    /// The config's text.
    pub(crate) fn config(&self, options: &Options<'_>) -> String {
        let log = match &self.backend {
            Backend::Local => format!("directory = {:?}", self.log_directory()),
            Backend::Kafka(brokers) => format!("kafka = {brokers:?}"),
        };
        let Options {
            feeds,
            interval,
            sample,
            partitions,
        } = options;
        let (prefix, port, instance) = (&self.prefix, self.port, &self.instance);
        let mut config = format!(
            "[log]\n{log}\nprefix = {prefix:?}\npartitions = {partitions}\n\n\
             [fetch]\nmin_interval = \"10ms\"\nhost_spacing = \"0s\"\nstart_spread = \"0s\"\n\
             allow = [\"127.0.0.0/8\"]\n\n\
             [feeds]\nfiles = []\n\n[http]\nlisten = \"127.0.0.1:{port}\"\n\n\
             [sample]\nenabled = {sample}\n\n\
             [shutdown]\ngrace = \"10s\"\n"
        );
        if let Backend::Kafka(_) = self.backend {
            write!(
                config,
                "\n[kafka]\ninstance = {instance:?}\ncommit_interval = \"100ms\"\n\
                 # A killed member's partitions are otherwise held until its session times out.\n\
                 [kafka.properties]\n\"group.instance.id\" = {instance:?}\n"
            )
            .expect("a string takes everything");
        }
        for (id, url) in *feeds {
            write!(
                config,
                "\n[[feed]]\nid = {id:?}\nurl = {url:?}\npublisher = \"The {id} Gazette\"\n\
                 language = \"en\"\ncountry = \"BE\"\nkind = \"newspaper\"\ninterval = {interval:?}\n"
            )
            .expect("a string takes everything");
        }
        config
    }

    pub(crate) fn config_file(&self) -> PathBuf {
        self.directory.path().join("claimwire.toml")
    }

    pub(crate) fn log_directory(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// Starts the daemon without waiting for it.
    pub(crate) fn launch(&self) -> Daemon {
        self.launch_as("all")
    }

    /// Starts the daemon in a role, without waiting for it.
    pub(crate) fn launch_as(&self, role: &str) -> Daemon {
        let errors = self.directory.path().join("stderr");
        let child = self
            .command()
            .args(["--role", role])
            .stdout(Stdio::null())
            .stderr(File::create(&errors).expect("the temporary directory can be written"))
            .spawn()
            .expect("the binary was built for this test");
        Daemon {
            child,
            port: self.port,
            errors,
        }
    }

    /// Starts the daemon and waits until it is ready.
    pub(crate) async fn start(&self) -> Daemon {
        let mut daemon = self.launch();
        daemon.ready().await;
        daemon
    }

    /// `claimwire --config … run`, not yet started, with nothing of this process's environment.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.claimwire();
        command.arg("run");
        command
    }

    /// `claimwire --config …`, for a command of its own.
    pub(crate) fn claimwire(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimwire"));
        command.arg("--config").arg(self.config_file());
        command.stdin(Stdio::null()).kill_on_drop(true).env_clear();
        command
    }

    /// Runs the daemon to its end, which should come by itself: its exit code and what it said.
    pub(crate) async fn refused(&self) -> (Option<i32>, String) {
        let mut daemon = self.launch();
        let status = daemon.exited(PATIENCE).await.expect("it ends by itself");
        (status.code(), daemon.errors())
    }
}

impl Daemon {
    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it wrote to standard error so far.
    pub(crate) fn errors(&self) -> String {
        fs::read_to_string(&self.errors).unwrap_or_default()
    }

    /// Waits until `/readyz` says so.
    pub(crate) async fn ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !matches!(get(self.port, "/readyz").await, Ok((200, _))) {
            if let Some(status) = self.exited(Duration::from_millis(20)).await {
                panic!("the daemon ended with {status}:\n{}", self.errors());
            }
            assert!(
                Instant::now() < deadline,
                "the daemon is not ready:\n{}",
                self.errors()
            );
        }
    }

    /// Whether `/readyz` says so now.
    pub(crate) async fn is_ready(&self) -> bool {
        matches!(get(self.port, "/readyz").await, Ok((200, _)))
    }

    /// Sends a signal such as `HUP`.
    pub(crate) async fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.pid().to_string())
            .status()
            .await
            .expect("there is a kill command");
        assert!(sent.success());
    }

    /// The body of a page of its HTTP server.
    pub(crate) async fn get(&self, path: &str) -> String {
        let (status, body) = get(self.port, path).await.expect("the daemon answers");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// The body of a page, where it is there and its HTTP server up.
    pub(crate) async fn asked(&self, path: &str) -> Option<String> {
        let (status, body) = get(self.port, path).await.ok()?;
        (status == 200).then_some(body)
    }

    /// Fails when it has ended by itself.
    pub(crate) async fn is_up(&mut self) {
        stays_up(self, Duration::from_millis(1)).await;
    }

    /// Its exit status, when it ends within `limit`.
    pub(crate) async fn exited(&mut self, limit: Duration) -> Option<ExitStatus> {
        let ended = timeout(limit, self.child.wait()).await.ok()?;
        Some(ended.expect("a child can be waited for"))
    }

    /// Ends it as a power cut would.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("it was running");
    }

    /// Sends a signal such as `TERM`, and expects exit 0 within `limit`.
    pub(crate) async fn stop(mut self, signal: &str, limit: Duration) {
        self.signal(signal).await;
        let status = self.exited(limit).await;
        let status = status.unwrap_or_else(|| panic!("still running {limit:?} after SIG{signal}"));
        assert_eq!(status.code(), Some(0), "{}", self.errors());
    }
}

/// Polls `happened` until it is true, at most `limit` long.
pub(crate) async fn eventually(limit: Duration, what: &str, happened: impl AsyncFn() -> bool) {
    let mut tick = interval(Duration::from_millis(50));
    let waited = timeout(limit, async {
        while !happened().await {
            tick.tick().await;
        }
    });
    assert!(waited.await.is_ok(), "{what}: not within {limit:?}");
}

/// Spends `span` while the daemon is expected to stay alive.
pub(crate) async fn stays_up(daemon: &mut Daemon, span: Duration) {
    let ended = daemon.exited(span).await;
    assert!(
        ended.is_none(),
        "the daemon ended with {ended:?}:\n{}",
        daemon.errors()
    );
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

async fn get(port: u16, path: &str) -> Result<(u16, String), Box<dyn std::error::Error>> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url = format!("http://127.0.0.1:{port}{path}").parse()?;
    let response = timeout(PATIENCE, client.get(url)).await??;
    let status = response.status().as_u16();
    let body = timeout(PATIENCE, response.into_body().collect())
        .await??
        .to_bytes();
    Ok((status, String::from_utf8(body.to_vec())?))
}
