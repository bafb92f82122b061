"""deploy/kubernetes: what kubectl makes of it, held against Kubernetes' own schemas, and the promises of its comments."""

import copy
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml
from support import wheels
from support.harness import ROOT, run

TREE = ROOT / "deploy/kubernetes"
COMPONENTS = sorted(path.name for path in (TREE / "components").iterdir())
VERSIONS = ("1.30", "1.37")  # the oldest that is meant, and the newest whose schemas there are
CUSTOM = {"ServiceMonitor"}  # the operator's own; no schema of it here
DRAIN = 8  # seconds, at most, from SIGTERM to the end


@pytest.fixture(scope="module")
def tools():
    return wheels.folder("kubernetes")


@pytest.fixture(scope="module")
def render(tools, tmp_path_factory):
    """{(kind, name): resource} of the tree with some of its components."""
    def rendered(*components):
        tree = tmp_path_factory.mktemp("render") / "kubernetes"
        shutil.copytree(TREE, tree)
        file = tree / "kustomization.yaml"
        text = file.read_text()
        assert "components: []\n" in text
        for component in components:
            assert f"#  - components/{component}" in text
        listed = "".join(f"  - components/{component}\n" for component in components)
        file.write_text(text.replace("components: []\n", f"components:\n{listed}" if listed else ""))
        result = subprocess.run([f"{tools}/bin/kubectl", "kustomize", tree], capture_output=True, text=True, timeout=60)
        assert result.returncode == 0 and not result.stderr, result.stderr
        return {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(result.stdout)}
    return rendered


@pytest.fixture(scope="module")
def plain(render):
    return render()


@pytest.fixture(scope="module")
def everything(render):
    return render(*COMPONENTS)


def kind(resources, name):
    """The only resource of this kind."""
    (found,) = [one for (of, _), one in resources.items() if of == name]
    return found


def pods(resources):
    return {name: one["spec"]["template"]["spec"] for (of, name), one in resources.items()
            if of in ("StatefulSet", "Deployment")}


def container(pod):
    (only,) = pod["containers"]
    return only


@pytest.fixture
def validate(tools, tmp_path):
    """What is wrong with the resources, by the schemas of a version of Kubernetes; unknown fields are."""
    def wrong(resources, version):
        file = tmp_path / "resources.yaml"
        file.write_text(yaml.safe_dump_all(resources))
        # A process of its own: pytest has an older version of a library that this needs.
        result = subprocess.run([sys.executable, f"{tools}/bin/kubernetes-validate", "--strict", "-k", version, file],
                                env={**os.environ, "PYTHONPATH": tools}, capture_output=True, text=True, timeout=60)
        lines = result.stdout.splitlines()
        good = [line for line in lines if re.match(r"INFO .* passed ", line)]
        assert (result.returncode == 0) == (len(good) == len(resources)), result.stdout + result.stderr
        return [line for line in lines if line not in good]
    return wrong


@pytest.mark.parametrize("version", VERSIONS)
def test_schemas(validate, everything, version):
    standard = [one for (of, _), one in everything.items() if of not in CUSTOM]
    assert validate(standard, version) == []
    assert {one["kind"] for one in standard} == {"Namespace", "ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget",
                                                 "Deployment", "HorizontalPodAutoscaler"}


def test_the_schemas_see_a_mistake(validate, plain):
    consumer = copy.deepcopy(kind(plain, "StatefulSet"))
    container(consumer["spec"]["template"]["spec"])["livenessProbe"]["periodSecond"] = 1
    assert "periodSecond" in "\n".join(validate([consumer], VERSIONS[-1]))


def test_without_components(plain):
    assert {of for of, _ in plain} == {"Namespace", "ConfigMap", "Service", "StatefulSet", "PodDisruptionBudget"}
    assert kind(plain, "StatefulSet")["spec"]["template"]["metadata"]["annotations"] == {
        "prometheus.io/scrape": "true", "prometheus.io/port": "8000", "prometheus.io/path": "/metrics"}


def test_names_fit_together(everything):
    labels = kind(everything, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    service, monitor = kind(everything, "Service"), kind(everything, "ServiceMonitor")
    for selector in (service["spec"]["selector"], kind(everything, "StatefulSet")["spec"]["selector"]["matchLabels"],
                     kind(everything, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"]):
        assert selector and selector.items() <= labels.items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["jobLabel"] in service["metadata"]["labels"]
    assert kind(everything, "StatefulSet")["spec"]["serviceName"] == service["metadata"]["name"]
    target = kind(everything, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) in everything
    (config,) = [name for of, name in everything if of == "ConfigMap"]
    assert re.fullmatch(r"clickstream-kafka-[a-z0-9]+", config)
    for pod in pods(everything).values():
        assert {"name": "kafka", "configMap": {"name": config}} in pod["volumes"]
        assert container(pod)["image"] == "registry.example.com/clickstream:0.1.0"
    assert {one["metadata"].get("namespace") for (of, _), one in everything.items() if of != "Namespace"} == {"clickstream"}


def test_pods_may_do_little(everything):
    """What the namespace's level `restricted` asks for, and a root file system that nobody can write to."""
    assert kind(everything, "Namespace")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert len(pods(everything)) == 2
    for pod in pods(everything).values():
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container(pod)["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
        assert pod["automountServiceAccountToken"] is False
        assert pod["terminationGracePeriodSeconds"] > DRAIN
        assert {*container(pod)["resources"]["requests"]} == {"cpu", "memory"}


def test_the_user_is_the_image_s(everything):
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    for pod in pods(everything).values():
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == tuple(map(int, user.groups()))


def test_a_slow_recovery_is_no_reason_to_restart(plain):
    consumer = container(kind(plain, "StatefulSet")["spec"]["template"]["spec"])
    paths = {probe: consumer[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert {consumer[probe]["httpGet"]["port"] for probe in paths} == {consumer["ports"][0]["name"]}


def test_no_secret_is_in_a_config_map(everything):
    properties = kind(everything, "ConfigMap")["data"]["kafka.properties"]
    assert "password" not in re.sub(r"^#.*$", "", properties, flags=re.MULTILINE)
    for pod in pods(everything).values():
        (password,) = [one for one in container(pod)["env"] if one["name"] == "CLICKSTREAM_KAFKA_SASL_PASSWORD"]
        assert password["valueFrom"]["secretKeyRef"] == {
            "name": "clickstream-kafka", "key": "sasl.password", "optional": True}


def test_an_operator_s_monitor_takes_the_place_of_annotations(render):
    pod = kind(render("servicemonitor"), "StatefulSet")["spec"]["template"]
    assert "annotations" not in pod["metadata"]


def test_the_autoscaler_alone_decides_how_many(render):
    resources = render("autoscaling")
    assert "replicas" not in kind(resources, "StatefulSet")["spec"]
    assert kind(resources, "HorizontalPodAutoscaler")["spec"]["maxReplicas"] == 3  # produce's --partitions


def expanded(arguments, values):
    return [re.sub(r"\$\((\w+)\)", lambda match: values[match[1]], one) for one in arguments]


def test_the_program_takes_these_arguments(everything, tmp_path):
    """And no broker is all that it lacks."""
    properties = tmp_path / "kafka.properties"
    properties.write_text(re.sub(r"^bootstrap.servers=.*$", "bootstrap.servers=127.0.0.1:1",
                                 kind(everything, "ConfigMap")["data"]["kafka.properties"], flags=re.MULTILINE))
    for name, pod in pods(everything).items():
        given = [one.replace("/etc/clickstream/kafka/kafka.properties", str(properties))
                 for one in expanded(container(pod)["args"], {"POD_NAME": f"{name}-0"})]
        wait = given.index("--connect-timeout=0")
        given[wait] = "--connect-timeout=300ms"
        given = [one.replace("--metrics-port=8000", "--metrics-port=0") for one in given]
        result = run(given)
        assert result.returncode == 3, (given, result.stderr)
        assert "127.0.0.1:1" in result.stderr
        assert "--instance-id=clickstream-consumer-0" in given or given[0] == "produce"


def test_commented_properties_are_properties(plain, tmp_path):
    """A comment in kafka.properties that looks like a property is one."""
    text = kind(plain, "ConfigMap")["data"]["kafka.properties"]
    properties = tmp_path / "kafka.properties"
    properties.write_text(re.sub(r"^#([a-z.]+=)", r"\1", text, flags=re.MULTILINE)
                          .replace("kafka-bootstrap.kafka.svc:9092", "127.0.0.1:1")
                          .replace("/etc/clickstream/tls/ca.pem", "/etc/ssl/certs/ca-certificates.crt"))
    result = run(["stats", "-F", properties, "--connect-timeout", "300ms"], env={"CLICKSTREAM_KAFKA_SASL_PASSWORD": "x"})
    assert "sasl.mechanism" in properties.read_text() and result.returncode == 3, result.stderr
