"""Every query of the Grafana dashboard and every rule, asked of a real Prometheus that scrapes two real consumers."""

import json
import math
import re

import pytest
import yaml
from support.consumer import Consumer
from support.harness import ROOT, Process, wait_until
from support.prometheus import SHIPPED, Prometheus

DASHBOARD = json.loads((ROOT / "dashboards/grafana_dashboard.json").read_text())
PANELS = {panel["title"]: panel for panel in DASHBOARD["panels"] if panel["type"] != "row"}
TARGETS = [pytest.param(panel, target, id=f"{title} {target['refId']}")
           for title, panel in PANELS.items() for target in panel["targets"]]
VARIABLES = [one for one in DASHBOARD["templating"]["list"] if one["type"] == "query"]
# Short, so that sessions close and windows become final within seconds: a minute of the visitors' time passes in each.
GAP = ("--gap", "2m")
RULES = (*GAP, "--window", "1m", "--checkpoint-interval", "1s")


class Scene:
    """Visitors, two consumers of one group, and Prometheus. In a with statement."""

    def __init__(self, kafka, directory):
        self.topic = kafka.new_topic(partitions=4)
        self.consumers = [Consumer(kafka, self.topic, *RULES, "--sink", f"file:{directory}/rows-{number}.ndjson")
                          for number in range(2)]
        self.visitors = Process(["produce", "-b", kafka.brokers, "-t", self.topic, "--speed", "60", "--rate", "10", *GAP,
                                 "--duplicates", "1%", "--late", "1%", "--malformed", "1%"])
        self.prometheus = None
        self._directory = directory

    def __enter__(self):
        addresses = [consumer.url.removeprefix("http://").rstrip("/") for consumer in self.consumers]
        self.prometheus = Prometheus(self._directory, addresses).await_ready()
        wait_until(lambda: all(consumer.counters() for consumer in self.consumers), what="partitions for both")
        return self

    def __exit__(self, *_):
        for process in (self.prometheus, self.visitors, *self.consumers):
            if process:
                process.__exit__()

    def total(self, *names):
        """The sum of a figure of /stats.json over the instances."""
        total = 0
        for consumer in self.consumers:
            figure = consumer.stats()
            for name in names:
                figure = figure[name]
            total += figure
        return total


@pytest.fixture(scope="module")
def scene(kafka, tmp_path_factory):
    with Scene(kafka, tmp_path_factory.mktemp("prometheus")) as scene:
        yield scene


def substituted(expression, topic=".*", group=".*"):
    """As Grafana does it; `.*` is its All, and the interval four scrapes."""
    for name, value in (("__rate_interval", "4s"), ("topic", topic), ("group", group)):
        expression = expression.replace(f"${name}", value)
    assert "$" not in expression, expression
    return expression


def figures(prometheus, target, **variables):
    """What a panel shows for one of its targets: [(labels, [number])], without NaN and infinity."""
    expression = substituted(target["expr"], **variables)
    if target["instant"]:
        result = [(labels, [value]) for labels, value in prometheus.query(expression)]
    else:
        result = prometheus.query_range(expression)
    return [(labels, values) for labels, values in result if any(map(math.isfinite, values))]


@pytest.mark.parametrize("panel, target", TARGETS)
def test_every_query_returns_data(scene, panel, target):
    wait_until(lambda: figures(scene.prometheus, target), what=f"data for {target['expr']}")
    wait_until(lambda: figures(scene.prometheus, target, topic=scene.topic, group=scene.topic))
    for labels, _ in figures(scene.prometheus, target):  # what the legend names is there
        for name in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            assert name in labels, (name, labels)


@pytest.mark.parametrize("panel, target", [one for one in TARGETS if "clickstream_" in one.values[1]["expr"]])
def test_the_variables_choose(scene, panel, target):
    assert figures(scene.prometheus, target, topic="no-such-topic") == []
    assert figures(scene.prometheus, target, group="no-such-group") == []


def test_the_variables_offer_what_there_is(scene):
    assert [variable["name"] for variable in VARIABLES] == ["topic", "group"]
    for variable in VARIABLES:
        series, label = re.fullmatch(r"label_values\((.+), (\w+)\)", substituted(variable["query"]["query"])).groups()
        offered = wait_until(lambda: scene.prometheus.api(f"label/{label}/values", **{"match[]": series}), what=label)
        assert offered == [scene.topic]


def test_every_rule_evaluates(scene):
    expected = sorted(rule.get("alert") or rule["record"] for name in ("recording_rules.yml", "alerting_rules.yml")
                      for group in yaml.safe_load((SHIPPED / name).read_text())["groups"] for rule in group["rules"])

    def rules():
        return [rule for group in scene.prometheus.api("rules")["groups"] for rule in group["rules"]]

    found = wait_until(lambda: all(rule["health"] != "unknown" for rule in rules()) and rules(), what="evaluated rules")
    assert sorted(rule["name"] for rule in found) == expected
    assert [(rule["name"], rule["lastError"]) for rule in found if rule["health"] != "ok"] == []


def test_every_recording_rule_has_data(scene):
    for group in yaml.safe_load((SHIPPED / "recording_rules.yml").read_text())["groups"]:
        for rule in group["rules"]:
            wait_until(lambda: scene.prometheus.query(rule["record"]), what=rule["record"])


def test_the_totals_are_those_of_the_consumers(scene):
    assert scene.visitors.stop() == 0

    def shown(title):
        return scene.prometheus.query(substituted(PANELS[title]["targets"][0]["expr"]))[0][1]

    def agree():
        views, clicks = scene.total("page_views"), scene.total("clicks")
        return (shown("Page Views"), shown("Clicks")) == (views, clicks) and math.isclose(
            shown("Click-Through Rate"), 100 * clicks / views) and (
            shown("Sessions"), shown("Open Sessions")) == (
            scene.total("sessions", "total"), scene.total("sessions", "open"))

    wait_until(agree, what="the consumers' figures")
    assert shown("Instances") == 2


def test_who_is_down(scene):
    """The one on the host is optional; two that are gone are down, and then nobody is left."""
    def count(expression):
        return len(scene.prometheus.query(expression))

    wait_until(lambda: (count('up{optional="true"} == 0'), count('up{job="clickstream"} == 1')) == (1, 2), what="all scraped")
    down, nobody = 'ALERTS{alertname="ClickstreamInstanceDown"}', 'ALERTS{alertname="ClickstreamNoInstance"}'
    wait_until(lambda: (count(down), count(nobody)) == (0, 0), what="no alert")
    for consumer in scene.consumers:
        consumer.kill()
    wait_until(lambda: (count(down), count(nobody)) == (2, 1), what="two instances that are down")
