"""Python packages that no distribution has: see scripts/wheels."""

import subprocess

from support.harness import ROOT


def folder(name):
    """Where the set of packages `name` is, for PYTHONPATH or sys.path."""
    found = subprocess.run([ROOT / "scripts/wheels", name], capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout.strip()
