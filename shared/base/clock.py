"""UTC time for all code; a test can freeze it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

_frozen: list[datetime] = []


def now() -> datetime:
    """Return the current UTC time, truncated to milliseconds: MongoDB stores no more."""
    moment = _frozen[-1] if _frozen else datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def today() -> date:
    return now().date()


def days_of_today() -> tuple[date, date]:
    """Return the first and the last day that it is now anywhere: in the zones UTC-12 and UTC+14."""
    return (now() - timedelta(hours=12)).date(), (now() + timedelta(hours=14)).date()


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Freeze the clock at `moment` (aware, UTC) inside the block."""
    _frozen.append(moment)
    try:
        yield
    finally:
        _frozen.pop()


def moment_text(at: datetime) -> str:
    """Return a time as people read it, on pages and in mails: `24 Nov 2026, 14:05 UTC`."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"
