"""Captures, refunds and voids: recorded as pending first, then carried out by key, once each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from services.payments import rules
from services.payments.clients import clients
from services.payments.documents import CancelledOrder, Payment, Transaction, due_payments
from services.payments.errors import ProcessorRefused, RefundTooLarge
from services.payments.operations.authorizing import resolve_authorization
from services.payments.operations.changing import change_payment, leaving_time_to_record
from services.payments.operations.reading import show_transaction
from services.payments.rules import TransactionKind
from shared.base.clock import now
from shared.base.errors import FieldError, Unavailable
from shared.base.money import Money
from shared.data.persistence import retry_on_failover
from shared.observe.observability import counter, get_logger
from shared.web.tokens import Principal

log = get_logger()

MOVEMENTS = counter("payment_movements_total", "Captures, refunds and voids, by kind and outcome", ["kind", "outcome"])


class Pending(NamedTuple):
    """A transaction that a job is to carry out."""

    payment_id: str
    transaction_id: str


def record_capture(payment_id: str, *, shipment_id: str, amount: int) -> Pending | None:
    """Note that a shipment's amount is to be captured; None, and told again, when that has been settled before."""
    return _record(Payment.get(payment_id), lambda payment: payment.request_capture(shipment_id, amount))


def record_refund(payment_id: str, *, return_id: str, amount: int) -> Pending | None:
    """Note that a return's amount is to be refunded; None, and told again, when that has been settled before."""
    key = f"refund:return:{return_id}"
    return _record(Payment.get(payment_id), lambda payment: payment.request_refund(key, amount, return_id=return_id))


def record_void(order_id: str) -> Pending | None:
    """Note that an order was cancelled; None when it has no authorisation to release."""
    # Written before the payment is looked for, read after a payment is written: whoever comes second sees the other.
    tombstone = CancelledOrder(order_id=order_id, cancelled_at=now())
    retry_on_failover(tombstone.save)
    payment = Payment.find_by_order(order_id)
    return None if payment is None else _record(payment, Payment.request_void)


def refund_payment(
    staff: Principal, payment_id: str, *, amount: Money, reference: str | None, key: str
) -> tuple[dict[str, Any], int]:
    """
    Refund captured money at once and return the transaction with 201, or with 200 the one this reference already has.

    Without an answer from the processor it stays pending and is carried out later.
    """
    payment = Payment.get(payment_id, **staff.company_scope("payments:refund"))
    natural_key = f"refund:reference:{reference}" if reference else f"refund:key:{key}"
    existing = payment.find_transaction(key=natural_key)
    if existing is not None:
        return show_transaction(existing, payment.currency), 200
    _check_refund(payment, amount)
    refund = payment.request_refund(natural_key, amount.amount, reference=reference)
    payment = _move(payment.commit(), refund)
    return show_transaction(payment.find_transaction(transaction_id=refund.id) or refund, payment.currency), 201


def carry_out(payment_id: str, transaction_id: str) -> None:
    """Ask the processor for one pending transaction, and for the refunds that waited for it; safe to run twice."""
    payment = Payment.get(payment_id)
    transaction = payment.find_transaction(transaction_id=transaction_id)
    tried: set[str] = set()
    while transaction is not None and transaction.is_pending:
        tried.add(transaction.id)
        payment = _attempt(payment, transaction)
        waiting = (each for each in payment.transactions if each.is_pending and each.id not in tried)
        transaction = next((each for each in waiting if payment.is_ready(each)), None)


def find_due(limit: int) -> list[str]:
    """Ids of at most `limit` payments with a transaction whose job must have got lost, longest due first."""
    return due_payments(now(), limit)


def carry_out_due(payment_id: str) -> None:
    """Carry out what is due of one payment."""
    moment = now()
    due = [
        each
        for each in Payment.get(payment_id).transactions
        if each.is_pending and each.due_at and each.due_at <= moment
    ]
    for transaction in due:
        carry_out(payment_id, transaction.id)


def _record(payment: Payment, request: Callable[[Payment], Transaction | None]) -> Pending | None:
    known = len(payment.transactions)
    transaction = request(payment)
    if transaction is None:
        log.info("nothing_to_move", payment_id=payment.id, order_id=payment.order_id, status=payment.status)
        return None
    if len(payment.transactions) > known:
        payment.commit()
        about = {"payment_id": payment.id, "transaction_id": transaction.id, "kind": transaction.kind}
        log.info("transaction_recorded", **about)
        if not transaction.is_pending:
            MOVEMENTS.labels(str(transaction.kind), "refused").inc()
            log.error("movement_refused", **about, reason=transaction.reason)
    elif payment.announce_again(transaction):
        payment.commit()
        log.warning("movement_announced_again", payment_id=payment.id, transaction_id=transaction.id)
    return Pending(payment.id, transaction.id) if transaction.is_pending else None


def _check_refund(payment: Payment, amount: Money) -> None:
    if amount.currency != payment.currency:
        raise RefundTooLarge(errors=[FieldError("/amount/currency", f"The payment is in {payment.currency}.")])
    if not 0 < amount.amount <= payment.refundable_amount:
        allowed = max(0, payment.refundable_amount)
        raise RefundTooLarge(errors=[FieldError("/amount/amount", f"Give 1 to {allowed} minor units.")])


def _attempt(payment: Payment, transaction: Transaction) -> Payment:
    if transaction.kind == TransactionKind.AUTHORIZATION:
        return resolve_authorization(payment)
    if payment.is_ready(transaction):
        return _move(payment, transaction)
    if transaction.age < rules.MOVEMENT_GIVEN_UP_AFTER.total_seconds():
        return _settle(payment, transaction, "waiting")
    log.error("movement_given_up", payment_id=payment.id, transaction_id=transaction.id, kind=transaction.kind)
    return _settle(payment, transaction, "refused", "never_possible")


def _move(payment: Payment, transaction: Transaction) -> Payment:
    """Ask the processor and record its answer; without one the transaction stays pending for the sweeper."""
    try:
        with leaving_time_to_record():
            processor_id = _ask(payment, transaction)
    except Unavailable as silence:
        log.warning("movement_unanswered", payment_id=payment.id, transaction_id=transaction.id, reason=str(silence))
        return _settle(payment, transaction, "unanswered")
    except ProcessorRefused as refusal:
        log.error("movement_refused", payment_id=payment.id, transaction_id=transaction.id, reason=refusal.code)
        return _settle(payment, transaction, "refused", refusal.code)
    log.info("movement_made", payment_id=payment.id, transaction_id=transaction.id, kind=transaction.kind)
    return _settle(payment, transaction, "succeeded", processor_id)


def _settle(payment: Payment, transaction: Transaction, outcome: str, answer: str = "") -> Payment:
    MOVEMENTS.labels(str(transaction.kind), outcome).inc()

    def change(present: Payment) -> bool:
        mine = present.find_transaction(transaction_id=transaction.id)
        if mine is None:
            return False
        if outcome == "succeeded":
            return present.succeed(mine, answer)
        return present.fail(mine, answer) if outcome == "refused" else present.postpone(mine)

    return change_payment(payment, change)


def _ask(payment: Payment, transaction: Transaction) -> str:
    processor, charge_id = clients().processor, payment.charge_id
    if charge_id is None:
        raise Unavailable(f"Payment {payment.id} has no charge yet")
    if transaction.kind == TransactionKind.VOID:
        return processor.void(charge_id, key=transaction.id)
    ask = processor.capture if transaction.kind == TransactionKind.CAPTURE else processor.refund
    return ask(charge_id, transaction.amount, key=transaction.id)
