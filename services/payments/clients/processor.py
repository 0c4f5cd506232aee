"""The interface of a card processor; each adapter translates one processor into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from services.payments.transactions.rules import TransactionKind


@dataclass(frozen=True)
class Charge:
    """The processor's answer to a charge: `decline_code` is None when it holds the money."""

    id: str
    decline_code: str | None


@dataclass(frozen=True)
class Settlement:
    """
    What a webhook reports: the outcome of one transaction of one order.

    `key` is the idempotency key of our call, `processor_id` the processor's id of the transaction.
    """

    order_id: str
    key: str
    kind: TransactionKind
    charge: Charge
    processor_id: str


@dataclass(frozen=True)
class ProcessorCharge:
    """A charge as the processor has it now; `is_held` unless it was declined or voided."""

    order_id: str
    is_held: bool
    captured_amount: int
    refunded_amount: int


class CardProcessor(Protocol):
    """
    A card processor. Every method that moves money takes an idempotency key: it happens once per key.

    All raise `shared.base.errors.Unavailable` when no answer of the processor's own came (the money may have moved:
    retry with the same key) and `ProcessorRefused` when the processor refuses. Amounts are minor units.
    """

    name: str

    def create_session(self, return_url: str, *, key: str) -> str:
        """Return the URL of a hosted card page that comes back to `return_url` with `?token=`."""

    def charge(self, token: str, *, amount: int, currency: str, order_id: str, key: str) -> Charge:
        """Authorise an amount on a card token."""

    def find_charge(self, key: str) -> Charge | None:
        """Return the charge that was made under a key whose answer was lost, None if there never was one."""

    def latest_charges(self) -> list[ProcessorCharge]:
        """Return the newest charges of this merchant, some hundred at most; none where they cannot be listed."""

    def capture(self, charge_id: str, amount: int, *, key: str) -> str:
        """Take authorised money; return the processor's id of the capture."""

    def refund(self, charge_id: str, amount: int, *, key: str) -> str:
        """Give captured money back; return the processor's id of the refund."""

    def void(self, charge_id: str, *, key: str) -> str:
        """Release an authorisation; return the processor's id of it."""

    def release(self, charge_id: str, amount: int, *, key: str) -> str:
        """
        Release a part of an authorisation that is not captured; return the processor's id of it.

        An adapter whose processor cannot release a part raises ProcessorRefused: the hold expires by itself.
        """

    def read_webhook(self, headers: Mapping[str, str], body: bytes) -> Settlement | None:
        """
        Return the outcome that a webhook reports, None for a kind that payments does not use.

        Raises WebhookSignatureInvalid or WebhookUnreadable.
        """
