"""The Grafana dashboard and how it gets into Grafana, without one: Grafana's own schema, and what README.md promises."""

import json
import os
import re
import subprocess

import pytest
import yaml
from support.harness import ROOT

PATH = ROOT / "dashboards/grafana_dashboard.json"
PROVISIONING = ROOT / "deploy/grafana/provisioning"
DASHBOARD = json.loads(PATH.read_text())
PANELS = DASHBOARD["panels"]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture(scope="module")
def dashcheck(tmp_path_factory):
    go = ROOT / "scripts/go"
    found = subprocess.run([go, "version"], capture_output=True, text=True)
    if found.returncode != 0:
        pytest.skip(f"no Go to check the dashboard with: {found.stderr}")
    program = tmp_path_factory.mktemp("dashcheck") / "dashcheck"
    built = subprocess.run([go, "build", "-o", program, "."], cwd=ROOT / "tests/support/dashcheck",
                           env={**os.environ, "GOTOOLCHAIN": "local"}, capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    return program


def check(dashcheck, text, directory):
    path = directory / "dashboard.json"
    path.write_text(text)
    return subprocess.run([dashcheck, path], capture_output=True, text=True)


def test_the_schema(dashcheck):
    result = subprocess.run([dashcheck, PATH], capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("right, wrong", [
    ('"schemaVersion"', '"schemaversion"'),  # of the dashboard,
    ('"allValue"', '"allValues"'),           # a variable,
    ('"expr"', '"expression"'),              # a query,
    ('"calcs"', '"calc"'),                   # a panel's options,
    ('"fillOpacity"', '"fillOpaque"'),       # a kind of panel's own field options,
    ('"unit"', '"units"'),                   # all panels' field options
    ('"type": "heatmap"', '"type": "heatmaps"'),
    ('"id": 2,', '"id": "2",'),
])
def test_the_schema_finds_mistakes(dashcheck, right, wrong, tmp_path):
    text = PATH.read_text()
    assert right in text
    assert check(dashcheck, text.replace(right, wrong, 1), tmp_path).returncode == 1


def test_four_plain_panels():
    queries = {panel["title"]: [target["expr"] for target in panel["targets"]] for panel in PANELS if "targets" in panel}
    assert queries["Page Views Over Time"] == ["page_views_total"]
    assert queries["Clicks Over Time"] == ["clicks_total"]
    assert queries["Avg Session Duration"] == ["average_session_duration_seconds"]
    assert queries["Bounce Rate"] == ["bounce_rate_percent"]


def test_no_rate_of_what_may_fall():
    """One instance's own figures fall when a partition moves."""
    for path in (PATH, *(ROOT / "deploy").rglob("*.yml")):
        found = re.search(r"(rate|increase|delta|deriv)\(\s*(page_views|clicks|sessions_opened|sessions_merged)_total\b", path.read_text())
        assert not found, path


def test_the_dashboard():
    assert (DASHBOARD["title"], DASHBOARD["uid"], DASHBOARD["refresh"]) == ("clickstream", "clickstream", "5s")
    ids = [panel["id"] for panel in PANELS]
    titles = [panel["title"] for panel in PANELS]
    assert len(set(ids)) == len(ids) and len(set(titles)) == len(titles)
    for panel in PANELS:
        if panel["type"] != "row":
            assert panel["datasource"] == SOURCE and all(target["datasource"] == SOURCE for target in panel["targets"])
            names_rules = "recording_rules.yml" in panel["description"]
            needs_rules = any(re.search(r"\b(group|partition)\w*:", target["expr"]) for target in panel["targets"])
            assert names_rules == needs_rules, panel["title"]


def test_panels_do_not_overlap():
    taken = set()
    for panel in PANELS:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken and max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells


def test_provisioning():
    source, = yaml.safe_load((PROVISIONING / "datasources/prometheus.yml").read_text())["datasources"]
    assert (source["type"], source["url"], source["isDefault"]) == ("prometheus", "http://prometheus:9090", True)
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped
    provider, = yaml.safe_load((PROVISIONING / "dashboards/clickstream.yml").read_text())["providers"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/etc/grafana/dashboards")
