"""What the checks of containers share: an engine, base images, waiting, and one line for each thing shown."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = ROOT / "tests/containers"
# The images that the project's own files name.
OFFICIAL = {
    "busybox": "busybox:1.37",
    "rust": "rust:1.95-bookworm",
    "kafka": "apache/kafka:4.1.1",
    "prometheus": "prom/prometheus:v3.5.0",
    "grafana": "grafana/grafana:12.2.0",
}


def fail(why):
    """Ends the check with one line."""
    sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {why}")


def show(what, said):
    print(f"{what:<12} {said}", flush=True)


def run(*command):
    """What `command` prints; the check ends with its last words where it fails."""
    done = subprocess.run(command, text=True, capture_output=True)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()[-5:]
        fail(f"{' '.join(map(str, command))}: exit code {done.returncode}\n" + "\n".join(words))
    return done.stdout.strip()


def docker(*arguments):
    return run("docker", *map(str, arguments))


def until(what, holds, seconds=120):
    """What `holds` gives once it is something, and after how many seconds."""
    begun = time.monotonic()
    while time.monotonic() - begun < seconds:
        with contextlib.suppress(OSError, http.client.HTTPException, json.JSONDecodeError):
            if found := holds():
                return found, time.monotonic() - begun
        time.sleep(0.25)
    fail(f"{what}: not within {seconds} seconds")


def get(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def free_ports(number):
    """Ports that were free a moment ago: held together, so that they differ."""
    with contextlib.ExitStack() as stack:
        listeners = [stack.enter_context(socket.socket()) for _ in range(number)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


@contextlib.contextmanager
def engine():
    """The engine that answers here; else one with its data in target/docker, which ends with the check."""
    if not shutil.which("docker"):
        fail("there is no docker here: on Debian, apt-get install docker.io docker-compose debootstrap")
    if answers():
        yield
        return
    if not shutil.which("dockerd") or os.geteuid() != 0:
        fail("no Docker engine answers, and starting one takes dockerd and root: start yours, or set DOCKER_HOST")
    data = ROOT / "target/docker"
    data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, open(f"{work}/log", "w") as log:
        address = f"unix://{work}/socket"
        daemon = subprocess.Popen(
            ["dockerd", "--data-root", data, "--exec-root", f"{work}/exec", "--pidfile", f"{work}/pid", "-H", address,
             "--bridge=none", "--iptables=false", "--ip-masq=false"], stdout=log, stderr=log)
        os.environ["DOCKER_HOST"] = address
        try:
            until("the Docker engine", lambda: daemon.poll() is None and answers(), 30)
            yield
        finally:
            daemon.terminate()
            daemon.wait()
            # The network namespace of the host's network, which it may leave mounted.
            subprocess.run(["umount", "-q", "-l", f"{work}/exec/netns/default"], capture_output=True)


def answers():
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0


def base(name):
    """The image to use for `name`: what its variable says (KAFKA_IMAGE), else the official one, else its stand-in."""
    named = os.environ.get(f"{'BUILD' if name == 'rust' else name.upper()}_IMAGE")
    if named:
        return named
    official, ours = OFFICIAL[name], f"claimwire-base/{name}"
    present = ["docker", "image", "inspect", official]
    for attempt in (present, ["docker", "pull", "-q", official]):
        if subprocess.run(attempt, capture_output=True).returncode == 0:
            return official
    if not (HERE / f"{name}.Dockerfile").exists():
        return None
    run(HERE / "stand-ins", name)
    show("stand-in", f"{ours} for {official}, which no registry gives here")
    return ours


def image():
    """The image under test: the one that IMAGE names, else one built from this checkout."""
    if named := os.environ.get("IMAGE"):
        return named
    built = "claimwire-check"
    command = ["make", "-C", ROOT, "image", f"IMAGE={built}", f"BUILD_IMAGE={base('rust')}"]
    # It takes minutes, and shows what it does.
    if subprocess.run(command, stdout=sys.stderr).returncode != 0:
        fail("the image cannot be built")
    return built


def kafka_settings(plain, secure, controller):
    """What a single Kafka on this machine is told, by the names that its official image knows: a plain listener, and
    one that speaks TLS, by /tls/broker.pem, and asks for a user's name and password by SCRAM."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": f"1@127.0.0.1:{controller}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENERS":
            f"PLAINTEXT://127.0.0.1:{plain},SECURE://127.0.0.1:{secure},CONTROLLER://127.0.0.1:{controller}",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{plain},SECURE://localhost:{secure}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL,CONTROLLER:PLAINTEXT",
        "KAFKA_SASL_ENABLED_MECHANISMS": "SCRAM-SHA-512",
        "KAFKA_LISTENER_NAME_SECURE_SCRAM___SHA___512_SASL_JAAS_CONFIG":
            "org.apache.kafka.common.security.scram.ScramLoginModule required;",
        "KAFKA_SSL_KEYSTORE_TYPE": "PEM",
        "KAFKA_SSL_KEYSTORE_LOCATION": "/tls/broker.pem",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
    }
