"""docker-compose.yml, as docker-compose understands it: what must be true of every service, and of what starts alone."""

import os
import re
import subprocess

import pytest
from support.compose import config, ports, seconds, volumes
from support.harness import ROOT

OURS = ("producer", "consumer")
PROFILES = ("alertmanager", "postgres", "opensearch")
DRAIN = 8  # seconds, at most, from SIGTERM to the end


@pytest.fixture(scope="module")
def services():
    return config(*[word for name in PROFILES for word in ("--profile", name)])["services"]


def each(services):
    return sorted(services.items())


def starts_with(services, name):
    """What `up -d NAME` starts."""
    needed = services[name].get("depends_on", {})
    return {name}.union(*(starts_with(services, other) for other in needed))


def test_services(services):
    assert set(services) == {"kafka", "producer", "consumer", "prometheus", "grafana", *PROFILES}


def test_ports_are_for_this_machine_alone(services):
    published = {name: list(ports(service)) for name, service in each(services)}
    assert all(address == "127.0.0.1" for all_of_it in published.values() for address, *_ in all_of_it)
    plain = {"kafka": 9092, "consumer": 8000, "prometheus": 9090, "grafana": 3000, "alertmanager": 9093, "postgres": 5432,
             "opensearch": 9200}
    assert published == {"producer": [], **{name: [("127.0.0.1", str(port), port)] for name, port in plain.items()}}


def test_kafka_has_an_address_for_the_host_and_one_for_containers(services):
    kafka = services["kafka"]["environment"]
    listeners = dict(one.split("://") for one in kafka["KAFKA_LISTENERS"].split(","))
    advertised = dict(one.split("://") for one in kafka["KAFKA_ADVERTISED_LISTENERS"].split(","))
    assert advertised == {"HOST": "localhost:9092", "CONTAINERS": "kafka:29092"}
    assert (listeners["HOST"], listeners["CONTAINERS"]) == (":9092", ":29092")
    assert all(services[name]["environment"]["CLICKSTREAM_BROKERS"] == "kafka:29092" for name in OURS)


def test_every_service_has_a_health_check(services):
    for name, service in each(services):
        check = service["healthcheck"]
        assert check["test"][0] in ("CMD", "CMD-SHELL"), name
        assert seconds(check["interval"]) <= 10 and seconds(check["timeout"]) <= 10, name


def test_images_are_pinned(services):
    for name, service in each(services):
        if name in OURS:
            assert "image" not in service, "two services that build one tag at once get in each other's way"
            continue
        assert re.fullmatch(r"[a-z/]+:v?\d+(\.\d+)+", service["image"]), service["image"]


def test_the_broker_is_the_one_that_the_tests_run(services):
    version = re.search(r"^version=(.*)$", (ROOT / "scripts/kafka").read_text(), re.MULTILINE)[1]
    assert services["kafka"]["image"] == f"apache/kafka:{version}"


def test_mounted_files_are_in_the_tree(services):
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    seen = set()
    for name, service in each(services):
        for source, _, read_only in volumes(service):
            if not source.startswith("/"):
                continue
            path = os.path.relpath(source, ROOT)
            seen.add(path)
            assert read_only, (name, path)
            assert any(file == path or file.startswith(f"{path}/") for file in tracked), (name, path)
    assert seen == {"deploy/prometheus", "deploy/alertmanager/alertmanager.yml", "deploy/grafana/provisioning", "dashboards"}


def test_data_outlives_its_container(services):
    named = {name: [(source, target) for source, target, _ in volumes(service) if not source.startswith("/")]
             for name, service in each(services)}
    assert named == {
        "kafka": [("kafka-data", "/var/lib/kafka/data")], "producer": [],
        "consumer": [("logs", "/var/lib/clickstream/logs")], "prometheus": [("prometheus-data", "/prometheus")],
        "grafana": [("grafana-data", "/var/lib/grafana")], "alertmanager": [("alertmanager-data", "/alertmanager")],
        "postgres": [("postgres-data", "/var/lib/postgresql")],
        "opensearch": [("opensearch-data", "/usr/share/opensearch/data")]}
    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert "logs/analytics.log" in services["consumer"]["command"]


@pytest.mark.parametrize("name", OURS)
def test_ours_can_do_little(services, name):
    service = services[name]
    assert service["read_only"] is True and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert seconds(service["stop_grace_period"]) > DRAIN
    # Ended with status 0: asked to. With 2 or 6 it would end again.
    assert re.fullmatch(r"on-failure:\d", service["restart"])
    assert service["depends_on"]["kafka"]["condition"] == "service_healthy"


def test_what_starts_alone(services):
    assert starts_with(services, "consumer") == {"consumer", "kafka"}
    assert starts_with(services, "producer") == {"producer", "kafka"}
    assert starts_with(services, "prometheus") == {"prometheus"}
    assert starts_with(services, "grafana") == {"grafana", "prometheus"}


def test_profiles(services):
    assert {name: service["profiles"] for name, service in each(services) if "profiles" in service} == {
        name: [name] for name in PROFILES}


def test_prometheus_can_scrape_the_host(services):
    (host,) = services["prometheus"]["extra_hosts"]
    assert re.fullmatch(r"host\.docker\.internal[:=]host-gateway", host)


def test_settings():
    chosen = config(CLICKSTREAM_RATE="2000", CLICKSTREAM_PORT="8000-8009")["services"]
    assert chosen["producer"]["environment"]["CLICKSTREAM_RATE"] == "2000"
    assert list(ports(chosen["consumer"])) == [("127.0.0.1", "8000-8009", 8000)]


def test_a_sink_is_named_by_the_environment():
    """Unset, there is none: an empty name would be a wrong one."""
    names = ("CLICKSTREAM_SINK", "CLICKSTREAM_SINK_INIT", "CLICKSTREAM_SINK_PASSWORD", "PGPASSWORD")
    plain = config()["services"]["consumer"]["environment"]
    assert [plain.get(name) for name in names] == [None] * 4
    shown = re.findall(r"(?:^    [A-Z_]+=\S+\n)+", (ROOT / "docs/containers.md").read_text(), re.MULTILINE)
    assert len(shown) == 2
    for examples in shown:
        chosen = dict(line.strip().split("=", 1) for line in examples.splitlines())
        passed = config(**chosen)["services"]["consumer"]["environment"]
        assert {name: passed[name] for name in chosen} == chosen
        host = re.search(r"://(?:\w+@)?(\w+)", chosen["CLICKSTREAM_SINK"])[1]
        assert host in PROFILES
