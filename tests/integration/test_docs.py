"""Every command that README.md and docs/ show in an `sh` block runs, in the order in which a reader would try them.
The queries in `promql` blocks are among those that promtool's tests evaluate; every alert is described."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from support.harness import PATIENCE, free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ENDLESS = "clickstream consume --metrics-port"  # what begins so runs until it is stopped
A_WHILE = 8  # seconds, for a block or two


def commands(page):
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
        yield from block.replace("\\\n", " ").strip().splitlines()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_queries_are_tested(page):
    tests = "".join(path.read_text() for path in (ROOT / "tests/unit").glob("*_test.yml"))
    for block in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL):
        for query in block.splitlines():
            assert f"- expr: {query}\n" in tests or f"- expr: round({query}, 1e-6)\n" in tests, query


@pytest.mark.parametrize("page", ["operations.md", "prometheus.md"])
def test_every_alert_is_described(page):
    alerts = re.findall(r"- alert: (\w+)", (ROOT / "deploy/prometheus/alerting_rules.yml").read_text())
    named = re.findall(r"`(Clickstream\w+)`", (ROOT / "docs" / page).read_text())
    assert len(alerts) >= 14 and set(named) == set(alerts)


def test_the_table_of_alerts():
    rules = yaml.safe_load((ROOT / "deploy/prometheus/alerting_rules.yml").read_text())["groups"][0]["rules"]
    rows = re.findall(r"^\| `(Clickstream\w+)` \| (\w+) \| .+ \| (.*)\|$", (ROOT / "docs/prometheus.md").read_text(), re.MULTILINE)
    assert rows == [(rule["alert"], rule["labels"]["severity"], rule["for"].replace("m", " min ") if "for" in rule else "")
                    for rule in rules]


def test_every_alert_leads_to_a_chapter():
    headings = re.findall(r"^#+ (.+)", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    led = re.findall(r"runbook: docs/operations.md#(.+)", (ROOT / "deploy/prometheus/alerting_rules.yml").read_text())
    assert len(led) >= 14 and set(led) <= anchors


def test_the_readme_has_commands():
    assert len(list(commands(ROOT / "README.md"))) >= 7


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_run(page, kafka, tmp_path):
    program = Path(os.environ["CLICKSTREAM_BIN"])
    env = {
        **os.environ,
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "CLICKSTREAM_BROKERS": kafka.brokers,
        "CLICKSTREAM_TOPIC": kafka.unused_name(),
        "CLICKSTREAM_GROUP": kafka.unused_name(),
    }
    for command in commands(page):
        command = command.replace("8000", str(free_port())).replace("user-events", env["CLICKSTREAM_TOPIC"])
        process = subprocess.Popen(
            ["bash", "-c", f"set -o pipefail; {command}"],
            cwd=tmp_path, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )
        endless = command.startswith(ENDLESS)
        try:
            out, err = process.communicate(timeout=A_WHILE if endless else 2 * PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGINT if endless else signal.SIGKILL)
            out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, f"{command}\n{out}\n{err}"
        assert out or err, command
