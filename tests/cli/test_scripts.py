"""The scripts in scripts/: their style, their help, and what they say to a mistake."""

import subprocess

import pytest

from support.harness import ROOT

SCRIPTS = ROOT / "scripts"


def script(name, *args, cwd=None):
    return subprocess.run([str(SCRIPTS / name), *args], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, cwd=cwd)


def test_style(tmp_path):
    result = script("lint", "--fast", cwd=tmp_path)  # from anywhere
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("name", ["install-deps", "run", "test", "kafka", "search-node", "lint", "chaos", "bench", "unpacked", "wheels"])
def test_help(name):
    result = script(name, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: scripts/{name}")
    assert "set -euo" not in result.stdout and result.stderr == ""


@pytest.mark.parametrize("name", ["install-deps", "test", "kafka", "search-node", "lint", "chaos", "bench", "unpacked", "wheels"])
def test_wrong_usage(name):
    result = script(name, "--no-such-option")
    assert result.returncode == 2
    assert f"usage: scripts/{name}" in result.stderr


def test_kafka_status_without_a_broker(tmp_path):
    result = script("kafka", "status", "--dir", str(tmp_path))
    assert (result.returncode, result.stdout) == (1, "not running\n")


def test_kafka_status_after_the_broker_is_gone(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / "pid").write_text(str(gone.pid))
    result = script("kafka", "status", "--dir", str(tmp_path))
    assert (result.returncode, result.stdout, result.stderr) == (1, "not running\n", "")


def test_kafka_stop_leaves_a_stranger_alone(tmp_path):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "pid").write_text(str(stranger.pid))
        result = script("kafka", "stop", "--dir", str(tmp_path))
        assert (result.returncode, result.stderr) == (0, f"kafka: not running in {tmp_path}\n")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()
