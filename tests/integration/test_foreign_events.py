"""Events that another program sent, good and bad, give exactly the figures of a batch computation."""

import json
import random
import subprocess
import uuid

from support.batch import figures
from support.harness import run

EPOCH = 1_760_000_000


def shop_events(seed, users=200):
    """Visits whose events carry odd pages and actions, unknown fields, copies, and disorder below the lateness."""
    pick = random.Random(seed)
    events = []
    for user in range(users):
        now = EPOCH + pick.uniform(0, 3600)
        for _ in range(pick.randint(1, 12)):
            stay = pick.choice([0, round(pick.uniform(0, 300), 3), round(pick.uniform(0, 9), 6)])
            event = {
                "timestamp": round(now, pick.randint(0, 6)),
                "duration": stay,
                "action": pick.choice(["page_view", "page_view", "click", "scroll", "añadir"]),
                "page": pick.choice(["/", "/p?id=1", "/p#top", "?q", "/caf\u00e9", "/p/\u5546\u54c1", "/a\"b\\c"]),
                "session_id": pick.choice([1, 2**62]),
                "user_id": user,
                "event_id": str(uuid.UUID(int=pick.getrandbits(128))),
                "extra": {"user_id": "not this one", "list": [1, 2.5, None]},
            }
            events.append(event)
            if pick.random() < 0.1:
                events.append(event)
            now += pick.choice([stay, stay + 1, stay + 1799.5, stay + 1801, stay + 90])
    # Nothing is later than five seconds: sort by time with a jitter below that.
    return sorted(events, key=lambda event: event["timestamp"] + pick.uniform(0, 4.9))


def expected_file(tmp_path, events):
    path = tmp_path / "expected.json"
    path.write_text(json.dumps(figures(events)))
    return path


def test_another_programs_events(kafka, tmp_path):
    events = shop_events(1)
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, events)
    checked = run(["stats", "-b", kafka.brokers, "-t", topic, "--expect", expected_file(tmp_path, events)])
    assert checked.returncode == 0, checked.stderr
    assert figures(events)["events"]["duplicate"] > 10, "there were copies to find"


def test_the_same_events_as_a_file(tmp_path):
    events = shop_events(2)
    path = tmp_path / "events.ndjson"
    path.write_text("".join(json.dumps(event, ensure_ascii=bool(i % 2)) + "\n" for i, event in enumerate(events)))
    checked = run(["stats", path, "--expect", expected_file(tmp_path, events)])
    assert checked.returncode == 0, checked.stderr


def test_broken_records_are_counted_by_reason_and_passed_over(kafka, tmp_path):
    events = shop_events(3, users=20)
    broken = ["no json", "", "[]", json.dumps({**events[0], "user_id": 1.5}),
              json.dumps({**events[0], "duration": -1}), json.dumps({"event_id": "x"}), json.dumps(events[0])[:-1]]
    topic = kafka.new_topic(partitions=3)
    kafka.produce(topic, [*events, *broken])  # an empty one is sent as a tombstone
    avro = tmp_path / "avro"
    avro.write_text("\0\0\0\0\5avro")  # as a schema registry's serialiser writes it
    subprocess.run(["kcat", "-P", "-b", kafka.brokers, "-t", topic, "-k", "1", avro], check=True, timeout=60)
    expected = figures(events)
    expected["events"] |= {"malformed": 8, "consumed": len(events) + 8}
    expected["malformed_reasons"] = {"not_json": 4, "not_object": 1, "wrong_type_user_id": 1,
                                     "out_of_range_duration": 1, "missing_user_id": 1}
    path = tmp_path / "expected.json"
    path.write_text(json.dumps(expected))
    checked = run(["stats", "-b", kafka.brokers, "-t", topic, "--expect", path])
    assert checked.returncode == 0, checked.stderr
    assert "schema registry" in checked.stderr
    assert f"malformed: out_of_range_duration at {topic} partition" in checked.stderr
