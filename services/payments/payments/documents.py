"""The payment: one document per order, with every transaction inside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Self

from mongoengine import DateTimeField, EmbeddedDocumentListField, EnumField, IntField, StringField

from services.payments.payments import rules
from services.payments.payments.rules import PaymentAction, PaymentStatus
from services.payments.transactions.documents import Transaction
from services.payments.transactions.rules import (
    TransactionKind,
    TransactionStatus,
    is_announced_again,
    requested_amount,
    succeeded_amount,
)
from shared.base.errors import VersionConflict
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.encryption import PAYMENT
from shared.data.events import Event
from shared.data.persistence import Aggregate
from shared.data.version_conflicts import retry_on_version_conflict
from shared.events.catalog.payments import PaymentAuthorized, PaymentDeclined


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

    meta = {
        "collection": "payments",
        "db_alias": "payments",
        "indexes": [
            {"fields": ["order_id"], "unique": True},
            ("company_id", "-_id"),
            ("updated_at", "_id"),
            ("company_id", "updated_at", "_id"),
            {"fields": ["attempt_due_at"], "sparse": True},
        ],
    }

    @classmethod
    def find_by_order(cls, order_id: str) -> Self | None:
        """Return the payment of an order, or None."""
        found: Self | None = cls.objects(order_id=str(order_id)).first()
        return found

    @classmethod
    def begin(cls, *, order_id: str, company_id: str, amount: int, currency: str, card_token: str) -> Self:
        """Return a new payment with a pending authorisation; not yet committed."""
        payment = cls(order_id=order_id, company_id=company_id, amount=amount, currency=currency, card_token=card_token)
        payment._add(TransactionKind.AUTHORIZATION, "authorization", amount)
        return payment

    @property
    def authorization(self) -> Transaction:
        return self.transactions[0]

    @property
    def capturable_amount(self) -> int:
        """Minor units that can be captured in all: what was authorised and is not released or pending to be."""
        return int(self.amount - requested_amount(TransactionKind.RELEASE, self.transactions))

    @property
    def refundable_amount(self) -> int:
        """Minor units that are captured and neither refunded nor pending to be."""
        return int(self.captured_amount - requested_amount(TransactionKind.REFUND, self.transactions))

    def find_transaction(self, *, key: str = "", transaction_id: str = "") -> Transaction | None:
        """Return the transaction of this natural key or id, or None."""
        return next((each for each in self.transactions if each.natural_key == key or each.id == transaction_id), None)

    def commit(self) -> Self:
        """Write state and events; `attempt_due_at` becomes the time at which the sweeper reads the payment next."""
        due = [each.due_at for each in self.transactions if each.is_pending and each.due_at]
        self.attempt_due_at = min(due, default=None)
        return super().commit()

    def authorize(self, charge_id: str, *, is_late: bool) -> bool:
        """
        Record that the processor holds the money; False when that is recorded already.

        `is_late` announces it, since no request waits for the answer any more. A charge that is found
        after the order was answered "declined" is voided.
        """
        if self.charge_id:
            return False
        self.charge_id = charge_id
        if self.status == PaymentStatus.DECLINED:
            self._add(TransactionKind.VOID, "void", self.amount)
            return True
        self._close(self.authorization, TransactionStatus.SUCCEEDED, processor_id=charge_id)
        if is_late and self.find_transaction(key="void") is None:
            self.record(
                PaymentAuthorized(
                    payment_id=self.id, order_id=self.order_id, currency=self.currency, amount=self.amount
                )
            )
        return True

    def decline(self, reason: str, *, is_late: bool) -> bool:
        """Record that the processor holds no money; False when the outcome is recorded already."""
        if not self.authorization.is_pending:
            return False
        for transaction in self.transactions:
            if transaction.is_pending:
                self._fail(transaction, reason)
        self._enter(PaymentAction.DECLINE)
        if is_late:
            self.record(PaymentDeclined(payment_id=self.id, order_id=self.order_id, reason=reason))
        return True

    def request_capture(self, shipment_id: str, amount: int) -> Transaction:
        """Record a capture of one shipment's amount, once; beyond the authorisation it fails at once."""
        key = f"capture:{shipment_id}"
        existing = self.find_transaction(key=key)
        if existing is not None:
            return existing
        capture = self._add(TransactionKind.CAPTURE, key, amount, shipment_id=shipment_id)
        if requested_amount(TransactionKind.CAPTURE, self.transactions) > self.capturable_amount:
            self._fail(capture, "exceeds_authorization")
        return capture

    def request_refund(
        self, key: str, amount: int, *, return_id: str | None = None, reference: str | None = None
    ) -> Transaction:
        """Record a refund, once per natural key; it waits for its capture, and fails beyond the authorisation."""
        existing = self.find_transaction(key=key)
        if existing is not None:
            return existing
        refund = self._add(TransactionKind.REFUND, key, amount, return_id=return_id, reference=reference)
        if requested_amount(TransactionKind.REFUND, self.transactions) > self.amount:
            self._fail(refund, "exceeds_authorization")
        return refund

    def request_release(self, amount: int) -> Transaction:
        """Record a release of the amount that will not be captured, once; beyond what is not captured it fails."""
        existing = self.find_transaction(key="release")
        if existing is not None:
            return existing
        release = self._add(TransactionKind.RELEASE, "release", amount)
        if requested_amount(TransactionKind.CAPTURE, self.transactions) > self.capturable_amount:
            self._fail(release, "exceeds_authorization")
        return release

    def request_void(self) -> Transaction | None:
        """Record a void of the authorisation, once; None when no authorisation is left to release."""
        existing = self.find_transaction(key="void")
        if existing is not None:
            return existing
        if requested_amount(TransactionKind.CAPTURE, self.transactions) > 0 or not rules.is_allowed(
            self.status, PaymentAction.VOID
        ):
            return None
        return self._add(TransactionKind.VOID, "void", self.amount)

    def is_ready(self, transaction: Transaction) -> bool:
        """Return whether the processor can be called for it now; events may come in any order."""
        if transaction.kind == TransactionKind.CAPTURE:
            return rules.is_allowed(self.status, PaymentAction.CAPTURE)
        if transaction.kind == TransactionKind.REFUND:
            return bool(self.captured_amount - self.refunded_amount >= transaction.amount)
        return transaction.kind == TransactionKind.AUTHORIZATION or bool(self.charge_id)

    def is_news(self, transaction_id: str, kind: TransactionKind, *, is_charged: bool) -> bool:
        """Return whether the processor's report on one transaction changes this payment: most repeat the answer."""
        transaction = self.find_transaction(transaction_id=transaction_id)
        if transaction is None or transaction.is_pending:
            return transaction is not None
        is_unknown_charge = self.status == PaymentStatus.DECLINED and not self.charge_id
        return is_unknown_charge and is_charged and kind == TransactionKind.AUTHORIZATION

    def succeed(self, transaction: Transaction, processor_id: str) -> bool:
        """Record the success of a capture, refund, void or release and announce it; False when it has an outcome."""
        if not transaction.is_pending:
            return False
        if transaction.kind == TransactionKind.CAPTURE:
            self.captured_amount += transaction.amount
        if transaction.kind == TransactionKind.REFUND:
            self.refunded_amount += transaction.amount
        self._close(transaction, TransactionStatus.SUCCEEDED, processor_id=processor_id)
        event = self._event_of(transaction)
        if event is not None:
            self.record(event)
        return True

    def announce_again(self, transaction: Transaction) -> bool:
        """Announce the outcome of a repeated request once more; False for a duplicate delivery of the first request."""
        if transaction.is_pending or not is_announced_again(transaction.age):
            return False
        event = self._event_of(transaction)
        if event is not None:
            self.record(event)
        return event is not None

    def fail(self, transaction: Transaction, reason: str) -> bool:
        """Record and announce a refusal by the processor, or the expiry; False when there is an outcome already."""
        if not transaction.is_pending:
            return False
        self._fail(transaction, reason)
        return True

    def postpone(self, transaction: Transaction) -> bool:
        """Record an attempt without an answer and the time of the next; False when it has an outcome already."""
        if not transaction.is_pending:
            return False
        transaction.postpone()
        return True

    def _add(self, kind: TransactionKind, key: str, amount: int, **details: str | None) -> Transaction:
        transaction = Transaction.begin(kind, key, amount, **details)
        self.transactions.append(transaction)
        return transaction

    def _fail(self, transaction: Transaction, reason: str) -> None:
        self._close(transaction, TransactionStatus.FAILED, reason=reason)
        event = self._event_of(transaction)
        if event is not None:
            self.record(event)

    def _close(self, transaction: Transaction, status: TransactionStatus, **details: str) -> None:
        """Give a transaction its final status; a success also moves the payment to its next state."""
        transaction.close(status, **details)
        if status == TransactionStatus.SUCCEEDED:
            self._enter(rules.ACTION_OF[transaction.kind])

    def _enter(self, action: PaymentAction) -> None:
        self.card_token = None
        self.status = rules.next_status(
            self.status,
            action,
            amount=self.amount - succeeded_amount(TransactionKind.RELEASE, self.transactions),
            captured=self.captured_amount,
            refunded=self.refunded_amount,
        )

    def _event_of(self, transaction: Transaction) -> Event | None:
        return transaction.event(
            payment_id=self.id, order_id=self.order_id, company_id=self.company_id, currency=self.currency
        )


def due_payments(moment: datetime, limit: int) -> list[str]:
    """Return the ids of payments with a pending transaction due before `moment`, longest due first."""
    found = Payment.collection().find({"attempt_due_at": {"$lte": moment}}, {"_id": 1})
    return [each["_id"] for each in found.sort("attempt_due_at", 1).limit(limit)]


def change_payment(payment: Payment, change: Callable[[Payment], bool]) -> Payment:
    """
    Change and commit a payment that a webhook, a job and a request may change at the same time.

    `change` returns False when nothing is left to do. After a version conflict it decides again on the stored payment,
    so it must not call another service.
    """
    try:
        return _commit_change(payment, change)
    except VersionConflict:
        return _change_stored(payment.id, change)


@retry_on_version_conflict
def _change_stored(payment_id: str, change: Callable[[Payment], bool]) -> Payment:
    return _commit_change(Payment.get(payment_id), change)


def _commit_change(payment: Payment, change: Callable[[Payment], bool]) -> Payment:
    return payment.commit() if change(payment) else payment
