"""deploy/nginx/clickstream.conf in front of a consumer, by a real nginx: TLS, and a password for all that shows figures."""

import base64
import os
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
from support.harness import ROOT, Process, free_port, wait_until

USER = {"Authorization": "Basic " + base64.b64encode(b"shop:secret").decode()}


def openssl(*args):
    return subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    """Asks a consumer behind nginx: path, headers -> status."""
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", 2, "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "clickstream.key",
            "-out", folder / "clickstream.pem")
    (folder / "clickstream.passwords").write_text("shop:" + openssl("passwd", "-apr1", "secret"))
    with Process(["consume", "--input", "simulator", "--metrics-port", 0, "--interval", 0]) as consumer:
        url = consumer.expect(r"live page at (\S+),", "stderr").group(1)
        shipped = (ROOT / "deploy/nginx/clickstream.conf").read_text()
        for ours, here in (("listen 443", f"listen 127.0.0.1:{port}"), ("clickstream.example.com", "localhost"),
                           ("/etc/nginx", str(folder)), ("http://127.0.0.1:8000", url)):
            assert ours in shipped
            shipped = shipped.replace(ours, here)
        temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;\n" if os.geteuid() == 0 else ""  # nginx' own could not read a test's folder
        (folder / "nginx.conf").write_text(
            f"{user}pid {folder}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n  access_log off;\n{temporary}{shipped}}}\n")
        context = ssl.create_default_context(cafile=folder / "clickstream.pem")

        def ask(path, headers):
            request = urllib.request.Request(f"https://localhost:{port}{path}", headers=headers)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
            try:
                with opener.open(request, timeout=10) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                return error.code
            except OSError:
                return None

        with Process(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"],
                     program=ROOT / "scripts/unpacked") as nginx:
            wait_until(lambda: not nginx.running() or ask("/healthz", {}) == 200, what="nginx")
            assert nginx.running(), nginx.transcript()
            yield ask
            nginx.stop()


@pytest.mark.parametrize("path", ["/", "/page.js", "/live.json", "/stats.json", "/metrics"])
def test_figures_need_a_password(proxied, path):
    assert proxied(path, USER) == 200
    assert proxied(path, {}) == 401
    wrong = base64.b64encode(b"shop:wrong").decode()
    assert proxied(path, {"Authorization": "Basic " + wrong}) == 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_does_not(proxied, path):
    assert proxied(path, {}) == 200
