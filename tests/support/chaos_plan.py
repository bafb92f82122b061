"""What the chaos test does, and when: a pure function of the seed."""

import random
from typing import NamedTuple

# CLICKSTREAM_CRASH_AT: where an instance can be told to kill itself. Those of a revocation come up in a scaling.
REVOKE_POINTS = ("revoke-begin", "revoke-done")
OTHER_POINTS = (
    "checkpoint-begin", "checkpoint-serialised", "checkpoint-sent", "checkpoint-acknowledged",
    "commit-begin", "commit-confirmed", "truncate-begin", "truncate-done",
    "recovery-begin", "recovery-loaded", "recovery-assigned", "recovery-done")
CRASH_POINTS = OTHER_POINTS + REVOKE_POINTS

DECK = 25  # kills; a longer run is several decks
SMALLEST_DECK = 8  # with fewer kills there is no room for anything else


class Action(NamedTuple):
    """`kind`, of what Run has methods for; `slot`, which of the places for an instance; `pause` after it."""

    kind: str
    slot: int
    options: dict
    pause: float

    def __str__(self):
        options = " ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.kind} slot={self.slot} {options}".rstrip()


class Planner:
    def __init__(self, seed, instances, session_timeout, sinks=()):
        self._random = random.Random(seed)
        self._sinks = tuple(sinks)
        self._instances = instances
        self._session_timeout = session_timeout
        self._points = {}

    def plan(self, kills):
        """Actions with at least so many kills -9 of instances, their own by a crash point among them."""
        actions = []
        left = kills
        while left > 0:
            deck = self._deck(min(left, DECK))
            left -= sum(self._cost(card) for card in deck)
            for number, card in enumerate(deck, start=1):
                actions.append(getattr(self, f"_{card}")())
                if card in ("scale", "broker", "all", "sink") or number % 3 == 0:
                    actions.append(Action("settle", 0, {}, 0))
        return actions

    def _cost(self, card):
        return {"kill": 1, "crash": 2, "scale": 2, "all": self._instances}.get(card, 0)

    def _deck(self, kills):
        deck = []
        if kills >= SMALLEST_DECK:
            deck = ["broker", "stop", "twin"]
            deck += ["scale"] if self._instances > 1 else []
        if kills >= DECK:
            deck += ["all", "stop"]
        left = kills - sum(self._cost(card) for card in deck)
        while left > 0:
            deck.append("crash" if left >= 2 and kills >= SMALLEST_DECK and deck[-1] != "crash" else "kill")
            left -= self._cost(deck[-1])
        deck += ["sink"] * (len(self._sinks) * (3 if kills >= DECK else 2 if kills >= SMALLEST_DECK else 1))
        self._random.shuffle(deck)
        return deck

    def _kill(self):
        # Back at once, soon, or when the others have taken over.
        down = self._random.choice([0, 0, self._random.uniform(0.1, 2), self._session_timeout + self._random.uniform(0, 3)])
        return self._action("kill", down=round(down, 1), static=self._static())

    def _all(self):
        return self._action("all", static=self._static())

    def _crash(self):
        point = self._next_point(OTHER_POINTS)
        # A new member may get one partition only, and truncation takes a second checkpoint.
        once = point.startswith(("recovery", "truncate"))
        return self._action("crash", point=point, passing=1 if once else self._random.randint(1, 5), static=self._static())

    def _scale(self):
        return self._action("scale", point=self._next_point(REVOKE_POINTS), static=self._static())

    def _stop(self):
        return self._action("stop", frozen=self._longer_than_the_session(), static=self._static())

    def _twin(self):
        return self._action("twin", frozen=self._longer_than_the_session(), static=self._random.random() < 0.75)

    def _broker(self):
        return self._action("broker", down=round(self._random.uniform(0, 3), 1),
                            victim=self._random.random() < 0.5, static=self._static())

    def _sink(self):
        return self._action("sink", name=self._next_point(self._sinks), down=round(self._random.uniform(0, 8), 1),
                            victim=self._random.random() < 0.6, static=self._static())

    def _action(self, kind, **options):
        pause = self._random.choice([0, self._random.uniform(0, 1), self._random.uniform(1, 4)])
        return Action(kind, self._random.randrange(self._instances), options, round(pause, 1))

    def _static(self):
        return self._random.random() < 0.5

    def _longer_than_the_session(self):
        return round(self._session_timeout + self._random.uniform(1, 4), 1)

    def _next_point(self, points):
        """All in turn, in an order of the seed's, again and again."""
        queue = self._points.setdefault(points, [])
        if not queue:
            queue.extend(self._random.sample(points, len(points)))
        return queue.pop()


def plan(seed, kills, instances, session_timeout, sinks=()):
    """`sinks`: the names of those whose servers are killed, too; they change nothing of a plan without any."""
    return Planner(seed, instances, session_timeout, sinks).plan(kills)
