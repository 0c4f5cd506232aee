"""
Calls of the card processor: authorise, capture, refund, void, and the webhooks that report outcomes.

A transaction is recorded as pending first and carried out by its key, so that each happens once.
"""

from __future__ import annotations

from collections.abc import Mapping

from mongoengine.errors import NotUniqueError

from services.payments.cards import rules
from services.payments.cards.rules import (
    AuthorizationAnswer,
    AuthorizationRequest,
    CardPage,
    CardPageRequest,
    RefundRequest,
)
from services.payments.clients import clients
from services.payments.clients.processor import Charge, Settlement
from services.payments.config import PaymentsSettings
from services.payments.errors import PaymentDiffers, ProcessorRefused, RefundTooLarge, ReturnUrlNotAllowed
from services.payments.payments.documents import Payment, change_payment, due_payments
from services.payments.payments.rules import PaymentStatus
from services.payments.transactions.documents import CancelledOrder, Transaction
from services.payments.transactions.rules import Outcome, ShownTransaction, TransactionKind, refund_key
from shared.base.clock import now
from shared.base.errors import FieldError, NotFound, Unavailable, VersionConflict
from shared.base.ids import new_id
from shared.base.money import Money, money_text
from shared.base.preconditions import Precondition
from shared.data.older_copies import require_no_older_copy
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import counter, get_logger
from shared.web.service import current_settings
from shared.web.tokens import Principal

log = get_logger()

DECLINES = counter("payment_declines_total", "Authorisations that were declined, by reason", ["reason"])
AUTHORIZATIONS = counter("payment_authorizations_total", "Authorisations requested, by outcome", ["outcome"])


def open_card_page(request: CardPageRequest) -> CardPage:
    """Return a new card page; raise ReturnUrlNotAllowed for a return URL outside the two public origins."""
    settings = current_settings(PaymentsSettings)
    if not rules.is_own_url(request.return_url, (settings.public_customer_url, settings.public_gateway_url)):
        raise ReturnUrlNotAllowed(errors=[FieldError("/return_url", "Give an address of one of our portals.")])
    return CardPage(clients().processor.create_session(request.return_url, key=new_id("ses")))


def authorize_payment(request: AuthorizationRequest) -> AuthorizationAnswer:
    """
    Authorise and return how it ended: authorized, declined (why), or pending when no answer came in time.

    The order id is the natural key: a repeat requests the same charge, never another.
    """
    payment = _begin(request)
    if payment.status == PaymentStatus.PENDING:
        payment = _authorize(payment)
    return AuthorizationAnswer(payment.id, rules.authorization_status(payment.status), payment.authorization.reason)


def refund_payment(
    staff: Principal,
    payment_id: str,
    refund: RefundRequest,
    *,
    idempotency_key: str,
    precondition: Precondition,
) -> tuple[ShownTransaction, int]:
    """
    Refund captured money at once and return the transaction with 201, or with 200 the one this reference already has.

    Without an answer from the processor, and when others change the payment all the time, it stays pending and is
    carried out later, under the same key at the processor.
    """
    require_no_older_copy("payments")
    key = refund_key(reference=refund.reference, idempotency_key=idempotency_key)
    payment, transaction, is_new = _find_or_record_refund(staff, payment_id, refund, key, precondition)
    if is_new:
        payment = _attempt_recorded(payment, transaction)
        transaction = payment.find_transaction(transaction_id=transaction.id) or transaction
    return transaction.shown(payment.currency), 201 if is_new else 200


def carry_out(payment_id: str, transaction_id: str) -> None:
    """Attempt one pending transaction, then those that waited for it, each once; safe to run twice."""
    payment = Payment.get(payment_id)
    transaction = payment.find_transaction(transaction_id=transaction_id)
    attempted: set[str] = set()
    while transaction is not None and transaction.is_pending:
        attempted.add(transaction.id)
        payment = _attempt(payment, transaction)
        waiting = (each for each in payment.transactions if each.is_pending and each.id not in attempted)
        transaction = next((each for each in waiting if payment.is_ready(each)), None)


def find_due(limit: int) -> list[str]:
    """Return the ids of at most `limit` payments with a transaction whose job was lost, longest due first."""
    return due_payments(now(), limit)


def carry_out_due(payment_id: str) -> None:
    """Carry out what is due of one payment."""
    moment = now()
    due = [each for each in Payment.get(payment_id).transactions if each.is_due(moment)]
    for transaction in due:
        carry_out(payment_id, transaction.id)


def apply_webhook(psp: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a webhook and record the outcome that it reports, unless that is recorded already."""
    processor = clients().processor
    if psp != processor.name:
        raise NotFound(f"Processor {psp} is not connected")
    settlement = processor.read_webhook(headers, body)
    if settlement is None:
        return
    payment = Payment.find_by_order(settlement.order_id)
    if payment is None:
        log.warning("webhook_payment_not_found", order_id=settlement.order_id)
    elif payment.is_news(settlement.key, settlement.kind, is_charged=settlement.charge.decline_code is None):
        _apply_settlement(payment, settlement)


def _begin(request: AuthorizationRequest) -> Payment:
    """Return the order's payment, a new one or the existing; raise PaymentDiffers when that has other terms."""
    company_id, amount, currency = request.company_id, request.amount.amount, request.amount.currency
    payment = Payment.begin(
        order_id=request.order_id, company_id=company_id, amount=amount, currency=currency, card_token=request.token
    )
    try:
        return payment.commit()
    except NotUniqueError:
        payment = Payment.objects.get(order_id=request.order_id)
    if (payment.company_id, payment.amount, payment.currency) != (company_id, amount, currency):
        raise PaymentDiffers(payment_id=payment.id)
    return payment


def _authorize(payment: Payment) -> Payment:
    if CancelledOrder.is_known(payment.order_id):  # the processor may hold the charge of an earlier request
        return _resolve_authorization(payment)
    try:
        charge = _charge(payment)
    except Unavailable as failure:
        log.warning("payment_authorization_unavailable", payment_id=payment.id, reason=str(failure))
        AUTHORIZATIONS.labels("pending").inc()
        return payment
    except ProcessorRefused as refusal:
        return _record_decline(payment, refusal.code, is_late=False)
    return _record_charge(payment, charge, is_late=False)


def _resolve_authorization(payment: Payment) -> Payment:
    """Resolve a charge without an answer: find it by its key, request it again, or decline it once it has expired."""
    authorization = payment.authorization
    try:
        charge = clients().find_charge(authorization.id)
        if charge is None and CancelledOrder.is_known(payment.order_id):
            return _record_decline(payment, "order_cancelled", is_late=True)
        if charge is None and authorization.age > rules.AUTHORIZATION_EXPIRES_AFTER.total_seconds():
            return _record_decline(payment, "processor_unavailable", is_late=True)
        if charge is None:
            charge = _charge(payment)
    except Unavailable as failure:
        log.warning("payment_authorization_unavailable", payment_id=payment.id, reason=str(failure))
        return change_payment(payment, lambda present: present.postpone(present.authorization))
    except ProcessorRefused as refusal:
        return _record_decline(payment, refusal.code, is_late=True)
    return _record_charge(payment, charge, is_late=True)


def _charge(payment: Payment) -> Charge:
    if payment.card_token is None:
        raise ProcessorRefused("card_token_missing")
    return clients().charge(
        payment.card_token,
        amount=payment.amount,
        currency=payment.currency,
        order_id=payment.order_id,
        key=payment.authorization.id,
    )


def _record_charge(payment: Payment, charge: Charge, *, is_late: bool) -> Payment:
    if charge.decline_code is not None:
        return _record_decline(payment, charge.decline_code, is_late=is_late)
    changed = change_payment(payment, lambda present: present.authorize(charge.id, is_late=is_late))
    AUTHORIZATIONS.labels("authorized").inc()
    log.info("payment_authorized", payment_id=changed.id, order_id=changed.order_id, is_late=is_late)
    return changed


def _record_decline(payment: Payment, reason: str, *, is_late: bool) -> Payment:
    changed = change_payment(payment, lambda present: present.decline(reason, is_late=is_late))
    DECLINES.labels(rules.decline_label(reason)).inc()
    AUTHORIZATIONS.labels("declined").inc()
    log.info("payment_declined", payment_id=changed.id, order_id=changed.order_id, reason=reason, is_late=is_late)
    return changed


@retry_on_version_conflict
def _find_or_record_refund(
    staff: Principal, payment_id: str, refund: RefundRequest, key: str, precondition: Precondition
) -> tuple[Payment, Transaction, bool]:
    """Return the payment, its refund of this natural key and whether that is new; raise RefundTooLarge."""
    payment = Payment.get(payment_id, **staff.company_scope("payments:refund"))
    existing = payment.find_transaction(key=key)
    if existing is not None:
        return payment, existing, False
    precondition.require(payment.revision)
    _check_refund(payment, refund.amount)
    transaction = payment.request_refund(key, refund.amount.amount, reference=refund.reference)
    payment.commit()
    log.info("payment_transaction_recorded", **transaction.log_fields(payment.id))
    return payment, transaction, True


def _check_refund(payment: Payment, amount: Money) -> None:
    if amount.currency != payment.currency:
        raise RefundTooLarge(errors=[FieldError("/amount/currency", f"The payment is in {payment.currency}.")])
    if not 0 < amount.amount <= payment.refundable_amount:
        allowed = money_text(max(0, payment.refundable_amount), payment.currency)
        raise RefundTooLarge(errors=[FieldError("/amount/amount", f"Give more than 0 and at most {allowed}.")])


def _attempt_recorded(payment: Payment, transaction: Transaction) -> Payment:
    """Attempt a transaction; one whose outcome could not be stored for version conflicts is left to the sweeper."""
    try:
        return _attempt(payment, transaction)
    except VersionConflict:
        log.warning("payment_outcome_not_stored", **transaction.log_fields(payment.id))
        return Payment.get(payment.id)


def _attempt(payment: Payment, transaction: Transaction) -> Payment:
    """Call the processor for one pending transaction if it can be called now, and record the outcome."""
    if transaction.kind == TransactionKind.AUTHORIZATION:
        return _resolve_authorization(payment)
    if payment.charge_id is not None and payment.is_ready(transaction):
        return _call_processor(payment, payment.charge_id, transaction)
    if transaction.age < rules.expires_after(transaction.kind).total_seconds():
        return _record_outcome(payment, transaction, Outcome.WAITING)
    log.error("payment_transaction_expired", **transaction.log_fields(payment.id))
    return _record_outcome(payment, transaction, Outcome.FAILED, "never_possible")


def _call_processor(payment: Payment, charge_id: str, transaction: Transaction) -> Payment:
    """Call the processor and record its answer; without one the transaction stays pending for the sweeper."""
    subject = transaction.log_fields(payment.id)
    try:
        processor_id = clients().carry_out(transaction.kind, charge_id, transaction.amount, key=transaction.id)
    except Unavailable as failure:
        log.warning("payment_transaction_unavailable", **subject, reason=str(failure))
        return _record_outcome(payment, transaction, Outcome.UNAVAILABLE)
    except ProcessorRefused as refusal:
        log.error("payment_transaction_failed", **subject, reason=refusal.code)
        return _record_outcome(payment, transaction, Outcome.FAILED, refusal.code)
    log.info("payment_transaction_succeeded", **subject)
    return _record_outcome(payment, transaction, Outcome.SUCCEEDED, processor_id)


def _record_outcome(payment: Payment, transaction: Transaction, outcome: Outcome, answer: str = "") -> Payment:
    """Record how an attempt ended; `answer` is the processor's id of a success, or the reason of a failure."""
    transaction.count(outcome)

    def change(present: Payment) -> bool:
        stored = present.find_transaction(transaction_id=transaction.id)
        if stored is None:
            return False
        if outcome == Outcome.SUCCEEDED:
            return present.succeed(stored, answer)
        return present.fail(stored, answer) if outcome == Outcome.FAILED else present.postpone(stored)

    return change_payment(payment, change)


def _apply_settlement(payment: Payment, settlement: Settlement) -> None:
    log.info("payment_settled_by_webhook", payment_id=payment.id, transaction_id=settlement.key, kind=settlement.kind)
    if settlement.kind == TransactionKind.AUTHORIZATION:
        _record_charge(payment, settlement.charge, is_late=True)
        return

    def change(present: Payment) -> bool:
        transaction = present.find_transaction(transaction_id=settlement.key)
        return transaction is not None and present.succeed(transaction, settlement.processor_id)

    change_payment(payment, change)
