"""Reading request bodies of the processor's API strictly; anything else is a 400."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import orjson
from flask import request

from shared.base.money import is_currency
from tools.psp_sandbox.errors import Refused
from tools.psp_sandbox.faults import OPERATIONS, Fault, FaultKind

LARGEST_AMOUNT = 10**12


def read_body() -> dict[str, Any]:
    """The JSON object of the request; 400 for anything else."""
    try:
        body = orjson.loads(request.get_data()) if request.is_json else None
    except orjson.JSONDecodeError:  # too deep, and what is no Unicode, too
        body = None
    if not isinstance(body, dict):
        raise Refused(400, "body_invalid", "Send a JSON object.")
    return body


def read_fault(body: dict[str, Any]) -> Fault:
    """A fault to arm: operation and kind, for how many seconds (a delay) and how often."""
    operation, kind = body.get("operation", ""), body.get("kind", "")
    seconds, times = body.get("seconds", 1), body.get("times", 1)
    if operation not in OPERATIONS or kind not in [*FaultKind]:
        raise Refused(400, "parameter_invalid", f"operation is one of {OPERATIONS}, kind of {[*map(str, FaultKind)]}.")
    if not isinstance(seconds, int | float) or not isinstance(times, int) or seconds < 0 or times < 1:
        raise Refused(400, "parameter_invalid", "seconds is a number, 0 or more, and times a whole one, 1 or more.")
    return Fault(operation, FaultKind(kind), float(seconds), times)


def read_amount(body: dict[str, Any]) -> int:
    """A positive whole number of minor units."""
    amount = body.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= LARGEST_AMOUNT:
        raise Refused(400, "parameter_invalid", "amount is a positive whole number of minor units.")
    return amount


def read_charge(body: dict[str, Any]) -> dict[str, Any]:
    """token, amount, currency and reference of a charge."""
    currency, token, reference = body.get("currency"), body.get("token"), body.get("reference")
    if not isinstance(currency, str) or not is_currency(currency):
        raise Refused(400, "parameter_invalid", "currency is the ISO 4217 code of a currency, such as GBP.")
    if not isinstance(token, str) or not isinstance(reference, str) or not 1 <= len(reference) <= 255:
        raise Refused(400, "parameter_invalid", "token and reference are required.")
    return {"token": token, "amount": read_amount(body), "currency": currency, "reference": reference}


def read_return_url(body: dict[str, Any]) -> str:
    """An absolute http or https URL without credentials."""
    return_url = body.get("return_url")
    parts = urlsplit(return_url) if isinstance(return_url, str) and return_url.isprintable() else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise Refused(400, "parameter_invalid", "return_url is an absolute http or https URL.")
    return str(return_url)
