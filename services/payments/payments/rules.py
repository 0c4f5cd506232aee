"""The table of states of a payment: plain values in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec

from services.payments.transactions.rules import ShownTransaction, TransactionKind, TransactionRecord, requested_amount
from shared.base.money import Money
from shared.base.pages import ChangesRequest
from shared.base.preconditions import revision_of


class PaymentStatus(StrEnum):
    PENDING = "pending"
    AUTHORIZED = "authorized"
    DECLINED = "declined"
    VOIDED = "voided"
    PARTIALLY_CAPTURED = "partially_captured"
    CAPTURED = "captured"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"


class PaymentAction(StrEnum):
    """What changes the state: `authorize` and `decline` are answers of the processor, the others are requested."""

    AUTHORIZE = "authorize"
    DECLINE = "decline"
    CAPTURE = "capture"
    REFUND = "refund"
    VOID = "void"
    RELEASE = "release"


class Next(NamedTuple):
    """The status after an action; `completed` once nothing more can be captured, or nothing more is left to refund."""

    status: PaymentStatus
    completed: PaymentStatus | None = None


# State, action, next state. An outcome that its state has no action for changes amounts, not the status.
STATES: Mapping[PaymentStatus, Mapping[PaymentAction, Next]] = {
    PaymentStatus.PENDING: {
        PaymentAction.AUTHORIZE: Next(PaymentStatus.AUTHORIZED),
        PaymentAction.DECLINE: Next(PaymentStatus.DECLINED),
        PaymentAction.VOID: Next(PaymentStatus.VOIDED),
    },
    PaymentStatus.AUTHORIZED: {
        PaymentAction.CAPTURE: Next(PaymentStatus.PARTIALLY_CAPTURED, PaymentStatus.CAPTURED),
        PaymentAction.VOID: Next(PaymentStatus.VOIDED),
        PaymentAction.RELEASE: Next(PaymentStatus.AUTHORIZED, PaymentStatus.VOIDED),
    },
    PaymentStatus.PARTIALLY_CAPTURED: {
        PaymentAction.CAPTURE: Next(PaymentStatus.PARTIALLY_CAPTURED, PaymentStatus.CAPTURED),
        PaymentAction.RELEASE: Next(PaymentStatus.PARTIALLY_CAPTURED, PaymentStatus.CAPTURED),
        PaymentAction.REFUND: Next(PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED),
    },
    PaymentStatus.CAPTURED: {
        PaymentAction.REFUND: Next(PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED),
    },
    PaymentStatus.PARTIALLY_REFUNDED: {
        PaymentAction.CAPTURE: Next(PaymentStatus.PARTIALLY_REFUNDED),
        PaymentAction.REFUND: Next(PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED),
    },
    PaymentStatus.REFUNDED: {
        PaymentAction.CAPTURE: Next(PaymentStatus.PARTIALLY_REFUNDED),
    },
    PaymentStatus.DECLINED: {},
    PaymentStatus.VOIDED: {},
}

# What the API offers as `allowed_actions`; events of orders cause captures and voids.
ACTIONS_OF_PEOPLE = (PaymentAction.REFUND,)

ACTION_OF = {
    TransactionKind.AUTHORIZATION: PaymentAction.AUTHORIZE,
    TransactionKind.CAPTURE: PaymentAction.CAPTURE,
    TransactionKind.REFUND: PaymentAction.REFUND,
    TransactionKind.VOID: PaymentAction.VOID,
    TransactionKind.RELEASE: PaymentAction.RELEASE,
}


class SettledOrder(msgspec.Struct, frozen=True):
    """What a payment has captured and refunded for its order."""

    order_id: str
    captured_amount: int = 0
    refunded_amount: int = 0


class PaymentRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A payment as it is stored and shown; amounts are minor units, totals money."""

    id: str = msgspec.field(name="_id")
    order_id: str
    company_id: str
    status: PaymentStatus = PaymentStatus.PENDING
    amount: int
    currency: str
    created_at: datetime
    updated_at: datetime
    stored_transactions: list[TransactionRecord] = msgspec.field(name="transactions", default_factory=list)
    method: str = "card"
    captured_amount: int = 0
    refunded_amount: int = 0
    version: int = 0
    commit_id: str | None = None

    @property
    def revision(self) -> str:
        return revision_of(self.version, self.commit_id)

    def for_buyers(self) -> PaymentRecord:
        """Return it as buyers read it, without the processor's reasons about what the merchant did."""
        return msgspec.structs.replace(
            self, stored_transactions=[each.for_buyers() for each in self.stored_transactions]
        )

    @property
    def total(self) -> Money:
        return Money(self.amount, self.currency)

    @property
    def captured_total(self) -> Money:
        return Money(self.captured_amount, self.currency)

    @property
    def refunded_total(self) -> Money:
        return Money(self.refunded_amount, self.currency)

    @property
    def transactions(self) -> list[ShownTransaction]:
        return [each.shown(self.currency) for each in self.stored_transactions]

    @property
    def allowed_actions(self) -> list[PaymentAction]:
        """The actions that the API offers now, by the table of states and the amounts that are left."""
        return allowed_actions(
            self.status,
            refundable=self.captured_amount - requested_amount(TransactionKind.REFUND, self.stored_transactions),
        )


@dataclass(frozen=True, kw_only=True)
class PaymentsFilter(ChangesRequest):
    """Which payments are listed: those of one order, or all."""

    order_id: str | None = None


def is_allowed(status: PaymentStatus, action: PaymentAction) -> bool:
    """Return whether the table has a next state for this action."""
    return action in STATES[status]


def next_status(
    status: PaymentStatus, action: PaymentAction, *, amount: int, captured: int, refunded: int
) -> PaymentStatus:
    """
    Return the status after an action that succeeded; the amounts, in minor units, are those after it.

    `amount` is what can be captured in all: what was authorised and not released.

    An action that this state does not have leaves the status as it is: a declined payment stays declined.
    """
    after = STATES[status].get(action)
    if after is None:
        return status
    is_completed = refunded == captured if action == PaymentAction.REFUND else captured == amount
    return after.completed if is_completed and after.completed is not None else after.status


def allowed_actions(status: PaymentStatus, *, refundable: int) -> list[PaymentAction]:
    """
    Return the actions that the API offers for a payment in this state.

    `refundable` is the minor units that are captured and neither refunded nor pending to be.
    """
    return [action for action in ACTIONS_OF_PEOPLE if refundable > 0 and is_allowed(status, action)]
