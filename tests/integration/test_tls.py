"""A broker that speaks TLS and asks who is there: what works, and how each refusal is said. With librdkafka 2.0 as with 2.8."""

import base64
import http.server
import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.consumer import Consumer
from support.harness import ROOT, run
from support.kafka import Kafka
from support.secured import KEY_PASSWORD, PASSWORD, USER, SecuredBroker

COMMANDS = {"produce": ["produce", "--count", "1"], "consume": ["consume", "--until-end", "--metrics-port", "none"],
            "stats": ["stats"]}
DEADLINE = 10  # seconds
SECRETS = (PASSWORD, KEY_PASSWORD, "wrong-9")

VERSION = run(["--version"]).stdout
LIBRDKAFKA = tuple(map(int, re.search(r"^librdkafka (\d+)\.(\d+)\.(\d+)", VERSION, re.MULTILINE).groups()))
SCRAM_WORKS = LIBRDKAFKA >= (2, 6, 1)  # with Kafka 4
OIDC = re.search(r"\boidc\b", VERSION)
SCRAM_FLAW = "cannot log in to brokers of Kafka 4 with SCRAM, even with the right password: use 2.6.1 or newer"

# Lines of the property file; CERTS/ is the folder of the certificates.
CA = "ssl.ca.location=CERTS/ca.pem"
TLS = ["security.protocol=SSL", CA]
SASL = ["security.protocol=SASL_SSL", CA]
CERTIFICATE = "ssl.certificate.location=CERTS/client.pem"
ENCRYPTED = [*TLS, CERTIFICATE, "ssl.key.location=CERTS/encrypted.key"]
STORE = [*TLS, "ssl.keystore.location=CERTS/client.p12"]


def login(mechanism="PLAIN", password=PASSWORD):
    return [f"sasl.mechanism={mechanism}", f"sasl.username={USER}", f"sasl.password={password}"]


def token(scope):
    """librdkafka's own unsecured token."""
    return ["sasl.mechanism=OAUTHBEARER", "enable.sasl.oauthbearer.unsecure.jwt=true",
            f"sasl.oauthbearer.config=principal={USER} {scope}"]


# name: listener, properties, environment
ACCEPTED = {
    "PLAIN": ("sasl", [*SASL, *login()], {}),
    "PLAIN, password from the environment": ("sasl", [*SASL, *login(password="wrong-9")],
                                             {"CLICKSTREAM_KAFKA_SASL_PASSWORD": PASSWORD}),
    "OAUTHBEARER": ("oauth", [*SASL, *token("scope=events")], {}),
    "TLS": ("tls", TLS, {}),
    "mTLS, PEM": ("mtls", [*TLS, CERTIFICATE, "ssl.key.location=CERTS/client.key"], {}),
    "mTLS, PEM with a password": ("mtls", ENCRYPTED, {"CLICKSTREAM_KAFKA_SSL_KEY_PASSWORD": KEY_PASSWORD}),
    "mTLS, PKCS#12": ("mtls", STORE, {"CLICKSTREAM_KAFKA_SSL_KEYSTORE_PASSWORD": KEY_PASSWORD}),
}
if SCRAM_WORKS:
    ACCEPTED |= {mechanism: ("sasl", [*SASL, *login(mechanism)], {}) for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")}

# name: listener, properties, exit status, what the last line says. ADDRESS is the listener's.
REFUSED = {
    "wrong password": (
        "sasl", [*SASL, *login(password="wrong-9")], 3,
        ["refused by ADDRESS: ", "uthentication failed", "; check sasl.username and sasl.password (-F FILE, or CLICKSTREAM_KAFKA_SASL_"]),
    "wrong password, SCRAM": (
        "sasl", [*SASL, *login("SCRAM-SHA-512", "wrong-9")], 3,
        ["refused by ADDRESS: ", "uthentication failed", "check sasl.username and sasl.password",
         *([] if SCRAM_WORKS else [SCRAM_FLAW])]),
    "no password": (
        "sasl", [*SASL, *login()[:2]], 2,
        ["sasl.mechanism=PLAIN needs sasl.username and sasl.password (-F FILE, or CLICKSTREAM_KAFKA_SASL_"]),
    "no mechanism": (
        "sasl", [*SASL, *login()[1:]], 2, ["security.protocol=sasl_ssl needs a sasl.mechanism: PLAIN, "]),
    "mechanism that the broker has not": (
        "oauth", [*SASL, *login()], 3,
        ["refused by ADDRESS: ", "SASL PLAIN mechanism", "; set sasl.mechanism to one of: OAUTHBEARER"]),
    "token that does not suffice": (
        "oauth", [*SASL, *token("scope=nothing")], 3,
        ["refused by ADDRESS: ", "; check sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret, .scope"]),
    "no token": (
        "oauth", [*SASL, "sasl.mechanism=OAUTHBEARER"], 2,
        ["sasl.mechanism=OAUTHBEARER has nowhere to get a token from: set sasl.oauthbearer.method=oidc, "]),
    "no CA": (
        "tls", TLS[:1], 3,
        ["refused by ADDRESS: its certificate is signed by CN=test-ca, which is not trusted here; set ssl.ca.location to "]),
    "another CA": (
        "tls", [*TLS[:1], "ssl.ca.location=CERTS/other-ca.pem"], 3,
        ["refused by ADDRESS: its certificate is signed by CN=test-ca, which is not trusted here; set ssl.ca.location to "]),
    "CA's file that is not there": (
        "tls", [*TLS[:1], "ssl.ca.location=CERTS/nowhere.pem"], 2,
        ["ssl.ca.location: cannot read CERTS/nowhere.pem: No such file or directory"]),
    "CA's file that is none": (
        "tls", [*TLS[:1], "ssl.ca.location=CERTS/ca.key"], 2, ["ssl.ca.location", "; is it a PEM file?"]),
    "certificate of another host": (
        "misnamed", TLS, 3,
        ["refused by ADDRESS: its certificate is for kafka.example.com, not for 127.0.0.1; name it as its certificate does"]),
    "certificate whose time is over": (
        "expired", TLS, 3,
        ["refused by ADDRESS: the certificate of CN=expired expired on 20", "; it has to be renewed, unless this machine's clock"]),
    "no client certificate": (
        "mtls", TLS, 3,
        ["refused by ADDRESS: it asks for a client certificate (TLS alert ",
         "; set ssl.certificate.location and ssl.key.location (PEM), or ssl.keystore.location (PKCS#12)"]),
    "client certificate of another CA": (
        "mtls", [*TLS, "ssl.certificate.location=CERTS/other-ca.pem", "ssl.key.location=CERTS/other-ca.key"], 3,
        ["refused by ADDRESS: it does not accept our certificate (TLS alert ", "; has an authority signed it that the broker trusts"]),
    "wrong password of the key": (
        "mtls", [*ENCRYPTED, "ssl.key.password=wrong-9"], 2,
        ["ssl.key.location", "is ssl.key.password its password (CLICKSTREAM_KAFKA_SSL_KEY_PASSWORD)?"]),
    "wrong password of the PKCS#12 file": (
        "mtls", [*STORE, "ssl.keystore.password=wrong-9"], 2,
        ["ssl.keystore.location", "is ssl.keystore.password its password?"]),
    "login where nobody is asked, TLS": (
        "tls", [*SASL, *login()], 3,
        ["refused by ADDRESS: ", "; does this port ask for a name and a password at all (security.protocol=ssl does without)?"]),
    "login where nobody is asked": (
        "open", ["security.protocol=SASL_PLAINTEXT", *login()], 3,
        ["refused by ADDRESS: ", "; does this port ask for a name and a password at all (security.protocol=plaintext does without)?"]),
    "advertised under a name that is not the certificate's": (
        "elsewhere", TLS, 3,
        ["no answer in time from the cluster at ADDRESS: localhost:PORT: its certificate is for broker.test, 127.0.0.1, "
         "not for localhost; name it as its certificate does: with -b, and in the broker's advertised.listeners"]),
    "advertised where nobody is": (
        "astray", TLS, 3,
        ["no answer in time from the cluster at ADDRESS: 127.0.0.1:1: ", "onnection refused; are the addresses that its "
         "brokers advertise (advertised.listeners) within reach?"]),
}

# Whom a broker does not understand it hangs up on, as it does while it starts or ends: that is waited for.
HUNG_UP = {
    "plaintext to a TLS port": (
        "tls", [], "is security.protocol=plaintext right? This port may speak TLS (ssl, or sasl_ssl with a name and a password)"),
    "login without TLS to a TLS port": (
        "sasl", ["security.protocol=SASL_PLAINTEXT", *login()],
        "is security.protocol=sasl_plaintext right? This port may speak TLS (sasl_ssl)"),
    "TLS to a plaintext port": (
        "open", TLS, "is security.protocol=ssl right? This port may not speak TLS (plaintext)"),
    "login by TLS to a plaintext port": (
        "open", [*SASL, *login()], "is security.protocol=sasl_ssl right? This port may not speak TLS (sasl_plaintext)"),
    "no login where one is asked for": (
        "sasl", TLS, "is security.protocol=ssl right? This port may ask for a name and a password (sasl_ssl)"),
}


def documented():
    """The table of docs/tls.md: {case: (exit status, what is said)}."""
    table = (ROOT / "docs/tls.md").read_text().split("| what is wrong | exit status |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    return {case: (int(status), re.findall(r"`([^`]+)`", said)) for case, status, said in rows}


DOCUMENTED = documented()


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    broker = SecuredBroker.create(tmp_path_factory.mktemp("secured"))
    Kafka(broker.brokers).create_topic("events")
    yield broker
    broker.stop()


def client(secured, directory, listener, properties):
    """The options by which a command reaches the broker there."""
    path = directory / "client.properties"
    path.write_text("\n".join(properties).replace("CERTS/", f"{secured.certificates['']}/") + "\n")
    return ["-b", secured.at[listener], "-F", path]


def refusals(secured, who):
    """Runs all commands at once: their exit statuses and last lines."""
    def refused(name):
        begin = time.monotonic()
        result = run([*COMMANDS[name], *who, "-t", "events"])
        assert time.monotonic() - begin < DEADLINE
        assert not any(secret in result.stderr for secret in SECRETS), result.stderr
        *log, line = result.stderr.splitlines()
        assert all(re.match(r"20\S+Z (info|warning)", text) for text in log), result.stderr
        assert line.startswith(f"clickstream {name}: "), result.stderr
        return result.returncode, line

    with ThreadPoolExecutor() as pool:
        return list(pool.map(refused, COMMANDS))


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepted(secured, tmp_path, case):
    listener, properties, environment = ACCEPTED[case]
    who = [*client(secured, tmp_path, listener, properties), "-t", Kafka.unused_name()]
    truth = tmp_path / "t.json"
    for command in (["produce", "--rate", 0, "--count", 100, "--truth", truth], ["stats", "--expect", truth],
                    ["consume", "--until-end", "--metrics-port", "none", "-g", Kafka.unused_name()]):
        result = run([*command, *who], env=environment)
        assert result.returncode == 0, result.stderr
        assert "SCRAM" not in result.stderr and "trying again" not in result.stderr


@pytest.mark.parametrize("case", REFUSED)
def test_refused(secured, tmp_path, case):
    listener, properties, status, words = REFUSED[case]
    address = secured.at[listener]
    certificates = str(secured.certificates[""])
    assert DOCUMENTED[case][0] == status
    for code, line in refusals(secured, client(secured, tmp_path, listener, properties)):
        assert code == status, line
        for word in words:
            assert word.replace("ADDRESS", address).replace("PORT", address.split(":")[1]).replace("CERTS", certificates) in line
        for word in DOCUMENTED[case][1]:
            assert word in line


@pytest.mark.parametrize("case", HUNG_UP)
def test_hung_up(secured, tmp_path, case):
    listener, properties, words = HUNG_UP[case]
    address = secured.at[listener]
    who = [*client(secured, tmp_path, listener, properties), "--connect-timeout", "3s"]
    for code, line in refusals(secured, who):
        assert code == 3, line
        assert f"no broker at {address} answered within 3 s: {address}: it hangs up; {words}" in line
        assert DOCUMENTED[case][0] == 3 and all(word in line for word in DOCUMENTED[case][1])


def test_the_documentation_has_all_cases_and_no_others():
    assert list(DOCUMENTED) == [*list(REFUSED)[:-2], *HUNG_UP, *list(REFUSED)[-2:]]


def test_hung_up_for_ten_seconds(secured):
    begin = time.monotonic()
    result = run(["stats", "-b", secured.at["tls"]])
    assert result.returncode == 3 and "answered within 10 s" in result.stderr.splitlines()[-1]
    assert time.monotonic() - begin < DEADLINE


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_scram_that_a_librdkafka_cannot_do(secured, tmp_path, mechanism):
    """Said at the start, where the broker is not known yet, and again when it has refused."""
    who = client(secured, tmp_path, "sasl", [*SASL, *login(mechanism)])
    result = run(["stats", *who, "-t", "events"])
    if SCRAM_WORKS:
        assert (result.returncode, result.stderr) == (0, "")
        return
    assert result.returncode == 3
    first, last = result.stderr.splitlines()
    assert re.match(r"20\S+Z warning librdkafka 2\.", first) and SCRAM_FLAW in first
    assert f"refused by {secured.at['sasl']}: " in last and SCRAM_FLAW in last


class TokenEndpoint(http.server.ThreadingHTTPServer):
    """Gives a token for the right client's secret. In a with statement."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Tokens)
        self.url = f"http://127.0.0.1:{self.server_port}/token"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Tokens(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        right = self.headers["Authorization"] == expected
        body = json.dumps({"access_token": self._token(), "token_type": "Bearer"} if right else
                          {"error": "invalid_client", "error_description": "who is that?"}).encode()
        self.send_response(200 if right else 401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @staticmethod
    def _token():
        claims = {"sub": USER, "scope": "events", "iat": int(time.time()), "exp": int(time.time()) + 600}
        head, body = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
                      for part in ({"alg": "none"}, claims))
        return f"{head}.{body}."

    def log_message(self, *_):
        pass


def test_a_token_of_an_endpoint(secured, tmp_path):
    with TokenEndpoint() as endpoint:
        properties = [*SASL, "sasl.mechanism=OAUTHBEARER", "sasl.oauthbearer.method=oidc", f"sasl.oauthbearer.client.id={USER}",
                      f"sasl.oauthbearer.client.secret={PASSWORD}", f"sasl.oauthbearer.token.endpoint.url={endpoint.url}"]
        who = client(secured, tmp_path, "oauth", properties)
        result = run(["stats", *who, "-t", "events"])
        if not OIDC:
            assert result.returncode == 2
            assert "sasl.oauthbearer.method" in result.stderr
            assert result.stderr.endswith("; Debian 13 and the container image have a librdkafka with OIDC\n")
            return
        assert result.returncode == 0, result.stderr
        wrong = run(["stats", *who, "-t", "events", "-X", "sasl.oauthbearer.client.secret=wrong-9"])
    assert wrong.returncode == 3 and "wrong-9" not in wrong.stderr
    assert "; check sasl.oauthbearer.token.endpoint.url, .client.id, .client.secret" in wrong.stderr.splitlines()[-1]


def test_a_password_that_changes(secured, tmp_path):
    """While it runs, `consume` does not end: it says so, tries again, and goes on when it may."""
    who = client(secured, tmp_path, "sasl", [*SASL, *login()])
    topic = Kafka(secured.brokers).new_topic()
    more = Kafka(secured.brokers)
    with Consumer(Kafka(secured.at["sasl"]), topic, *who[2:], "--dead-letter", "none") as consumer:
        events = [{"event_id": f"e{i}", "user_id": i, "session_id": 1, "page": "/", "action": "click", "duration": 1,
                   "timestamp": 1731283897} for i in range(20)]
        more.produce(topic, events[:10])
        consumer.await_consumed(10)
        secured.restart_with_password("another")
        try:
            said = consumer.expect(r"warning .*uthentication failed.*; trying again", "stderr").group(0)
            assert "; check sasl.username and sasl.password" in said
        finally:
            secured.restart_with_password(PASSWORD)
        more.produce(topic, events[10:])
        consumer.await_consumed(20)
        assert PASSWORD not in consumer.stderr
        assert consumer.stop() == 0, consumer.transcript()
