"""Reading request bodies of the processor's API strictly; anything else is a 400."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from flask import request

from tools.psp_sandbox.errors import Refused

LARGEST_AMOUNT = 10**12


def read_body() -> dict[str, Any]:
    """The JSON object of the request; 400 for anything else."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise Refused(400, "body_invalid", "Send a JSON object.")
    return body


def read_amount(body: dict[str, Any]) -> int:
    """A positive whole number of minor units."""
    amount = body.get("amount")
    if not isinstance(amount, int) or isinstance(amount, bool) or not 0 < amount <= LARGEST_AMOUNT:
        raise Refused(400, "parameter_invalid", "amount is a positive whole number of minor units.")
    return amount


def read_charge(body: dict[str, Any]) -> dict[str, Any]:
    """token, amount, currency and reference of a charge."""
    currency, token, reference = body.get("currency"), body.get("token"), body.get("reference")
    if not isinstance(currency, str) or not re.fullmatch(r"[A-Z]{3}", currency):
        raise Refused(400, "parameter_invalid", "currency is three capital letters.")
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
