"""The adapter of the card processor's double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from services.payments.clients.processor import Charge, Settlement
from services.payments.clients.signatures import verify_webhook
from services.payments.config import PaymentsSettings
from services.payments.errors import ProcessorRefused, WebhookUnreadable
from services.payments.transactions.rules import TransactionKind
from shared.base.errors import SettingsInvalid
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import ServiceClient, UpstreamRefused, segment

API = "/psp-sandbox/v1"
CHARGE = ("id", "status")
# Refusals that are about us or the moment, not about the money: asking again later can help.
NOT_A_DECISION = frozenset({401, 403, 408, 429})
KINDS = {
    "charge.authorized": TransactionKind.AUTHORIZATION,
    "charge.declined": TransactionKind.AUTHORIZATION,
    "charge.captured": TransactionKind.CAPTURE,
    "charge.refunded": TransactionKind.REFUND,
    "charge.voided": TransactionKind.VOID,
}


class ApiKey:
    """Calls with the merchant's key at the processor."""

    def __init__(self, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def headers(self, audience: str) -> dict[str, str]:
        return dict(self._headers)

    def renew(self, audience: str) -> bool:
        return False


class SandboxProcessor(ServiceClient):
    """Talks to the double over HTTP: pooled, with its own limits (`psp`), a keyed call repeated once with jitter."""

    service = "psp"
    name = "sandbox"

    def __init__(self, url: str, *, api_key: str, webhook_secret: str) -> None:
        super().__init__(url, identity=ApiKey(api_key))
        self._webhook_secret = webhook_secret

    def create_session(self, return_url: str, *, key: str) -> str:
        url: str = self._ask("/sessions", {"return_url": return_url}, key, wanted=("url",))["url"]
        return url

    def charge(self, token: str, *, amount: int, currency: str, order_id: str, key: str) -> Charge:
        body = {"token": token, "amount": amount, "currency": currency, "reference": order_id}
        return _charge(self._ask("/charges", body, key, wanted=CHARGE))

    def find_charge(self, key: str) -> Charge | None:
        try:
            answer = self.get(f"{API}/charges", idempotency_key=key)
        except UpstreamRefused as refusal:
            raise UpstreamUnavailable(self.service, f"status_{refusal.status}", is_retryable=False) from refusal
        found = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise self._unreadable()
        return _charge(self._readable(found[0], CHARGE)) if found else None

    def capture(self, charge_id: str, amount: int, *, key: str) -> str:
        return str(self._ask(f"/charges/{segment(charge_id)}/captures", {"amount": amount}, key)["id"])

    def refund(self, charge_id: str, amount: int, *, key: str) -> str:
        return str(self._ask(f"/charges/{segment(charge_id)}/refunds", {"amount": amount}, key)["id"])

    def void(self, charge_id: str, *, key: str) -> str:
        return str(self._ask(f"/charges/{segment(charge_id)}/void", {}, key)["id"])

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Settlement | None:
        verify_webhook(self._webhook_secret, headers, body)
        try:
            message = orjson.loads(body)
            kind = KINDS.get(message["type"])
            return _settlement(kind, message["data"]) if kind else None
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as fault:
            raise WebhookUnreadable("The body is not one of the processor's events") from fault

    def _ask(self, path: str, body: dict[str, Any], key: str, *, wanted: Sequence[str] = ("id",)) -> Mapping[str, Any]:
        try:
            answer = self.post(API + path, body, idempotency_key=key)
        except UpstreamRefused as refusal:
            code = _code(refusal.body)
            # A refusal without a code is not the processor's: a load balancer's page, while the processor is replaced.
            if refusal.status in NOT_A_DECISION or code is None:
                raise UpstreamUnavailable(self.service, f"status_{refusal.status}", is_retryable=False) from refusal
            raise ProcessorRefused(code) from refusal
        return self._readable(answer, wanted)

    def _readable(self, answer: Any, wanted: Sequence[str]) -> Mapping[str, Any]:
        """Return an answer that holds these texts; any other says nothing of the money."""
        if not isinstance(answer, dict) or not all(isinstance(answer.get(name), str) for name in wanted):
            raise self._unreadable()
        return answer

    def _unreadable(self) -> UpstreamUnavailable:
        return UpstreamUnavailable(self.service, "unreadable_answer", is_retryable=False)


def build_processor(settings: PaymentsSettings) -> SandboxProcessor:
    """Return the double's adapter; raise SettingsInvalid naming what it lacks."""
    missing = [name for name in ("psp_url", "psp_api_key", "psp_webhook_secret") if not getattr(settings, name)]
    if missing:
        raise SettingsInvalid("PaymentsSettings: " + "; ".join(f"{name.upper()} is missing" for name in missing))
    return SandboxProcessor(settings.psp_url, api_key=settings.psp_api_key, webhook_secret=settings.psp_webhook_secret)


def _charge(charge: Mapping[str, Any]) -> Charge:
    is_declined = charge["status"] == "declined"
    decline_code = str(charge.get("decline_code") or "card_declined") if is_declined else None
    return Charge(id=str(charge["id"]), decline_code=decline_code)


def _settlement(kind: TransactionKind, told: Mapping[str, Any]) -> Settlement:
    charge = told["charge"]
    movement = charge if kind == TransactionKind.AUTHORIZATION else told[kind.value]
    return Settlement(
        order_id=str(charge["reference"]),
        key=str(movement["idempotency_key"]),
        kind=kind,
        charge=_charge(charge),
        processor_id=str(movement["id"]),
    )


def _code(body: Any) -> str | None:
    """Return the reason in a refusal of the processor's own, None when it is somebody else's."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None
