"""ctest's fixture: stops what broker_start.py started. usage: broker_stop.py STATE_FILE"""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from support.kafka import Broker  # noqa: E402

state = sys.argv[1]
Broker.load(state).stop()
os.remove(state)
