"""ctest's fixture: starts the broker that the run's tests share. usage: broker_start.py STATE_FILE"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.kafka import Broker  # noqa: E402

state = sys.argv[1]
if os.path.exists(state):  # a run that was broken off
    Broker.load(state).stop()
Broker.start().save(state)
