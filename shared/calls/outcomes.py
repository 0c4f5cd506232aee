"""How a call to an upstream begins and ends: its admission, and what it says about the upstream."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class CallOutcome(Enum):
    """What a call says about its upstream: it failed, it answered (a refusal is an answer, too), or nothing."""

    FAILED = "failed"
    ANSWERED = "answered"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Admission:
    """A call that may run: the breaker's ticket, when it began, and the calls under way then, itself among them."""

    ticket: int
    started_at: float
    under_way: int
