//! A real Apache Kafka for tests: one node, started at the first use in a test process and gone with
//! that process, however it ends. `CLAIMWIRE_TEST_BROKERS` names an existing one to use instead.
//!
//! The jars come from Maven Central by `tests/kafka/pom.xml`, once, into `target/kafka`.
#![allow(dead_code, reason = "each test target uses its own part of this")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The user that the SASL listener accepts.
pub(crate) const USER: &str = "claimwire";
/// Its password.
pub(crate) const PASSWORD: &str = "right";

/// How long a broker may take to come up on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ends with the test process: the pipe closes, and the shell kills Kafka. `exec` keeps the process
/// id, and a broker that ends by itself ends the `read` as well.
const WATCHDOG: &str = r#""$@" >"$LOG" 2>&1 </dev/null & broker=$!; echo $broker; read -r _; kill -9 $broker; wait $broker"#;

static BROKER: Mutex<Option<Broker>> = Mutex::new(None);

struct Broker {
    node: Node,
    plain: u16,
    sasl: u16,
    detour: Detour,
}

/// A listener that clients are sent to by another address, where a test may put something in between.
#[derive(Clone, Copy)]
pub(crate) struct Detour {
    /// What clients are told.
    pub(crate) advertised: u16,
    /// Where the broker listens.
    pub(crate) port: u16,
}

/// A Kafka process and its data.
pub(crate) struct Node {
    directory: PathBuf,
    /// Open once it serves requests.
    port: u16,
    /// The largest heap, in MiB.
    heap: u32,
    /// The shell that started it, and Kafka's process id, while it runs.
    running: Option<(Child, u32)>,
}

/// Why there can be no broker on this machine, for the line that says what was left out.
///
/// # Panics
/// With `CI=true`, where leaving tests out is a failure.
#[must_use]
pub(crate) fn missing() -> Option<String> {
    if std::env::var_os("CLAIMWIRE_TEST_BROKERS").is_some() {
        return None;
    }
    let absent = ["java", "mvn"].into_iter().find(|program| {
        let version = if *program == "java" { "-version" } else { "-v" };
        let ran = Command::new(program)
            .arg(version)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        !ran.is_ok_and(|status| status.success())
    })?;
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the Kafka tests need {absent}: install it, or set CLAIMWIRE_TEST_BROKERS"
    );
    Some(format!("there is no {absent} here"))
}

/// `host:port` of the broker, which this starts; `None` where there can be none.
#[must_use]
pub(crate) fn brokers() -> Option<String> {
    if let Ok(brokers) = std::env::var("CLAIMWIRE_TEST_BROKERS") {
        return Some(brokers);
    }
    if missing().is_some() {
        return None;
    }
    let mut broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    let broker = broker.get_or_insert_with(Broker::start);
    Some(format!("127.0.0.1:{}", broker.plain))
}

/// `host:port` of the listener that asks for [`USER`] and [`PASSWORD`] by SASL/PLAIN; `None` on a
/// broker that was not started here.
#[must_use]
pub(crate) fn sasl_brokers() -> Option<String> {
    if std::env::var_os("CLAIMWIRE_TEST_BROKERS").is_some() {
        return None;
    }
    brokers()?;
    let broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    let broker = broker.as_ref()?;
    Some(format!("127.0.0.1:{}", broker.sasl))
}

/// The listener for clients that a test wants something in between of; `None` as for [`sasl_brokers`].
#[must_use]
pub(crate) fn detour() -> Option<Detour> {
    sasl_brokers()?;
    let broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    Some(broker.as_ref()?.detour)
}

/// The process of the broker that was started here.
pub(crate) fn process() -> Option<u32> {
    let broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    let (_, process) = broker.as_ref()?.node.running.as_ref()?;
    Some(*process)
}

/// Kills the broker that was started here, as `kill -9` does; its data stays.
pub(crate) fn kill() {
    let mut broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(broker) = broker.as_mut() {
        broker.node.kill();
    }
}

/// Starts the killed broker again on the same ports and data, and waits until it answers.
pub(crate) fn restart() {
    let mut broker = BROKER.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(broker) = broker.as_mut() {
        broker.node.kill();
        broker.node.launch();
        broker.node.serves();
    }
}

impl Broker {
    fn start() -> Self {
        let directory = fresh_directory("broker");
        let [plain, sasl, controller, advertised, port] = free_ports();
        let detour = Detour { advertised, port };
        let properties = properties(&directory, plain, sasl, controller, detour);
        let mut node = Node::format(directory, &properties, plain, 512);
        node.launch();
        node.serves();
        Self {
            node,
            plain,
            sasl,
            detour,
        }
    }
}

impl Node {
    /// A node with no data yet, to be launched.
    pub(crate) fn format(directory: PathBuf, properties: &str, port: u16, heap: u32) -> Self {
        fs::write(directory.join("server.properties"), properties).expect("target is writable");
        let formatted = java(&jars(), heap)
            .args([
                "kafka.tools.StorageTool",
                "format",
                "-t",
                "MkU3OEVBNTcwNTJENDM2Qg",
                "-c",
            ])
            .arg(directory.join("server.properties"))
            .output()
            .expect("java runs");
        assert!(
            formatted.status.success(),
            "Kafka's storage was not formatted: {}",
            String::from_utf8_lossy(&formatted.stderr)
        );
        Self {
            directory,
            port,
            heap,
            running: None,
        }
    }

    /// Starts the process without waiting for it.
    pub(crate) fn launch(&mut self) {
        let kafka = java(&jars(), self.heap);
        let mut shell = Command::new("sh")
            .args(["-c", WATCHDOG, "sh"])
            .arg(kafka.get_program())
            .args(kafka.get_args())
            .arg("kafka.Kafka")
            .arg(self.directory.join("server.properties"))
            .env("LOG", self.directory.join("broker.log"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let mut started = String::new();
        let stdout = shell.stdout.take().expect("it is piped");
        BufReader::new(stdout)
            .read_line(&mut started)
            .expect("the shell says that it began");
        let process = started.trim().parse().expect("it says its process id");
        self.running = Some((shell, process));
    }

    /// Waits until it serves requests: Kafka opens its ports then.
    pub(crate) fn serves(&self) {
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "Kafka did not come up: see {}",
                self.directory.join("broker.log").display()
            );
            thread::park_timeout(Duration::from_millis(100));
        }
    }

    /// Kills it, as `kill -9` does; its data stays.
    pub(crate) fn kill(&mut self) {
        if let Some((mut shell, _)) = self.running.take() {
            drop(shell.stdin.take());
            shell.wait().expect("the shell ends after its broker");
        }
    }
}

/// An empty directory for a node of this test process.
pub(crate) fn fresh_directory(name: &str) -> PathBuf {
    sweep();
    let directory = target().join(format!("kafka/run-{}/{name}", std::process::id()));
    // A process id comes round again.
    fs::remove_dir_all(&directory).ok();
    fs::create_dir_all(&directory).expect("target is writable");
    directory
}

/// Ports that were free a moment ago: held together, so that they differ.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    [(); N]
        .map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has free ports"))
        .map(|listener| listener.local_addr().expect("it is bound").port())
}

fn java(jars: &Path, heap: u32) -> Command {
    let mut java = Command::new("java");
    java.arg("-Xms64m").arg(format!("-Xmx{heap}m"));
    java.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.arg("-cp").arg(jars.join("*"));
    java
}

fn properties(directory: &Path, plain: u16, sasl: u16, controller: u16, detour: Detour) -> String {
    let Detour { advertised, port } = detour;
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.voters=1@127.0.0.1:{controller}\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{sasl},DETOUR://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{plain},SASL_PLAINTEXT://127.0.0.1:{sasl},DETOUR://127.0.0.1:{advertised}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,DETOUR:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         sasl.enabled.mechanisms=PLAIN\n\
         listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}=\"{PASSWORD}\";\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.num.partitions=4\n\
         offsets.topic.replication.factor=1\n\
         transaction.state.log.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n",
        directory.join("data").display()
    )
}

/// The folder of Kafka's jars, resolved by the first test process that comes along.
fn jars() -> PathBuf {
    let pom = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/kafka/pom.xml");
    let wanted = fs::read_to_string(&pom).expect("the pom is there");
    let folder = target().join("kafka/jars");
    let stamp = target().join("kafka/stamp");
    fs::create_dir_all(&folder).expect("target is writable");
    let lock = File::create(target().join("kafka/lock")).expect("target is writable");
    lock.lock().expect("target can be locked");
    if fs::read_to_string(&stamp).is_ok_and(|resolved| resolved == wanted) {
        return folder;
    }
    // Jars of another version would stand beside these.
    fs::remove_dir_all(&folder).expect("target is writable");
    let resolved = Command::new("mvn")
        .args(["-q", "-B", "-f"])
        .arg(&pom)
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", folder.display()))
        .output()
        .expect("mvn runs");
    assert!(
        resolved.status.success(),
        "Maven did not resolve Kafka: {}",
        String::from_utf8_lossy(&resolved.stdout)
    );
    fs::write(&stamp, wanted).expect("target is writable");
    folder
}

/// Removes the data of test processes that are gone, where `/proc` tells which those are.
fn sweep() {
    let runs = fs::read_dir(target().join("kafka")).into_iter().flatten();
    for run in runs.filter_map(Result::ok) {
        let name = run.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix("run-"));
        let processes = Path::new("/proc");
        if process.is_some_and(|id| processes.join("self").exists() && !processes.join(id).exists())
        {
            // Another process may sweep at the same time.
            fs::remove_dir_all(run.path()).ok();
        }
    }
}

fn target() -> PathBuf {
    let inside = option_env!("CARGO_TARGET_TMPDIR").and_then(|tmp| Path::new(tmp).parent());
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    inside.map_or(beside, Path::to_path_buf)
}
