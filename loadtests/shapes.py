"""How load comes and goes: steady by default, or as LOAD_SHAPE says; every shape ends by itself."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, ClassVar

from locust import LoadTestShape, events

USERS = 20
SECONDS = 30
SPAWN_RATE = 10.0


@events.init_command_line_parser.add_listener
def bound_by_default(parser: Any, **_: Any) -> None:
    """Locust's own defaults are one person, for ever."""
    parser.set_defaults(num_users=USERS, spawn_rate=SPAWN_RATE, run_time=SECONDS)


class _Bounded(LoadTestShape):
    """Ends after `--run-time` and never exceeds `--users` people, the yardstick's caller among them."""

    abstract = True
    use_common_options: ClassVar[bool] = True

    def tick(self) -> tuple[int, float] | None:
        options = self.runner.environment.parsed_options
        progress = self.get_run_time() / options.run_time
        if progress >= 1:
            return None
        return max(1, round(options.num_users * self.share(progress))), options.spawn_rate

    def share(self, progress: float) -> float:
        """Return which share of the people is there when `progress` (0 to 1) of the time has passed: all of them."""
        return 1.0


class Steady(_Bounded):
    """All users, from the start to the end."""

    abstract = True


class Stairs(_Bounded):
    """A quarter more people in each quarter of the time: shows where latency begins to bend."""

    abstract = True

    def share(self, progress: float) -> float:
        return (int(progress * 4) + 1) / 4


class Spike(_Bounded):
    """A tenth of the people, in the middle third all of them: shows whether the platform comes back."""

    abstract = True

    def share(self, progress: float) -> float:
        return 1.0 if 1 / 3 <= progress < 2 / 3 else 0.1


SHAPES: dict[str, type[_Bounded]] = {"steady": Steady, "stairs": Stairs, "spike": Spike}


@cache
def chosen_shape() -> type[LoadTestShape]:
    """
    Return the shape that LOAD_SHAPE names.

    The others stay abstract: Locust takes the first shape it finds in any of its files.
    """
    shape = SHAPES[os.environ.get("LOAD_SHAPE", "steady")]
    return type(shape.__name__, (shape,), {"__doc__": shape.__doc__})
