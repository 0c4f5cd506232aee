"""How a replay runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tools.demo import people
from tools.up.places import Places


@dataclass(frozen=True, slots=True)
class Options:
    """As whom, with how many threads, how often to look again and how long to wait for what does not move."""

    admin: str = people.ADMIN
    rep: str = people.REP
    password: str = people.PASSWORD
    threads: int = 12
    patience_seconds: float = 300.0
    ask_again_seconds: float = 0.3
    folder: Path = field(default_factory=lambda: Places.from_env().state / "replay")
