"""The payment: one document per order, with every transaction inside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Self

from mongoengine import (
    DateTimeField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    EnumField,
    IntField,
    StringField,
)

from services.payments import rules
from services.payments.rules import PaymentStatus, TransactionKind, TransactionStatus
from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.encryption import PAYMENT
from shared.data.events import Event
from shared.data.persistence import Aggregate
from shared.events.catalog.payments import PaymentAuthorized, PaymentCaptured, PaymentDeclined, PaymentRefunded


class Transaction(EmbeddedDocument):
    """
    One movement of money. `id` is its idempotency key at the processor, so that it happens once.

    `natural_key` says what it is for and is unique within its payment; `due_at` is when a sweeper looks at it again.
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

    meta: ClassVar[dict[str, Any]] = {"strict": False}

    @property
    def is_pending(self) -> bool:
        return bool(self.status == TransactionStatus.PENDING)

    @property
    def is_made(self) -> bool:
        return bool(self.status == TransactionStatus.SUCCEEDED)

    @property
    def age(self) -> float:
        """Seconds since it was asked for."""
        return (now() - self.created_at).total_seconds()


class Payment(Aggregate):
    """What one order costs its company, and what was authorised, captured and refunded of it."""

    id_prefix = "pay"

    order_id = StringField(required=True)
    company_id = StringField(required=True)
    method = StringField(default="card")
    status = EnumField(PaymentStatus, default=PaymentStatus.PENDING)
    amount = IntField(required=True)
    currency = StringField(required=True, min_length=3, max_length=3)
    captured_amount = IntField(default=0)
    refunded_amount = IntField(default=0)
    card_token = EncryptedStringField(purpose=PAYMENT)
    charge_id = StringField()
    transactions = EmbeddedDocumentListField(Transaction)
    attempt_due_at = DateTimeField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "payments",
        "db_alias": "payments",
        "indexes": [
            {"fields": ["order_id"], "unique": True},
            ("company_id", "-_id"),
            {"fields": ["attempt_due_at"], "sparse": True},
        ],
    }

    @classmethod
    def find_by_order(cls, order_id: str) -> Self | None:
        found: Self | None = cls.objects(order_id=str(order_id)).first()
        return found

    @classmethod
    def begin(cls, *, order_id: str, company_id: str, amount: int, currency: str, card_token: str) -> Self:
        """Return a new payment whose authorisation is about to be asked for; not yet committed."""
        payment = cls(order_id=order_id, company_id=company_id, amount=amount, currency=currency, card_token=card_token)
        payment._add(TransactionKind.AUTHORIZATION, "authorization", amount)
        return payment

    @property
    def authorization(self) -> Transaction:
        return self.transactions[0]

    @property
    def refundable_amount(self) -> int:
        """What is captured and neither refunded nor about to be."""
        return int(self.captured_amount - self._sum(TransactionKind.REFUND))

    def find_transaction(self, *, key: str = "", transaction_id: str = "") -> Transaction | None:
        """Return the transaction of this natural key or id, or None."""
        return next((each for each in self.transactions if each.natural_key == key or each.id == transaction_id), None)

    def commit(self) -> Self:
        """Write as every aggregate does; the soonest pending transaction says when a sweeper looks."""
        due = [each.due_at for each in self.transactions if each.is_pending and each.due_at]
        self.attempt_due_at = min(due, default=None)
        return super().commit()

    def authorize(self, charge_id: str, *, is_late: bool) -> bool:
        """
        Note that the processor holds the money; False when that is known already.

        `is_late` announces it, since nobody waits for the answer any more. A charge that turns up
        after we told the order that it was declined is voided.
        """
        if self.charge_id:
            return False
        self.charge_id = charge_id
        if self.status == PaymentStatus.DECLINED:
            self._add(TransactionKind.VOID, "void", self.amount)
            return True
        self._settle(self.authorization, TransactionStatus.SUCCEEDED, processor_id=charge_id)
        if is_late and self.find_transaction(key="void") is None:
            self.record(
                PaymentAuthorized(
                    payment_id=self.id, order_id=self.order_id, currency=self.currency, amount=self.amount
                )
            )
        return True

    def decline(self, reason: str, *, is_late: bool) -> bool:
        """Note that there will be no money; False when the answer is known already."""
        if not self.authorization.is_pending:
            return False
        for transaction in self.transactions:
            if transaction.is_pending:
                self._settle(transaction, TransactionStatus.FAILED, reason=reason)
        self.status = PaymentStatus.DECLINED
        self.card_token = None
        if is_late:
            self.record(PaymentDeclined(payment_id=self.id, order_id=self.order_id, reason=reason))
        return True

    def request_capture(self, shipment_id: str, amount: int) -> Transaction:
        """Ask for the amount of one shipment, once; beyond the authorisation it fails at once."""
        key = f"capture:{shipment_id}"
        existing = self.find_transaction(key=key)
        if existing is not None:
            return existing
        capture = self._add(TransactionKind.CAPTURE, key, amount, shipment_id=shipment_id)
        if self._sum(TransactionKind.CAPTURE) > self.amount:
            self._settle(capture, TransactionStatus.FAILED, reason="exceeds_authorization")
        return capture

    def request_refund(
        self, key: str, amount: int, *, return_id: str | None = None, reference: str | None = None
    ) -> Transaction:
        """Ask for a refund, once per natural key; it waits for its capture, but never goes beyond the authorisation."""
        existing = self.find_transaction(key=key)
        if existing is not None:
            return existing
        refund = self._add(TransactionKind.REFUND, key, amount, return_id=return_id, reference=reference)
        if self._sum(TransactionKind.REFUND) > self.amount:
            self._settle(refund, TransactionStatus.FAILED, reason="exceeds_authorization")
        return refund

    def request_void(self) -> Transaction | None:
        """Ask to release the authorisation, once; None when there is nothing that could be released."""
        existing = self.find_transaction(key="void")
        if existing is not None:
            return existing
        is_spent = self._sum(TransactionKind.CAPTURE) > 0
        if is_spent or self.status in {PaymentStatus.DECLINED, PaymentStatus.VOIDED}:
            return None
        return self._add(TransactionKind.VOID, "void", self.amount)

    def is_ready(self, transaction: Transaction) -> bool:
        """Return whether the processor can be asked for it now; events may come in any order."""
        if transaction.kind == TransactionKind.CAPTURE:
            return self.status not in rules.WITHOUT_MONEY
        if transaction.kind == TransactionKind.REFUND:
            return bool(self.captured_amount - self.refunded_amount >= transaction.amount)
        return transaction.kind == TransactionKind.AUTHORIZATION or bool(self.charge_id)

    def succeed(self, transaction: Transaction, processor_id: str) -> bool:
        """Note that a capture, refund or void was made and announce it; False when that is known already."""
        if not transaction.is_pending:
            return False
        if transaction.kind == TransactionKind.CAPTURE:
            self.captured_amount += transaction.amount
        if transaction.kind == TransactionKind.REFUND:
            self.refunded_amount += transaction.amount
        self._settle(transaction, TransactionStatus.SUCCEEDED, processor_id=processor_id)
        event = self._announcement(transaction)
        if event is not None:
            self.record(event)
        return True

    def announce_again(self, transaction: Transaction) -> bool:
        """Announce once more what was made a while ago, to who asks again; False for what is merely repeated."""
        if not transaction.is_made or not rules.is_asked_anew(transaction.age):
            return False
        event = self._announcement(transaction)
        if event is not None:
            self.record(event)
        return event is not None

    def fail(self, transaction: Transaction, reason: str) -> bool:
        """Note that the processor refuses, or that we stopped asking; False when the outcome is known already."""
        if not transaction.is_pending:
            return False
        self._settle(transaction, TransactionStatus.FAILED, reason=reason)
        return True

    def postpone(self, transaction: Transaction) -> bool:
        """Note an attempt without an answer and when to make the next; False when the outcome is known already."""
        if not transaction.is_pending:
            return False
        transaction.attempts += 1
        transaction.due_at = now() + rules.retry_delay(transaction.attempts)
        return True

    def _add(self, kind: TransactionKind, key: str, amount: int, **details: str | None) -> Transaction:
        moment = now()
        transaction = Transaction(
            id=new_id("txn"),
            kind=kind,
            amount=amount,
            natural_key=key,
            created_at=moment,
            due_at=moment + rules.FIRST_SWEEP_AFTER,
            **details,
        )
        self.transactions.append(transaction)
        return transaction

    def _settle(self, transaction: Transaction, status: TransactionStatus, **details: str) -> None:
        transaction.status = status
        transaction.due_at = None
        for name, value in details.items():
            setattr(transaction, name, value)
        if status != TransactionStatus.SUCCEEDED or self.status == PaymentStatus.DECLINED:
            return
        self.card_token = None
        self.status = (
            PaymentStatus.VOIDED
            if transaction.kind == TransactionKind.VOID
            else rules.status_of(self.amount, captured=self.captured_amount, refunded=self.refunded_amount)
        )

    def _sum(self, kind: TransactionKind) -> int:
        return sum(
            each.amount for each in self.transactions if each.kind == kind and each.status != TransactionStatus.FAILED
        )

    def _announcement(self, transaction: Transaction) -> Event | None:
        about = {"payment_id": self.id, "order_id": self.order_id, "currency": self.currency}
        if transaction.kind == TransactionKind.CAPTURE:
            return PaymentCaptured(**about, shipment_id=transaction.shipment_id or "", amount=transaction.amount)
        if transaction.kind == TransactionKind.REFUND:
            return PaymentRefunded(
                **about,
                company_id=self.company_id,
                refund_id=transaction.id,
                return_id=transaction.return_id,
                amount=transaction.amount,
            )
        return None


def due_payments(moment: datetime, limit: int) -> list[str]:
    """Ids of payments with a pending transaction due before `moment`, longest due first."""
    found = Payment.collection().find({"attempt_due_at": {"$lte": moment}}, {"_id": 1})
    return [each["_id"] for each in found.sort("attempt_due_at", 1).limit(limit)]
