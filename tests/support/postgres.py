"""A throw-away PostgreSQL server on a free port of 127.0.0.1, and questions to it by psql."""

import csv
import io
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

from support.harness import PATIENCE, free_port, wait_until

PASSWORD = "post-secret"  # of the user postgres, where the server asks


def tool(name):
    """A program of the newest PostgreSQL here."""
    versions = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    path = versions[-1] / name if versions else None
    assert path and path.exists(), "no PostgreSQL here: scripts/install-deps --with test"
    return str(path)


class Postgres:
    """`auth`: how it asks who is there, trust or scram-sha-256. `settings`: of postgresql.conf."""

    def __init__(self, auth="trust", **settings):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="clickstream-postgres-"))
        self.port = free_port()
        self.settings = {"fsync": "off", "shared_buffers": "64MB", "unix_socket_directories": str(self.directory), **settings}
        # It does not run as root.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._user:
            shutil.chown(self.directory, "postgres", "postgres")
        password = self.file("password", PASSWORD)
        subprocess.run([tool("initdb"), "-D", self.directory / "data", "-U", "postgres", "-A", auth, f"--pwfile={password}",
                        "--no-sync", "--no-instructions", "-E", "UTF8", "--locale=C.UTF-8"],
                       check=True, capture_output=True, cwd="/", **self._user)
        self._popen = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.directory)

    def file(self, name, content):
        """A file of the server's, for nobody else's eyes."""
        path = self.directory / name
        path.touch(0o600)
        path.write_text(content)
        if self._user:
            shutil.chown(path, "postgres", "postgres")
        return path

    def start(self):
        options = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        with open(self.directory / "log", "ab") as log:
            self._popen = subprocess.Popen(
                [tool("postgres"), "-D", self.directory / "data", "-p", str(self.port), "-c", "listen_addresses=127.0.0.1", *options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._user)
        wait_until(self._ready, what=f"PostgreSQL: {self.log()}")

    def stop(self, how=signal.SIGINT):
        """SIGINT: ends all connections; SIGTERM waits for them."""
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(how)
            self._popen.wait(PATIENCE)

    def ask_to_stop(self):
        """It ends once its clients have gone, and lets nobody in until then."""
        self._popen.send_signal(signal.SIGTERM)

    def kill(self):
        """kill -9, of all its processes."""
        self._popen.send_signal(signal.SIGSTOP)  # no more of them
        children = pathlib.Path(f"/proc/{self._popen.pid}/task/{self._popen.pid}/children").read_text().split()
        for pid in (self._popen.pid, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._popen.wait(PATIENCE)
        wait_until(lambda: not any(pathlib.Path(f"/proc/{pid}").exists() for pid in children), what="the end of its processes")

    def log(self):
        return (self.directory / "log").read_text(errors="replace")[-2000:]

    def url(self, user="postgres", password=None, database="postgres", host="127.0.0.1", **options):
        secret = f":{urllib.parse.quote(password, safe='')}" if password else ""
        query = f"?{urllib.parse.urlencode(options)}" if options else ""
        return f"postgresql://{user}{secret}@{host}:{self.port}/{database}{query}"

    def sql(self, *commands, database="postgres"):
        """Runs commands; the rows of the last one, as lists of texts."""
        result = subprocess.run(self._psql(database, *commands), capture_output=True, encoding="utf-8", env=self._env(),
                                timeout=PATIENCE)
        assert result.returncode == 0, result.stderr
        return list(csv.reader(io.StringIO(result.stdout)))

    def hold(self, *commands, database="postgres"):
        """A session that runs these commands and then stays: a process, whose standard input its end waits for."""
        session = subprocess.Popen(self._psql(database)[:-2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
                                   env=self._env())
        session.stdin.write(";\n".join([*commands, "SELECT 'held'"]) + ";\n")
        session.stdin.flush()
        while (line := session.stdout.readline()) and "held" not in line:
            pass
        assert line, "the session ended"
        return session

    def _psql(self, database, *commands):
        return [tool("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "--csv", "-t", self.url(database=database),
                *(word for command in commands or ("",) for word in ("-c", command))]

    def _env(self):
        return {**os.environ, "PGPASSWORD": PASSWORD, "PGTZ": "UTC"}

    def _ready(self):
        assert self._popen.poll() is None, self.log()
        return subprocess.run([tool("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode == 0
