"""The short form of scripts/chaos: figures survive kills, freezes, scaling and a dead broker, and so do the rows of sinks
whose servers are killed; and the test can fail."""

import shutil

import pytest
from support.chaos import Settings, run_chaos, start_broker


@pytest.fixture(scope="module")
def chaos_broker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chaos-broker")
    broker = start_broker(folder)
    yield broker
    broker.stop()
    shutil.rmtree(folder)


def chaos(broker, folder, settings):
    """Its lines and, where it went wrong, its details, are pytest's to show."""
    run = run_chaos(settings, folder, broker=broker)
    right, summary = run.verdict()
    print(run.details(), run.last_words(), summary, sep="\n")
    return right, summary


def test_figures_survive_anything(chaos_broker, tmp_path):
    right, summary = chaos(chaos_broker, tmp_path, Settings(kills=8, seed=1, session_timeout=3))
    assert right, summary


def test_without_state_handling_the_same_test_fails(chaos_broker, tmp_path):
    right, summary = chaos(chaos_broker, tmp_path, Settings(kills=3, instances=2, seed=1, session_timeout=3, control=True))
    assert right, summary


def test_rows_survive_their_servers(chaos_broker, tmp_path):
    right, summary = chaos(chaos_broker, tmp_path,
                           Settings(kills=4, seed=3, session_timeout=3, sinks=("postgresql", "search")))
    assert right, summary


def test_rows_that_are_committed_before_they_are_written_are_lost(chaos_broker, tmp_path):
    right, summary = chaos(chaos_broker, tmp_path, Settings(kills=1, instances=2, seed=6, session_timeout=3, control=True,
                                                            sinks=("postgresql",)))
    assert right, summary
