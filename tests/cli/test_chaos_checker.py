"""The chaos test's judge, on made-up answers: what it must see, and what it must not."""

import json

import pytest
from support.chaos_checker import COUNTED, Checker, differing, parse
from support.chaos_plan import CRASH_POINTS, plan
from support.chaos_sinks import Watch


class Group:
    """Rounds of answers, a second apart. A figure is {partition: events counted}."""

    def __init__(self):
        self.checker = Checker()
        self.now = 0.0

    def round(self, **answers):
        self.now += 1
        self.checker.judge({name: {partition: {COUNTED: value} for partition, value in figures.items()}
                            for name, figures in answers.items()}, self.now)

    def rules(self):
        return [fall.rule for fall in self.checker.falls]


@pytest.fixture
def group():
    return Group()


def test_a_partition_that_moves_and_goes_on(group):
    group.round(a={"0": 5, "1": 7})
    group.round(a={"0": 6}, b={"1": 7})
    group.round(b={"0": 6, "1": 9})
    assert group.rules() == []
    assert group.checker.counted() == 15
    assert group.checker.starts == 4


def test_a_figure_that_falls_in_one_process(group):
    group.round(a={"0": 5}, b={"0": 9})
    group.round(a={"0": 4}, b={"0": 9})
    assert group.rules() == ["own"]


def test_a_successor_that_starts_lower(group):
    group.round(a={"0": 5})
    group.round(b={"0": 4})
    assert group.rules() == ["start", "maximum"]


def test_a_successor_that_starts_lower_while_another_shows_enough(group):
    group.round(a={"0": 5})
    group.round(a={"0": 5}, b={"0": 4})
    assert group.rules() == ["start"]


def test_a_successor_after_a_time_without_anyone(group):
    group.round(a={"0": 5})
    group.round()
    group.round(b={})
    assert group.rules() == []
    group.round(b={"0": 4})
    assert group.rules() == ["start", "maximum"]


def test_a_partition_that_comes_back_to_the_same_process(group):
    group.round(a={"0": 5})
    group.round(a={}, b={"0": 8})
    group.round(a={"0": 7})
    assert group.rules() == ["start", "maximum"]


def test_what_is_asked_in_the_same_round_is_no_measure(group):
    group.round(a={"0": 5}, b={"0": 4})
    assert group.rules() == []


def test_a_silence_is_no_fall(group):
    group.round(a={"0": 5})
    group.round()
    group.round(a={"0": 5})
    assert group.rules() == []


def test_a_series_that_is_gone_has_fallen(group):
    group.checker.judge({"a": {"0": {COUNTED: 5, "clickstream_page_views_total{page=\"/\"}": 1}}}, 1)
    group.checker.judge({"b": {"0": {COUNTED: 5}}}, 2)
    assert [list(fall.series) for fall in group.checker.falls] == [["clickstream_page_views_total{page=\"/\"}"]] * 2


def test_a_lasting_fall_of_the_maximum_counts_once(group):
    group.round(a={"0": 5})
    for value in (3, 4, 5, 4):
        group.round(a={"0": value})
    assert group.rules() == ["own", "maximum", "own", "maximum"]


def test_a_woken_process_may_show_what_it_had_just_been_given(group):
    group.round(a={"0": 5})
    group.round(b={})
    group.checker.suspect("b")  # frozen before it was seen with partition 0, at 5
    group.round(c={"0": 8})
    group.checker.suspect("b", until=group.now + 5)
    group.round(c={"0": 9}, b={"0": 5})
    assert group.rules() == [] and group.checker.excused == 0
    group.round(b={"0": 5})  # c is dead
    assert group.rules() == [] and group.checker.excused == 1


def test_a_woken_process_must_not_show_less_than_was_known_when_it_was_frozen(group):
    group.round(a={"0": 5}, b={})
    group.checker.suspect("b")
    group.checker.suspect("b", until=group.now + 5)
    group.round(a={"0": 5}, b={"0": 4})
    assert group.rules() == ["start"]


def test_nobody_is_a_suspect_for_ever(group):
    group.round(a={"0": 5}, b={})
    group.checker.suspect("b")
    group.round(a={"0": 8}, b={})
    group.checker.suspect("b", until=group.now)
    group.round(a={"0": 8}, b={"0": 5})
    assert group.rules() == ["start"]


def test_suspects_must_not_fall_themselves(group):
    group.round(a={"0": 5})
    group.checker.suspect("a")
    group.round(a={"0": 4})
    assert group.rules() == ["own"]


def test_a_suspect_beside_another_is_no_excuse(group):
    group.round(a={"0": 9})
    group.checker.suspect("b")
    group.round(b={"0": 9})
    group.round(b={"0": 9}, c={"0": 9})
    group.round(c={"0": 8})
    assert group.rules() == ["own", "maximum"]


def test_parse():
    counters, lags = parse(
        '# HELP clickstream_events_total n\n'
        'clickstream_events_total{topic="t",group="g",partition="0",result="counted"} 12\n'
        'clickstream_page_views_total{topic="t",group="g",partition="0",page="/a\\"}b"} 3\n'
        'clickstream_session_duration_seconds_bucket{topic="t",group="g",partition="0",le="+Inf"} 2\n'
        'clickstream_clicks_total{topic="t",group="g",partition="all"} 4\n'
        'clickstream_open_sessions{topic="t",group="g",partition="0"} 9\n'
        'clickstream_consumer_lag{topic="t",group="g",partition="0"} 7\n'
        'clicks_total 4\n')
    assert counters == {
        "0": {COUNTED: 12, 'clickstream_page_views_total{page="/a\\"}b"}': 3,
              'clickstream_session_duration_seconds_bucket{le="+Inf"}': 2},
        "all": {"clickstream_clicks_total": 4}}
    assert lags == {"0": 7}


def window(start, clicks=1, **more):
    return {"window": "1m", "start": start, "end": start + 60, "clicks": clicks, "pages": [{"page": "/a", "page_views": 1}],
            **more}


TRUTH = {"as_of": "2026-01-01T00:00:00Z", "events": {"consumed": 3}, "users": 2, "sessions": {"total": 2, "open": 0},
         "bounce_rate_percent": None, "pages": [{"page": "/a", "page_views": 2}, {"page": "/b", "page_views": 1}],
         "windows": [window(start) for start in (0, 60, 120, 180)]}


def changed(**figures):
    return {**json.loads(json.dumps(TRUTH)), **figures}


def test_what_depends_on_the_moment_does_not_differ():
    assert differing(changed(as_of="now", users=None, sessions={"total": 2, "open": 1},
                             windows=[window(60), window(120)]), TRUTH) == []


@pytest.mark.parametrize("figures, names", [
    ({"events": {"consumed": 4}}, ["events.consumed"]),
    ({"sessions": {"total": 3, "open": 0}}, ["sessions.total"]),
    ({"pages": [{"page": "/a", "page_views": 2}]}, ["pages./b"]),
    ({"bounce_rate_percent": 0.0}, ["bounce_rate_percent"]),
    ({"windows": [window(60), window(120, clicks=2)]}, ["windows.1m.120.clicks"]),
    ({"windows": [window(60, pages=[])]}, ["windows.1m.60.pages./a"]),
    ({"windows": [window(60), window(180)]}, [f"windows.1m.120.{name}" for name in (
        "clicks", "end", "pages./a", "start", "window")]),
    ({"windows": [window(0), window(30), window(60)]}, [f"windows.1m.30.{name}" for name in (
        "clicks", "end", "pages./a", "start", "window")]),
])
def test_what_differs(figures, names):
    assert [name for name, _, _ in differing(changed(**figures), TRUTH)] == names


def kills_of(actions, instances):
    return sum({"kill": 1, "crash": 2, "scale": 2, "all": instances}.get(one.kind, 0) for one in actions)


@pytest.mark.parametrize("kills, instances", [(0, 3), (1, 1), (4, 2), (14, 3), (25, 1), (200, 3)])
def test_the_plan_is_the_seeds(kills, instances):
    actions = plan(7, kills, instances, 6)
    assert actions == plan(7, kills, instances, 6)
    assert kills <= kills_of(actions, instances) <= kills + 2
    assert all(one.slot < instances for one in actions)
    if kills == 200:
        assert actions != plan(8, kills, instances, 6)
        assert {one.options["point"] for one in actions if "point" in one.options} == set(CRASH_POINTS)
        assert {one.kind for one in actions} == {"kill", "all", "crash", "scale", "stop", "twin", "broker", "settle"}


def test_a_plan_with_sinks_kills_each_of_them():
    actions = plan(7, 4, 3, 6, ("postgresql", "search"))
    assert {one.options["name"] for one in actions if one.kind == "sink"} == {"postgresql", "search"}
    assert kills_of(actions, 3) == 4


def row(user, page_views=1, offset=5):
    return {"type": "session", "user_id": user, "session_id": 1, "start": "2024-03-01T00:00:00.000000Z", "epoch": 0, "offset": offset,
            "page_views": page_views}


@pytest.mark.parametrize("samples, fault", [
    ([[], [row(1)], [row(1), row(2)], [row(1), row(2)]], None),
    ([[row(1)], []], None),  # it may not have been confirmed
    ([[row(1)], [row(1)], []], "gone"),
    ([[row(1)], [row(1)], [row(1), row(2)], [row(2)]], "gone"),
    ([[row(1)], [row(1, page_views=2)]], "changed"),
    ([[row(1)], [row(1, offset=6)]], "changed"),
    ([[row(1)], [row(1, offset=4)]], "a version fell"),
])
def test_what_rows_may_not_do(samples, fault):
    watch = Watch(None, offsets_vary=False)
    for found in samples:
        watch.judge(found)
    assert len(watch.faults) == (fault is not None)
    assert fault is None or watch.faults[0].startswith(fault)


def test_rows_of_an_unkeyed_topic_may_be_written_again_further_on():
    watch = Watch(None, offsets_vary=True)
    for found in ([row(1)], [row(1, offset=6)], [row(1, offset=6)]):
        watch.judge(found)
    assert watch.faults == []
    watch.judge([row(1, offset=5)])
    assert len(watch.faults) == 1
