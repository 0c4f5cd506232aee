"""Reading payments, and recording the captures, refunds and voids that events cause."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from services.payments.payments.documents import Payment
from services.payments.payments.rules import PaymentRecord, PaymentsFilter
from services.payments.transactions.documents import CancelledOrder, Transaction
from services.payments.transactions.rules import (
    Outcome,
    PendingTransaction,
    ShownTransaction,
    TransactionKind,
    refund_key,
)
from shared.base.clock import now
from shared.base.errors import NotFound
from shared.data.pagination import Page, changes_page
from shared.data.persistence import retry_on_failover
from shared.data.struct_fields import stored_as
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

HIDDEN = {"outbox": 0, "card_token": 0}


def get_payment(reader: Principal, payment_id: str) -> PaymentRecord:
    """Return one payment; raise NotFound for one of another company."""
    found = stored_as(PaymentRecord, Payment.get_fields(payment_id, reader.company_scope("payments:read")))
    return _shown_to(reader, found)


def get_refund(reader: Principal, payment_id: str, refund_id: str) -> ShownTransaction:
    """Return one refund of a payment; raise NotFound for one of another company."""
    for transaction in get_payment(reader, payment_id).transactions:
        if transaction.id == refund_id and transaction.kind is TransactionKind.REFUND:
            return transaction
    raise NotFound(f"Refund {refund_id} was not found")


def list_payments(reader: Principal, wanted: PaymentsFilter) -> Page[PaymentRecord]:
    """Return a page of payments without their card tokens."""
    query = {**reader.company_scope("payments:read")}
    if wanted.order_id is not None:
        query["order_id"] = wanted.order_id
    found = changes_page(Payment.collection(), query, wanted, fields=HIDDEN)
    return found.readable(partial(stored_as, PaymentRecord)).map(partial(_shown_to, reader))


def _shown_to(reader: Principal, found: PaymentRecord) -> PaymentRecord:
    return found if reader.covers_all("payments:read") else found.for_buyers()


def record_capture(payment_id: str | None, *, shipment_id: str, amount: int) -> PendingTransaction | None:
    """Record the capture of a shipment's amount and return it; None when it is free or has an outcome already."""
    if payment_id is None or amount <= 0:
        return None
    return _record(Payment.get(payment_id), lambda payment: payment.request_capture(shipment_id, amount))


def record_refund(payment_id: str | None, *, return_id: str, amount: int) -> PendingTransaction | None:
    """Record the refund of a return's amount and return it; None when it is free or has an outcome already."""
    if payment_id is None or amount <= 0:
        return None
    key = refund_key(return_id=return_id)
    return _record(Payment.get(payment_id), lambda payment: payment.request_refund(key, amount, return_id=return_id))


def record_release(payment_id: str | None, *, amount: int) -> PendingTransaction | None:
    """Record the release of what will not be captured and return it; None when it is nothing or has an outcome."""
    if payment_id is None or amount <= 0:
        return None
    return _record(Payment.get(payment_id), lambda payment: payment.request_release(amount))


def record_void(order_id: str) -> PendingTransaction | None:
    """Record that an order was cancelled; None when it has no authorisation to release."""
    # Written before the payment is read, and read after a payment is written: the later of the two sees the other.
    tombstone = CancelledOrder(order_id=order_id, cancelled_at=now())
    retry_on_failover(tombstone.save)
    payment = Payment.find_by_order(order_id)
    return None if payment is None else _record(payment, Payment.request_void)


def _record(payment: Payment, request: Callable[[Payment], Transaction | None]) -> PendingTransaction | None:
    """Commit what `request` adds to the payment; the outcome of a repeated request is announced again."""
    known = len(payment.transactions)
    transaction = request(payment)
    if transaction is None:
        log.info("no_transaction_needed", payment_id=payment.id, order_id=payment.order_id, status=payment.status)
        return None
    if len(payment.transactions) > known:
        _commit_request(payment, transaction)
    elif payment.announce_again(transaction):
        payment.commit()
        log.warning("payment_transaction_announced_again", **transaction.log_fields(payment.id))
    return PendingTransaction(payment.id, transaction.id) if transaction.is_pending else None


def _commit_request(payment: Payment, transaction: Transaction) -> None:
    payment.commit()
    log.info("payment_transaction_recorded", **transaction.log_fields(payment.id))
    if not transaction.is_pending:
        transaction.count(Outcome.FAILED)
        log.error("payment_transaction_failed", **transaction.log_fields(payment.id), reason=transaction.reason)
