"""Verifying webhooks signed by the Standard Webhooks scheme (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from services.payments.errors import WebhookSignatureInvalid
from shared.base.clock import now

TOLERANCE_SECONDS = 300


def verify_webhook(secret: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raise WebhookSignatureInvalid unless one `v1` signature is ours and its time is within five minutes of now."""
    webhook_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise WebhookSignatureInvalid("The timestamp is missing or not a number")
    if abs(now().timestamp() - int(timestamp)) > TOLERANCE_SECONDS:
        raise WebhookSignatureInvalid("The timestamp is too far from now")
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = hmac.new(key, f"{webhook_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    given = headers.get("webhook-signature", "").split(" ")
    if not any(_matches(each, expected) for each in given):
        raise WebhookSignatureInvalid("No signature fits")


def _matches(signature: str, expected: bytes) -> bool:
    version, _, encoded = signature.partition(",")
    return version == "v1" and hmac.compare_digest(encoded.encode(), base64.b64encode(expected))
