"""The adapter of the card processor's double."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from services.payments.clients.processor import Charge, ProcessorCharge, Settlement
from services.payments.clients.signatures import verify_webhook
from services.payments.config import PaymentsSettings
from services.payments.errors import ProcessorRefused, WebhookUnreadable
from services.payments.transactions.rules import TransactionKind
from shared.base.errors import SettingsInvalid
from shared.calls.resilience import UpstreamUnavailable
from shared.calls.service_client import ServiceClient, UpstreamRefused, segment

Answer = TypeVar("Answer", bound=msgspec.Struct)
Body = dict[str, str | int]

API = "/psp-sandbox/v1"
# Refusals for other reasons than the money: a retry later can succeed.
NOT_A_DECISION = frozenset({401, 403, 408, 429})
KINDS = {
    "charge.authorized": TransactionKind.AUTHORIZATION,
    "charge.declined": TransactionKind.AUTHORIZATION,
    "charge.captured": TransactionKind.CAPTURE,
    "charge.refunded": TransactionKind.REFUND,
    "charge.voided": TransactionKind.VOID,
    "charge.released": TransactionKind.RELEASE,
}


class ApiKey:
    """Calls with the merchant's key at the processor."""

    def __init__(self, api_key: str) -> None:
        self._headers = {"Authorization": f"Bearer {api_key}"}

    def headers(self, audience: str) -> dict[str, str]:
        return dict(self._headers)

    def renew(self, audience: str) -> bool:
        return False


class Session(msgspec.Struct, frozen=True):
    """The processor's answer to a request for a card page."""

    url: str


class Identified(msgspec.Struct, frozen=True):
    """The processor's answer to a capture, refund, void or release."""

    id: str


class SandboxCharge(msgspec.Struct, frozen=True):
    """A charge as the processor shows it."""

    id: str
    status: str
    decline_code: str | None = None

    def charge(self) -> Charge:
        decline_code = self.decline_code or "card_declined"
        return Charge(id=self.id, decline_code=decline_code if self.status == "declined" else None)


class ListedCharge(msgspec.Struct, frozen=True):
    """A charge in the processor's list; `reference` is the order's id."""

    reference: str
    status: str
    captured_amount: int = 0
    refunded_amount: int = 0


class ListedCharges(msgspec.Struct, frozen=True):
    items: list[ListedCharge]


class Charges(msgspec.Struct, frozen=True):
    """The charges of one idempotency key: one or none."""

    items: list[SandboxCharge]


class Webhook(msgspec.Struct, frozen=True):
    """A webhook's body: `data` depends on the type, and is read for the types of KINDS only."""

    type: str
    data: Any


class SandboxProcessor(ServiceClient):
    """Calls the double over HTTP: pooled, with its own limits (`psp`); a keyed call is retried once with jitter."""

    service = "psp"
    name = "sandbox"

    def __init__(self, url: str, *, api_key: str, webhook_secret: str) -> None:
        super().__init__(url, identity=ApiKey(api_key))
        self._webhook_secret = webhook_secret

    def create_session(self, return_url: str, *, key: str) -> str:
        return self._post("/sessions", {"return_url": return_url}, key, Session).url

    def charge(self, token: str, *, amount: int, currency: str, order_id: str, key: str) -> Charge:
        body: Body = {"token": token, "amount": amount, "currency": currency, "reference": order_id}
        return self._post("/charges", body, key, SandboxCharge).charge()

    def find_charge(self, key: str) -> Charge | None:
        try:
            answer = self.get(f"{API}/charges", idempotency_key=key)
        except UpstreamRefused as refusal:
            raise UpstreamUnavailable(self.service, f"status_{refusal.status}", is_retryable=False) from refusal
        found = self._read(answer, Charges).items
        return found[0].charge() if found else None

    def latest_charges(self) -> list[ProcessorCharge]:
        listed = self._read(self.get(f"{API}/charges"), ListedCharges).items
        return [
            ProcessorCharge(each.reference, each.status == "authorized", each.captured_amount, each.refunded_amount)
            for each in listed
        ]

    def capture(self, charge_id: str, amount: int, *, key: str) -> str:
        return self._post(f"/charges/{segment(charge_id)}/captures", {"amount": amount}, key, Identified).id

    def refund(self, charge_id: str, amount: int, *, key: str) -> str:
        return self._post(f"/charges/{segment(charge_id)}/refunds", {"amount": amount}, key, Identified).id

    def void(self, charge_id: str, *, key: str) -> str:
        return self._post(f"/charges/{segment(charge_id)}/void", {}, key, Identified).id

    def release(self, charge_id: str, amount: int, *, key: str) -> str:
        return self._post(f"/charges/{segment(charge_id)}/releases", {"amount": amount}, key, Identified).id

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Settlement | None:
        verify_webhook(self._webhook_secret, headers, body)
        try:
            webhook = msgspec.json.decode(body, type=Webhook)
            kind = KINDS.get(webhook.type)
            return _settlement(kind, webhook.data) if kind else None
        except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError) as fault:
            raise WebhookUnreadable("The body is not one of the processor's events") from fault

    def _post(self, path: str, body: Body, key: str, kind: type[Answer]) -> Answer:
        """Return the answer of a keyed call; raise ProcessorRefused for a refusal of the processor's own."""
        try:
            answer = self.post(API + path, body, idempotency_key=key)
        except UpstreamRefused as refusal:
            code = _code(refusal.body)
            # A refusal without a code is not the processor's: a load balancer's page, while the processor is replaced.
            if refusal.status in NOT_A_DECISION or code is None:
                raise UpstreamUnavailable(self.service, f"status_{refusal.status}", is_retryable=False) from refusal
            raise ProcessorRefused(code) from refusal
        return self._read(answer, kind)

    def _read(self, answer: Any, kind: type[Answer]) -> Answer:
        """Return an answer as `kind`; one that does not fit reports no outcome and raises UpstreamUnavailable."""
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as fault:
            raise UpstreamUnavailable(self.service, "unreadable_answer", is_retryable=False) from fault


def build_processor(settings: PaymentsSettings) -> SandboxProcessor:
    """Return the double's adapter; raise SettingsInvalid naming what it lacks."""
    missing = [name for name in ("psp_url", "psp_api_key", "psp_webhook_secret") if not getattr(settings, name)]
    if missing:
        raise SettingsInvalid("PaymentsSettings: " + "; ".join(f"{name.upper()} is missing" for name in missing))
    return SandboxProcessor(settings.psp_url, api_key=settings.psp_api_key, webhook_secret=settings.psp_webhook_secret)


def _settlement(kind: TransactionKind, reported: Any) -> Settlement:
    charge = msgspec.convert(reported["charge"], SandboxCharge)
    transaction = reported["charge" if kind == TransactionKind.AUTHORIZATION else kind.value]
    return Settlement(
        order_id=str(reported["charge"]["reference"]),
        key=str(transaction["idempotency_key"]),
        kind=kind,
        charge=charge.charge(),
        processor_id=str(transaction["id"]),
    )


def _code(body: Any) -> str | None:
    """Return the reason in a refusal of the processor's own, None in one of a proxy."""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None
