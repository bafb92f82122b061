"""Images and containers without an engine: buildah and podman on a store of their own. For root alone.

The image's base comes from no registry but from the distribution's packages: debootstrap makes it once, and it stays in the
cache. It is what `debian:trixie-slim` is, near enough: the same packages and a few more, no documentation, no apt cache.
"""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from support.harness import ROOT, wait_until

BASE = "docker.io/library/debian:trixie-slim"
PROGRAMS = ("buildah", "podman", "runc", "debootstrap")
# Low ones: to raise a limit, as podman does by itself, may be forbidden.
LIMITS = ("--ulimit=nofile=1024:1024", "--ulimit=nproc=4096:4096")

# As in Debian's own image: what a package documents is not unpacked, and apt keeps nothing.
SLIM = {
    "etc/dpkg/dpkg.cfg.d/docker": "".join(f"path-exclude /usr/share/{folder}/*\n" for folder in (
        "doc", "doc-base", "groff", "info", "linda", "lintian", "locale", "man")),
    "etc/apt/apt.conf.d/docker-clean": 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n'
                                       'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb"; };\n',
}


def require():
    """Skips the test where containers cannot be."""
    if os.geteuid() != 0:
        pytest.skip("containers are for root alone")
    missing = [name for name in PROGRAMS if not shutil.which(name)]
    if missing:
        pytest.skip(f"not installed: {' '.join(missing)}: scripts/install-deps --with test")


def _check(command, **options):
    result = subprocess.run([str(word) for word in command], capture_output=True, encoding="utf-8", errors="replace", **options)
    assert result.returncode == 0, f"$ {' '.join(map(str, command))}\n{result.stdout[-20000:]}{result.stderr[-20000:]}"
    return result.stdout


def base_archive(scratch):
    """The base's root file system as a tar file in the cache."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "clickstream")
    cache.mkdir(parents=True, exist_ok=True)
    archive = cache / "debian-trixie-slim.tar"
    with open(cache / "debian-trixie-slim.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not archive.exists():
            root = scratch / "base"
            _check(["debootstrap", "--variant=minbase", "trixie", root], timeout=600)
            for name, text in SLIM.items():
                (root / name).write_text(text)
            for folder in ("usr/share/doc", "usr/share/info", "usr/share/locale", "usr/share/man", "var/cache/apt",
                           "var/lib/apt/lists"):
                shutil.rmtree(root / folder, ignore_errors=True)
            fresh = archive.with_suffix(".new")
            _check(["tar", "-C", root, "-cf", fresh, "."], timeout=600)
            fresh.rename(archive)
            shutil.rmtree(root)
    return archive


class Containers:
    """A store of images and containers below `directory`. In a with statement: nothing is left."""

    def __init__(self, directory):
        self._store = directory / "store"
        # An overlay does not lie on another one, which is what a test that runs in a container has.
        on_overlay = "overlay" in _check(["stat", "-f", "-c", "%T", directory])
        self._options = ["--root", self._store, "--runroot", directory / "run",
                         "--storage-driver", "vfs" if on_overlay else "overlay"]
        self._names = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for name in reversed(self._names):  # one that shares another's network goes before that
            self.podman("rm", "--force", "--ignore", "--time", 0, name)
        wait_until(self._is_gone, what="the end of the store")

    # A container that has ended is tidied up by a process of its own, a moment later; and each that uses the store mounts
    # it on itself, and may keep it busy.
    def _is_gone(self):
        subprocess.run(["umount", "--lazy", self._store / "overlay"], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(self._store, ignore_errors=True)
        return not self._store.exists()

    def buildah(self, *arguments, timeout=1200):
        return _check(["buildah", *self._options, *arguments], timeout=timeout)

    def podman_command(self, *arguments):
        return [str(word) for word in ("podman", *self._options, "--cgroup-manager", "cgroupfs", "--runtime", "runc", *arguments)]

    def podman(self, *arguments, timeout=120):
        return _check(self.podman_command(*arguments), timeout=timeout)

    def import_base(self, archive):
        self.podman("import", archive, BASE)

    def build(self, context, tag, *options):
        self.buildah("bud", "--isolation", "chroot", "--pull-never", "--format", "docker", "--tag", tag, *options, context)

    def image(self, name):
        """What `inspect` says of an image."""
        return json.loads(self.podman("image", "inspect", name))[0]

    def start(self, name, image, *command, options=()):
        self._names.append(name)
        self.podman("run", "--detach", "--name", name, *LIMITS, *options, image, *command)
        return Container(self, name)

    def run(self, image, *command, options=()):
        """To its end, without a network: what it prints."""
        return self.podman("run", "--rm", "--network", "none", *LIMITS, *options, image, *command)


class Container:
    """A running container."""

    def __init__(self, containers, name):
        self._containers = containers
        self.name = name

    def exec(self, *command, timeout=60):
        """Runs a command in it: a CompletedProcess."""
        return subprocess.run(self._containers.podman_command("exec", self.name, *command), capture_output=True,
                              encoding="utf-8", errors="replace", timeout=timeout)

    def healthy(self, *command):
        return self.exec(*command).returncode == 0

    def image_says_healthy(self):
        """By the image's own HEALTHCHECK."""
        return subprocess.run(self._containers.podman_command("healthcheck", "run", self.name), capture_output=True,
                              timeout=60).returncode == 0

    def inspect(self):
        return json.loads(self._containers.podman("inspect", self.name))[0]

    @property
    def pid(self):
        return self.inspect()["State"]["Pid"]

    def logs(self):
        result = subprocess.run(self._containers.podman_command("logs", self.name), capture_output=True, encoding="utf-8",
                                errors="replace", timeout=60)
        return result.stdout + result.stderr

    def stop(self, grace):
        """The image's stop signal and, `grace` seconds later, the end all the same: the exit status."""
        self._containers.podman("stop", "--time", grace, self.name)
        return self.inspect()["State"]["ExitCode"]


def checkout(directory):
    """The tracked files as they are now, and nothing else: what a clean clone will have."""
    names = _check(["git", "-C", ROOT, "ls-files", "-z"]).split("\0")[:-1]
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, directory / name)
    return names
