"""Opaque, sortable ids with a type prefix, for example `ord_01k3v8…`."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
_TIME_LENGTH = 10
_RANDOM_LENGTH = 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new_id(prefix: str) -> str:
    """Return `<prefix>_` and 26 characters that sort by creation time (the ULID layout)."""
    return (
        f"{prefix}_{_encode(time.time_ns() // 1_000_000, _TIME_LENGTH)}{_encode(secrets.randbits(80), _RANDOM_LENGTH)}"
    )


def first_id_at(prefix: str, moment: datetime) -> str:
    """Return the lowest id that `new_id` makes at this moment: a bound of a query by `_id` for what came since."""
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1)
    return f"{prefix}_{_encode(milliseconds, _TIME_LENGTH)}{_ALPHABET[0] * _RANDOM_LENGTH}"


def _encode(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(length - 1, -1, -1))
