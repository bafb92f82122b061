"""deploy/cloud/ and the pages about clouds: the files are accepted, and the rights are those of docs/operations.md."""

import re
import subprocess

import pytest
from support.harness import ROOT, run
from support.network import closed_port
from support.rights import documented

FILES = sorted((ROOT / "deploy/cloud").glob("*.properties"))
PAGES = ["confluent-cloud.md", "aws-msk.md"]
PASSWORD, CLIENT_SECRET = "CLICKSTREAM_KAFKA_SASL_PASSWORD", "CLICKSTREAM_KAFKA_SASL_OAUTHBEARER_CLIENT_SECRET"
NAMES = {"user-events": "topic", "clickstream": "group", "user-events-dead-letter": "dead-letter topic",
         "clickstream-user-events-clickstream-state": "state topic"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """What a user of mTLS brings along: the options that name it."""
    directory = tmp_path_factory.mktemp("certificate")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=clickstream", "-keyout", "client.key",
                    "-out", "client.pem"], cwd=directory, check=True, capture_output=True)
    return ["-X", f"ssl.certificate.location={directory}/client.pem", "-X", f"ssl.key.location={directory}/client.key"]


def test_the_files_are_there():
    assert len(FILES) >= 5


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_accepted(path, certificate):
    """As far as one comes without its cluster: nobody is at the address."""
    own = certificate if "mtls" in path.name else []
    oauth = "oauth" in path.name
    for command in (["produce"], ["consume", "--metrics-port", "none"], ["stats"]):
        with closed_port() as port:
            result = run([*command, "-F", path, "-b", f"127.0.0.1:{port}", *own, "--connect-timeout", "1s"],
                         env={CLIENT_SECRET if oauth else PASSWORD: "secret-9"})
        if oauth and "oidc" not in run(["--version"]).stdout:
            assert result.returncode == 2 and "Debian 13 and the container image" in result.stderr
            continue
        assert result.returncode == 3, result.stderr
        line = result.stderr.splitlines()[-1]
        assert (f"no broker at 127.0.0.1:{port} answered" in line and "onnection refused" in line) or (oauth and "token" in line)
        assert "secret-9" not in result.stderr and "not used" not in result.stderr


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_has_no_secret_and_says_where_it_belongs(path):
    text = path.read_text()
    assert not re.search(r"^(sasl\.password|sasl\.oauthbearer\.client\.secret|ssl\.\w+\.password)=", text, re.MULTILINE)
    if "SASL" in text or "client.key" in text:
        assert "CLICKSTREAM_KAFKA_" in text and "chmod 600" in text


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_each_file(page):
    text = (ROOT / "docs" / page).read_text()
    for path in FILES:
        if path.name.startswith(page.split("-")[0]) or path.name.startswith(page.split("-")[1].removesuffix(".md")):
            assert f"../deploy/cloud/{path.name}" in text


def granted(page):
    """{(right, resource)} of the commands that create rules."""
    text = (ROOT / "docs" / page).read_text().replace("\\\n", " ")
    rights = set()
    for command in re.findall(r"^    ((?:confluent kafka acl create|kafka-acls) .*)$", text, re.MULTILINE):
        words = command.split()
        resource = NAMES[words[next(i for i, word in enumerate(words) if word in ("--topic", "--group", "--consumer-group")) + 1]]
        for option, value in zip(words, words[1:]):
            if option in ("--operation", "--operations"):
                rights |= {(one.capitalize(), resource) for one in value.split(",")}
    return rights


@pytest.mark.parametrize("page", PAGES)
def test_the_rights_of_a_page_are_the_documented_ones(page):
    rights = documented()
    assert granted(page) == set(rights["consume"]) | set(rights["produce"]) | set(rights["stats"])


@pytest.mark.parametrize("page", PAGES)
def test_the_topics_of_a_page_are_what_the_program_creates(page):
    """The settings of the state topic and of the dead letters, as the program's source has them."""
    text = (ROOT / "docs" / page).read_text()
    state = (ROOT / "src/cli/group_input.cpp").read_text()
    for name, value in re.findall(r'\{"(cleanup\.policy|retention\.ms|retention\.bytes)", "([^"]+)"\}', state):
        assert f"{name}={value}" in text
    assert "std::to_string(64 * 1024 * 1024)" in state and f"segment.bytes={64 * 1024 * 1024}" in text
    assert "max.message.bytes=8388608" in text and text.count("message.timestamp.type=LogAppendTime") == 2
