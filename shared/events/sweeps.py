"""Sweeps: what a dead process, a lost event or a lost answer left behind is found again, and attended to one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.base import deadline
from shared.base.errors import Problem
from shared.observe.observability import get_logger

log = get_logger()


def sweep(found: Iterable[str], attend: Callable[[str], object], *, seconds: float, seconds_each: float) -> int:
    """
    Attend to each id and return how many were looked at; whatever one fails of keeps nobody from the others.

    `seconds` must be less than the job may take: the time-out that ends a job would be taken for the failure of one.
    When they are over, as with a neighbour that lets every call wait, the next sweep begins with those left over.
    """
    looked_at = 0
    with deadline.start(seconds):
        for each in found:
            if deadline.expired():
                log.warning("sweep_cut_short", looked_at=looked_at)
                break
            with deadline.start(seconds_each):
                _attend(each, attend)
            looked_at += 1
    return looked_at


def _attend(each: str, attend: Callable[[str], object]) -> None:
    try:
        attend(each)
    except Problem as refusal:  # such as a lost race: somebody else attends to it
        log.warning("sweep_skipped", found=each, reason=str(refusal))
    except Exception as failure:
        log.error("sweep_failed", found=each, exc_info=failure)
