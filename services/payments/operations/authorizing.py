"""Authorising an order's amount: recorded, asked for, recorded; a lost answer is found again later."""

from __future__ import annotations

from mongoengine.errors import NotUniqueError

from services.payments import rules
from services.payments.clients import clients
from services.payments.clients.processor import Charge
from services.payments.documents import CancelledOrder, Payment
from services.payments.errors import PaymentDiffers, ProcessorRefused
from services.payments.operations.changing import change_payment, leaving_time_to_record
from services.payments.rules import PaymentStatus
from shared.base.errors import Unavailable
from shared.base.money import Money
from shared.observe.observability import counter, get_logger

log = get_logger()

DECLINES = counter("payment_declines_total", "Authorisations that were declined, by reason", ["reason"])
AUTHORIZATIONS = counter("payment_authorizations_total", "Authorisations asked for, by outcome", ["outcome"])


def authorize_payment(*, order_id: str, company_id: str, amount: Money, token: str) -> dict[str, str | None]:
    """
    Authorise and return how it ended: authorized, declined (why), or pending when no answer came in time.

    The order id is the natural key: a repeat asks for the same charge again, never for another.
    """
    payment = _begin(order_id, company_id, amount, token)
    if payment.status == PaymentStatus.PENDING:
        payment = _authorize(payment)
    status = rules.authorization_status(payment.status)
    return {"payment_id": payment.id, "status": status, "reason": payment.authorization.reason}


def _authorize(payment: Payment) -> Payment:
    if CancelledOrder.is_known(payment.order_id):  # an earlier request may have charged and got no answer
        return resolve_authorization(payment)
    try:
        with leaving_time_to_record():
            charge = _ask_for_charge(payment)
    except Unavailable as silence:
        log.warning("authorization_unanswered", payment_id=payment.id, reason=str(silence))
        AUTHORIZATIONS.labels("pending").inc()
        return payment
    except ProcessorRefused as refusal:
        return _decline(payment, refusal.code, is_late=False)
    return note_charge(payment, charge, is_late=False)


def resolve_authorization(payment: Payment) -> Payment:
    """Find out how a charge ended whose answer was lost: found by its key, asked for again, or given up as declined."""
    authorization = payment.authorization
    try:
        with leaving_time_to_record():
            charge = clients().processor.find_charge(authorization.id)
        if charge is None and CancelledOrder.is_known(payment.order_id):
            return _decline(payment, "order_cancelled", is_late=True)
        if charge is None and authorization.age > rules.AUTHORIZATION_GIVEN_UP_AFTER.total_seconds():
            return _decline(payment, "processor_unavailable", is_late=True)
        if charge is None:
            with leaving_time_to_record():
                charge = _ask_for_charge(payment)
    except Unavailable as silence:
        log.warning("authorization_unanswered", payment_id=payment.id, reason=str(silence))
        return change_payment(payment, lambda present: present.postpone(present.authorization))
    except ProcessorRefused as refusal:
        return _decline(payment, refusal.code, is_late=True)
    return note_charge(payment, charge, is_late=True)


def note_charge(payment: Payment, charge: Charge, *, is_late: bool) -> Payment:
    """Record how a charge ended; safe twice."""
    if charge.decline_code is not None:
        return _decline(payment, charge.decline_code, is_late=is_late)
    changed = change_payment(payment, lambda present: present.authorize(charge.id, is_late=is_late))
    AUTHORIZATIONS.labels("authorized").inc()
    log.info("payment_authorized", payment_id=changed.id, order_id=changed.order_id, is_late=is_late)
    return changed


def _begin(order_id: str, company_id: str, amount: Money, token: str) -> Payment:
    """Return the order's payment, new or the one there is; raise PaymentDiffers when that is about something else."""
    payment = Payment.begin(
        order_id=order_id, company_id=company_id, amount=amount.amount, currency=amount.currency, card_token=token
    )
    try:
        return payment.commit()
    except NotUniqueError:
        payment = Payment.objects.get(order_id=order_id)
    if (payment.company_id, payment.amount, payment.currency) != (company_id, amount.amount, amount.currency):
        raise PaymentDiffers(payment_id=payment.id)
    return payment


def _ask_for_charge(payment: Payment) -> Charge:
    if payment.card_token is None:
        raise ProcessorRefused("card_token_missing")
    return clients().processor.charge(
        payment.card_token,
        amount=payment.amount,
        currency=payment.currency,
        order_id=payment.order_id,
        key=payment.authorization.id,
    )


def _decline(payment: Payment, reason: str, *, is_late: bool) -> Payment:
    changed = change_payment(payment, lambda present: present.decline(reason, is_late=is_late))
    DECLINES.labels(rules.decline_label(reason)).inc()
    AUTHORIZATIONS.labels("declined").inc()
    log.info("payment_declined", payment_id=changed.id, order_id=changed.order_id, reason=reason, is_late=is_late)
    return changed
