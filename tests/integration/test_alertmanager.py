"""The example for Alertmanager: it is valid, tells of the alerts by their severity, and not of what follows from something worse.
That the alerts and labels which it names are there is looked up in the rules."""

import re
import subprocess

import pytest
import yaml
from support.harness import ROOT

CONFIG = ROOT / "deploy/alertmanager/alertmanager.yml"
GROUP = ["cluster", "namespace", "job", "topic", "group"]
RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerting_rules.yml").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}


def amtool(*args):
    result = subprocess.run([ROOT / "scripts/unpacked", "amtool", *args], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout.strip()


def test_the_configuration():
    assert "SUCCESS" in amtool("check-config", str(CONFIG))


@pytest.mark.parametrize("alert", ALERTS.values(), ids=ALERTS)
def test_who_is_told(alert):
    labels = {"job": "clickstream", "topic": "t", "group": "g", "alertname": alert["alert"], **alert["labels"]}
    told = amtool("config", "routes", "test", f"--config.file={CONFIG}", *(f"{name}={value}" for name, value in labels.items()))
    assert told == {"critical": "on-call", "warning": "screen"}[labels["severity"]]


def matched(matchers):
    """The alerts that a list of matchers of their name takes."""
    names = set(ALERTS)
    for matcher in matchers:
        operator, pattern = re.fullmatch(r'alertname (=~|!=|=) "(.+)"', matcher).groups()
        names = {name for name in names if bool(re.fullmatch(pattern, name)) == (operator != "!=")}
    return names


def test_what_is_not_told():
    rules = [(matched(rule["source_matchers"]), matched(rule["target_matchers"]), rule["equal"])
             for rule in yaml.safe_load(CONFIG.read_text())["inhibit_rules"]]
    figures = {"ClickstreamTrafficStopped", "ClickstreamWatermarkStuck"}
    assert rules == [
        ({"ClickstreamNoInstance"}, set(ALERTS) - {"ClickstreamNoInstance"}, ["job"]),
        ({"ClickstreamPartitionNotConsumed"}, figures | {"ClickstreamCheckpointOld"}, GROUP),
        ({"ClickstreamLagGrowing"}, figures | {"ClickstreamBounceRateHigh", "ClickstreamClickThroughRateLow"}, GROUP),
    ]
    for sources, targets, equal in rules:  # two that both lack a label have it equal, too, whatever they are about
        assert equal == ["job"] or all("$labels.topic" in str(ALERTS[name]["annotations"]) for name in sources | targets)
