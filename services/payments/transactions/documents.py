"""The transaction, embedded in the document of its payment, and the tombstone of a cancelled order."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from mongoengine import DateTimeField, Document, EmbeddedDocument, EnumField, IntField, StringField

from services.payments.transactions import rules
from services.payments.transactions.rules import Outcome, ShownTransaction, TransactionKind, TransactionStatus
from shared.base.clock import now
from shared.base.ids import new_id
from shared.base.money import Money
from shared.data.events import Event
from shared.events.catalog.payments import (
    PaymentCaptured,
    PaymentCaptureFailed,
    PaymentRefunded,
    PaymentRefundFailed,
)
from shared.observe.observability import counter

ATTEMPTS = counter(
    "payment_transactions_total", "Attempts of captures, refunds and voids, by kind and outcome", ["kind", "outcome"]
)
TOMBSTONE_KEPT_SECONDS = 7 * 24 * 3600


class Transaction(EmbeddedDocument):
    """
    One authorisation, capture, refund or void. `id` is its idempotency key at the processor, so that it happens once.

    `natural_key` names its cause and is unique within its payment; `due_at` is when the sweeper retries it.
    """

    id = StringField(required=True)
    kind = EnumField(TransactionKind, required=True)
    status = EnumField(TransactionStatus, default=TransactionStatus.PENDING)
    amount = IntField(required=True)
    natural_key = StringField(required=True)
    reference = StringField()
    shipment_id = StringField()
    return_id = StringField()
    reason = StringField()
    processor_id = StringField()
    attempts = IntField(default=0)
    created_at = DateTimeField(required=True)
    due_at = DateTimeField()

    meta = {"strict": False}

    @classmethod
    def begin(cls, kind: TransactionKind, key: str, amount: int, **details: str | None) -> Self:
        """Return a new pending transaction; `details` are `shipment_id`, `return_id` and `reference`."""
        moment = now()
        return cls(
            id=new_id("txn"),
            kind=kind,
            amount=amount,
            natural_key=key,
            created_at=moment,
            due_at=moment + rules.FIRST_SWEEP_AFTER,
            **details,
        )

    @property
    def is_pending(self) -> bool:
        return self.status == TransactionStatus.PENDING

    @property
    def has_succeeded(self) -> bool:
        return self.status == TransactionStatus.SUCCEEDED

    @property
    def age(self) -> float:
        """Seconds since the transaction was recorded."""
        return (now() - self.created_at).total_seconds()

    def close(self, status: TransactionStatus, **details: str) -> None:
        """Give the transaction its final status; `details` are `processor_id` or `reason`."""
        self.status, self.due_at = status, None
        for name, value in details.items():
            setattr(self, name, value)

    def postpone(self) -> None:
        """Count an attempt without an answer and set the time of the next."""
        self.attempts += 1
        self.due_at = now() + rules.retry_delay(self.attempts)

    def shown(self, currency: str) -> ShownTransaction:
        """Return the transaction as the API shows it, in the currency of its payment."""
        return ShownTransaction(
            id=self.id,
            kind=self.kind,
            status=self.status,
            amount=Money(self.amount, currency),
            created_at=self.created_at,
            reference=self.reference,
            reason=self.reason,
        )

    def event(self, *, payment_id: str, order_id: str, company_id: str, currency: str) -> Event | None:
        """Return the event of the outcome of a capture or refund of this payment, None for the other kinds."""
        about = {"payment_id": payment_id, "order_id": order_id, "currency": currency}
        named = {**about, "company_id": company_id}
        shipment_id, reason = self.shipment_id or "", self.reason or ""
        if self.kind == TransactionKind.CAPTURE and self.has_succeeded:
            return PaymentCaptured(**about, shipment_id=shipment_id, amount=self.amount)
        if self.kind == TransactionKind.CAPTURE:
            return PaymentCaptureFailed(**named, shipment_id=shipment_id, amount=self.amount, reason=reason)
        if self.kind != TransactionKind.REFUND:
            return None
        if self.has_succeeded:
            return PaymentRefunded(**named, refund_id=self.id, return_id=self.return_id, amount=self.amount)
        return PaymentRefundFailed(
            **named, refund_id=self.id, return_id=self.return_id, amount=self.amount, reason=reason
        )

    def is_due(self, moment: datetime) -> bool:
        """Return whether the sweeper retries the transaction at this moment."""
        return self.is_pending and self.due_at is not None and self.due_at <= moment

    def log_fields(self, payment_id: str) -> dict[str, str]:
        """Return what a log event about this transaction names."""
        return {"payment_id": payment_id, "transaction_id": self.id, "kind": self.kind}

    def count(self, outcome: Outcome) -> None:
        """Count one attempt in the metrics."""
        ATTEMPTS.labels(str(self.kind), outcome).inc()


class CancelledOrder(Document):
    """An order that was cancelled: an authorisation of it that comes too late is not made, or is voided."""

    order_id = StringField(primary_key=True)
    cancelled_at = DateTimeField(required=True)

    meta = {
        "collection": "cancelled_orders",
        "db_alias": "payments",
        "auto_create_index": False,
        "strict": False,
        "indexes": [{"fields": ["cancelled_at"], "expireAfterSeconds": TOMBSTONE_KEPT_SECONDS}],
    }

    @classmethod
    def is_known(cls, order_id: str) -> bool:
        return cls._get_collection().find_one({"_id": str(order_id)}, {"_id": 1}) is not None
