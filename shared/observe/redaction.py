"""Redaction of secrets and card numbers in values that are logged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from shared.base.card_numbers import passes_luhn

REDACTED = "[redacted]"
_DEEPEST = 6
_SECRET_KEY = re.compile(
    r"passw|passphrase|secret|token|cookie|api_?key|private_?key|signing_?key|credential"
    r"|^(proxy_)?authorization$|(^|_)(card(_?number)?|pan|cvc|cvv|cvc2|cvv2|iban|pin)$",
    re.IGNORECASE,
)
# Card numbers have 13 to 19 digits, in groups or not, and begin with 2 to 6; digits within longer words are ids.
_CARD_SHAPED = re.compile(r"(?<![0-9A-Za-z_-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![0-9A-Za-z_])")
_SECRET_TEXT = re.compile(
    r"\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*|(?i:\bbearer\s+)[\w.~+/=-]{8,}|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"
)


@lru_cache(maxsize=4096)
def is_secret_key(key: str) -> bool:
    return _SECRET_KEY.search(key.replace("-", "_")) is not None


def redact(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy without the values of secret keys, card numbers, tokens and passwords in addresses."""
    return _mapping(values, _DEEPEST)


def redact_text(text: str) -> str:
    """Return `text` with card numbers that pass the Luhn check, tokens and passwords in URLs replaced."""
    if len(text) < 8:
        return text
    if "eyJ" in text or "://" in text or "earer" in text.lower():
        text = _SECRET_TEXT.sub(REDACTED, text)
    return _CARD_SHAPED.sub(_card_or_same, text)


def _mapping(values: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    clean: dict[str, Any] = {}
    for key, value in values.items():
        name = key if type(key) is str else str(key)
        clean[name] = REDACTED if is_secret_key(name) and value is not None else _value(value, depth)
    return clean


def _value(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return redact_text(value)
    if kind is int:
        return REDACTED if 10**12 <= value < 10**19 and _is_card_number(str(value)) else value
    if isinstance(value, (Mapping, list, tuple, set, frozenset)):
        return _nested(value, depth - 1)
    return value


def _nested(value: Any, depth: int) -> Any:
    if depth <= 0:
        return f"<{type(value).__name__}>"
    if isinstance(value, Mapping):
        return _mapping(value, depth)
    return [_value(part, depth) for part in value]


def _is_card_number(digits: str) -> bool:
    return _CARD_SHAPED.fullmatch(digits) is not None and passes_luhn(digits)


def _card_or_same(found: re.Match[str]) -> str:
    return REDACTED if passes_luhn("".join(sign for sign in found[0] if sign.isdigit())) else found[0]
