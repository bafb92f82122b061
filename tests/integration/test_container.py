"""The image of docker-compose.yml, built from what a clean clone has; its producer and consumer with a real broker.

Who has no engine still has namespaces: the containers share the network of one that does nothing, and the broker is put
there, too, configured as the compose file's by Kafka's own code for its image. So ports, names, options and health checks
are those of the compose file, to the letter.
"""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from support import containers
from support.compose import check_command, config, seconds, volumes
from support.harness import PATIENCE, ROOT, wait_until

IMAGE = "localhost/clickstream:test"
MEGABYTE = 1_000_000
LOG = """\
Configuration:
  Appenders:
    Console: {name: STDOUT}
  Loggers:
    Root: {level: WARN, AppenderRef: [{ref: STDOUT}]}
    Logger: []
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    directory = tmp_path_factory.mktemp("clone")
    names = containers.checkout(directory)
    return directory, names


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    containers.require()
    scratch = tmp_path_factory.mktemp("containers")
    with containers.Containers(scratch) as made:
        made.import_base(containers.base_archive(scratch))
        yield made


@pytest.fixture(scope="module")
def image(store, clone):
    started = time.monotonic()
    store.build(clone[0], IMAGE, "--build-arg", "REVISION=0123abc")
    print(f"\nbuilt in {time.monotonic() - started:.0f} s")
    return store.image(IMAGE)


@pytest.fixture(scope="module")
def services():
    return config()["services"]


def project_version():
    return re.search(r"project\(clickstream VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def test_what_is_sent_to_the_builder(store, clone, tmp_path):
    """What the Dockerfile copies, and nothing that lies about."""
    directory, names = clone
    context = tmp_path / "context"
    shutil.copytree(directory, context)
    for stray in (".git/config", "build/release/CMakeCache.txt", "logs/analytics.log", "scripts/stray"):
        (context / stray).parent.mkdir(parents=True, exist_ok=True)
        (context / stray).touch()
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    store.build(context, "localhost/context")
    store.podman("save", "--format", "docker-dir", "--output", tmp_path / "image", "localhost/context")
    (layer,) = [path for path in (tmp_path / "image").iterdir() if path.stat().st_size > 10_000]
    listing = subprocess.run(["tar", "-tf", layer], capture_output=True, text=True, check=True).stdout.splitlines()
    sent = {name for name in listing if not name.endswith("/")}
    wanted = re.compile(r"(CMakeLists\.txt|CMakePresets\.json|LICENSE|scripts/install-deps|(cmake|deploy/postgres|deploy/search|include|src)/.*)")
    assert sent == {name for name in names if wanted.fullmatch(name)}


def test_image(store, image):
    base = store.image(containers.BASE)
    more = image["Size"] - base["Size"]
    print(f"\nthe image: {image['Size'] / MEGABYTE:.0f} MB, {more / MEGABYTE:.1f} MB more than its base")
    assert 0 < more < 40 * MEGABYTE
    said = image["Config"]
    assert (said["User"], said["Entrypoint"], said["StopSignal"]) == ("65532:65532", ["clickstream"], "SIGTERM")
    assert "CLICKSTREAM_LISTEN=0.0.0.0" in said["Env"] and said["WorkingDir"] == "/var/lib/clickstream"
    labels = {name.removeprefix("org.opencontainers.image."): text for name, text in said["Labels"].items()}
    assert (labels["version"], labels["revision"], labels["licenses"]) == (project_version(), "0123abc", "Apache-2.0")


def test_version(store, image):
    """2.6.1 is the first librdkafka that logs in with SCRAM to Kafka 4."""
    text = store.run(IMAGE, "--version")
    assert text.startswith(f"clickstream {project_version()}\n")
    library = re.search(r"^librdkafka (\d+)\.(\d+)\.(\d+) \((.*)\)$", text, re.MULTILINE)
    assert tuple(map(int, library.groups()[:3])) >= (2, 6, 1)
    assert {"ssl", "sasl_plain", "sasl_scram", "sasl_oauthbearer", "zstd", "lz4"} <= {*library[4].split(",")}


def test_without_a_command_it_helps(store, image):
    assert "Usage: clickstream" in store.run(IMAGE)


class Kafka:
    """The compose file's broker, in the network namespace of process `pid`."""

    def __init__(self, service, pid, directory, hosts):
        self._enter = ["nsenter", f"--net=/proc/{pid}/ns/net", "--"]
        self.check = [*self._enter, *check_command(service)]
        libraries = subprocess.run([ROOT / "scripts/kafka", "libs"], capture_output=True, text=True, check=True).stdout.strip()
        java = ["java", "-Xmx512m", f"-Djdk.net.hosts.file={hosts}", "-cp", f"{libraries}/*"]
        folders = [directory / name for name in ("default", "mounted", "final")]
        for folder in folders:
            folder.mkdir()
        for name in ("server.properties", "log4j2.yaml", "tools-log4j2.yaml"):
            (folders[0] / name).write_text("" if name == "server.properties" else LOG)
        env = {"PATH": os.environ["PATH"], "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw", **service["environment"],
               "KAFKA_LOG_DIRS": str(directory / "data")}
        # What the image's start script runs: properties from the environment, and the storage formatted.
        setup = subprocess.run(
            [*java, "kafka.docker.KafkaDockerWrapper", "setup", "--default-configs-dir", folders[0],
             "--mounted-configs-dir", folders[1], "--final-configs-dir", folders[2]],
            env={name: str(value) for name, value in env.items()}, capture_output=True, text=True, timeout=PATIENCE)
        assert (directory / "data/meta.properties").exists(), setup.stdout + setup.stderr
        self._log = open(directory / "log", "wb")
        self._process = subprocess.Popen([*self._enter, *java, "kafka.Kafka", folders[2] / "server.properties"],
                                         stdout=self._log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._log.close()

    def healthy(self):
        assert self._process.poll() is None, "the broker ended"
        return subprocess.run(self.check, capture_output=True, timeout=PATIENCE).returncode == 0


def options_of(service):
    """A service of the compose file as options of `podman run`."""
    result = ["--cap-drop", *service["cap_drop"], "--stop-timeout", seconds(service["stop_grace_period"])]
    for option in service["security_opt"]:
        result += ["--security-opt", option.removesuffix(":true")]
    if service["read_only"]:
        result += ["--read-only", "--read-only-tmpfs=false"]
    for name, value in service["environment"].items():
        if value is not None:  # without one it comes from the environment of docker compose, where it is not set
            result += ["--env", f"{name}={value}"]
    for source, target, _ in volumes(service):
        result += ["--volume", f"{source}:{target}"]
    return result


@pytest.fixture(scope="module")
def stack(store, image, services, tmp_path_factory):
    """{name: container} of producer and consumer, and the broker."""
    network = store.start("network", containers.BASE, "sleep", "infinity", options=["--network", "none"])
    directory = tmp_path_factory.mktemp("kafka")
    hosts = directory / "hosts"
    hosts.write_text("127.0.0.1 localhost kafka\n")
    joined = ["--network", "container:network", "--no-hosts", "--volume", f"{hosts}:/etc/hosts:ro"]
    with Kafka(services["kafka"], network.pid, directory, hosts) as kafka:
        wait_until(kafka.healthy, what="the broker's health")
        ours = {name: store.start(name, IMAGE, *services[name]["command"],
                                  options=[*joined, *options_of(services[name])])
                for name in ("producer", "consumer")}
        yield kafka, ours


@pytest.mark.parametrize("name", ["producer", "consumer"])
def test_health_turns_good(stack, services, name):
    container = stack[1][name]
    check = check_command(services[name])
    try:
        wait_until(lambda: container.healthy(*check), what=f"the health of the {name}")
    except AssertionError as error:
        raise AssertionError(f"{error}\n{container.exec(*check)}\n{container.logs()}") from None


def test_the_image_s_own_health_check(stack):
    assert stack[1]["consumer"].image_says_healthy()


def test_they_can_do_little(stack):
    for container in stack[1].values():
        assert container.exec("id", "-u").stdout == "65532\n"
        status = dict(re.findall(r"^(\w+):\t(.*)$", container.exec("cat", "/proc/1/status").stdout, re.MULTILINE))
        assert {status[name] for name in ("CapEff", "CapPrm", "CapBnd")} == {"0" * 16} and status["NoNewPrivs"] == "1"
        assert "Read-only file system" in container.exec("touch", "/var/lib/clickstream/stray").stderr


def figures(container):
    return json.loads(container.exec("curl", "-fsS", "http://127.0.0.1:8000/stats.json").stdout)


def test_events_arrive(stack):
    consumer = stack[1]["consumer"]
    wait_until(lambda: figures(consumer)["page_views"] > 0, what="a page view")
    wait_until(lambda: "===== LIVE METRICS =====" in consumer.logs(), what="a block on the console")


def test_a_producer_that_does_nothing_is_not_healthy(stack, services, store):
    """Its check asks for events of the last seconds: of a topic that has none, here."""
    check = check_command(services["producer"])
    consumer = stack[1]["consumer"]
    consumer.exec("clickstream", "produce", "--topic", "silent", "--rate", "0", "--count", "10")
    silent = ["env", "CLICKSTREAM_TOPIC=silent", *check]
    wait_until(lambda: not consumer.healthy(*silent), what="the end of the last seconds")
    assert consumer.healthy(*check)


@pytest.mark.parametrize("name", ["producer", "consumer"])
def test_a_stop_is_clean(stack, services, name):
    """The producer first. What it has sent is in the consumer's figures when that stops, too."""
    container = stack[1][name]
    consumer = stack[1]["consumer"]
    if name == "consumer":
        topic = json.loads(consumer.exec("clickstream", "stats", "-o", "json", "--connect-timeout", "5s").stdout)["events"]["consumed"]
        wait_until(lambda: figures(consumer)["events"]["consumed"] == topic, what=f"{topic} events")
    started = time.monotonic()
    assert container.stop(seconds(services[name]["stop_grace_period"])) == 0, container.logs()
    print(f"\nthe {name} ended within {time.monotonic() - started:.1f} s")


def test_the_log_outlives_the_container(stack, store, services):
    store.podman("rm", "consumer")
    ((source, target, _),) = volumes(services["consumer"])
    log = store.run(IMAGE, f"{target}/analytics.log",
                    options=["--entrypoint", "cat", "--volume", f"{source}:{target}", "--read-only"])
    assert "live page at" in log
