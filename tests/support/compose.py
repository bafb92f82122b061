"""docker-compose.yml as docker-compose understands it: version 1 and 2 print it differently."""

import os
import re
import shutil
import subprocess

import pytest
import yaml
from support.harness import ROOT


def config(*options, **env):
    """The file with everything filled in."""
    if not shutil.which("docker-compose"):
        pytest.skip("docker-compose is not installed: scripts/install-deps --with test")
    result = subprocess.run(["docker-compose", *options, "config"], cwd=ROOT, capture_output=True, text=True, timeout=60,
                            env={**os.environ, **env})
    assert result.returncode == 0, result.stderr
    assert "WARN" not in result.stderr.upper(), result.stderr
    return yaml.safe_load(result.stdout)


def ports(service):
    """[(address, published, inside)]"""
    for port in service.get("ports", []):
        if isinstance(port, str):
            address, published, inside = port.removesuffix("/tcp").rsplit(":", 2)
            yield address, published, int(inside)
        else:
            yield port.get("host_ip", ""), str(port["published"]), port["target"]


def volumes(service):
    """[(source, target, read-only)]; the source is a path or a name."""
    for volume in service.get("volumes", []):
        if isinstance(volume, str):
            source, target, mode = volume.split(":")
            yield source, target, mode == "ro"
        else:
            yield volume["source"], volume["target"], volume.get("read_only", False)


def seconds(duration):
    match = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration)
    return int(match[1] or 0) * 60 + int(match[2] or 0)


def check_command(service):
    """A service's health check, as arguments; `$$` is how the file writes `$`."""
    how, *words = [word.replace("$$", "$") for word in service["healthcheck"]["test"]]
    return {"CMD": words, "CMD-SHELL": ["sh", "-c", *words]}[how]
