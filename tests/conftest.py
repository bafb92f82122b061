"""Fixtures of the Python tests, and the rule that nothing is skipped silently."""

import fcntl
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from support.guarded import GuardedBroker  # noqa: E402
from support.kafka import Broker, Kafka, broker_of_the_run  # noqa: E402
from support.network import TcpProxy  # noqa: E402

SKIPPED = 77  # the exit status that ctest takes for "skipped"


@pytest.fixture(scope="session")
def own_broker():
    """A broker of ours, with a listener for a proxy."""
    shared = broker_of_the_run()
    if shared:
        yield shared
        return
    broker = Broker.start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def brokers(request):
    """The bootstrap address of the cluster to test with: CLICKSTREAM_TEST_BROKERS, else a broker of ours."""
    return os.environ.get("CLICKSTREAM_TEST_BROKERS") or request.getfixturevalue("own_broker").brokers


@pytest.fixture(scope="session")
def kafka(brokers):
    return Kafka(brokers)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A broker with users and rights."""
    broker = GuardedBroker.create(tmp_path_factory.mktemp("guarded"))
    yield broker
    broker.stop()


@pytest.fixture
def proxy(own_broker):
    """A TcpProxy in front of our broker: clients of 127.0.0.1:proxy.port reach the broker through it alone."""
    with open(os.path.join(own_broker.directory, "proxy.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the port is one for all tests that share the broker
        with TcpProxy(own_broker.proxy_port, own_broker.proxy_upstream) as proxy:
            yield proxy


def pytest_sessionfinish(session, exitstatus):
    """A file with skipped tests is not green: skipped, to ctest; in CI, failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == 0 and reporter.stats.get("skipped"):
        session.exitstatus = 1 if os.environ.get("CI") else SKIPPED
