"""Sweeps: repeated jobs that continue work after a crash, a lost event or a lost answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.base import deadline
from shared.base.errors import Problem
from shared.observe.observability import get_logger

log = get_logger()


def sweep(found: Iterable[str], continue_one: Callable[[str], object], *, seconds: float, seconds_each: float) -> int:
    """
    Call `continue_one` with each id and return the number of calls; a failure is logged, and the next id follows.

    `seconds` is the deadline of the sweep, `seconds_each` of one id. `seconds` must be less than the timeout of the
    job, which would count as a failure of one id. The next sweep starts with the ids that are left.
    """
    count = 0
    with deadline.start(seconds):
        for each in found:
            if deadline.expired():
                log.warning("sweep_timed_out", count=count)
                break
            with deadline.start(seconds_each):
                _continue(each, continue_one)
            count += 1
    return count


def _continue(each: str, continue_one: Callable[[str], object]) -> None:
    try:
        continue_one(each)
    except Problem as refusal:  # for example a version conflict: another process continues it
        log.warning("sweep_skipped", found=each, reason=str(refusal))
    except Exception as failure:
        log.error("sweep_failed", found=each, exc_info=failure)
