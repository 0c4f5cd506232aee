"""The adapter where no card processor is connected: cards are refused, everything else works."""

from __future__ import annotations

from collections.abc import Mapping

from services.payments.clients.processor import Charge, ProcessorCharge, Settlement
from services.payments.config import PaymentsSettings
from services.payments.errors import CardsNotAccepted, ProcessorRefused, WebhookUnreadable

CODE = "cards_not_accepted"


class NoProcessor:
    """Declines every charge, so no other call ever has a charge to work on."""

    name = "none"

    def create_session(self, return_url: str, *, key: str) -> str:
        raise CardsNotAccepted("No card processor is connected (PSP_BACKEND is none)")

    def charge(self, token: str, *, amount: int, currency: str, order_id: str, key: str) -> Charge:
        return Charge(id=f"none_{key}", decline_code=CODE)

    def find_charge(self, key: str) -> Charge | None:
        return None

    def latest_charges(self) -> list[ProcessorCharge]:
        return []

    def capture(self, charge_id: str, amount: int, *, key: str) -> str:
        raise ProcessorRefused(CODE)

    def refund(self, charge_id: str, amount: int, *, key: str) -> str:
        raise ProcessorRefused(CODE)

    def void(self, charge_id: str, *, key: str) -> str:
        raise ProcessorRefused(CODE)

    def release(self, charge_id: str, amount: int, *, key: str) -> str:
        raise ProcessorRefused(CODE)

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Settlement | None:
        raise WebhookUnreadable("No card processor is connected")


def build_processor(settings: PaymentsSettings) -> NoProcessor:
    return NoProcessor()
