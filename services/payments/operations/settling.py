"""Webhooks: the processor tells an outcome that we may know already, or may have been waiting for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.payments.clients import clients
from services.payments.clients.processor import Settlement
from services.payments.documents import Payment
from services.payments.operations.authorizing import note_charge
from services.payments.operations.changing import change_payment
from services.payments.rules import PaymentStatus, TransactionKind, TransactionStatus
from shared.base.errors import NotFound
from shared.observe.observability import get_logger

log = get_logger()

NEEDED = {"status": 1, "charge_id": 1, "transactions.id": 1, "transactions.status": 1}


def settle_by_webhook(psp: str, headers: Mapping[str, str], body: bytes) -> None:
    """Verify a webhook and record what it tells, whether it is the first to say so, late, or the tenth to repeat it."""
    processor = clients().processor
    if psp != processor.name:
        raise NotFound(f"No processor {psp} is connected")
    settlement = processor.read_webhook(headers, body)
    if settlement is None:
        return
    known = Payment.collection().find_one({"order_id": str(settlement.order_id)}, NEEDED)
    if known is None:
        log.warning("webhook_of_unknown_payment", order_id=str(settlement.order_id))
    elif _tells_news(known, settlement):
        _settle(Payment.get(known["_id"]), settlement)


def _tells_news(known: Mapping[str, Any], settlement: Settlement) -> bool:
    """Most webhooks repeat what the answer said: that costs one small read."""
    status = {each["id"]: each["status"] for each in known["transactions"]}.get(settlement.key)
    is_orphan = known["status"] == PaymentStatus.DECLINED and not known.get("charge_id")
    is_charge_after_all = settlement.kind == TransactionKind.AUTHORIZATION and settlement.charge.decline_code is None
    return status == TransactionStatus.PENDING or (status is not None and is_orphan and is_charge_after_all)


def _settle(payment: Payment, settlement: Settlement) -> None:
    log.info("settled_by_webhook", payment_id=payment.id, transaction_id=settlement.key, kind=settlement.kind)
    if settlement.kind == TransactionKind.AUTHORIZATION:
        note_charge(payment, settlement.charge, is_late=True)
        return

    def change(present: Payment) -> bool:
        transaction = present.find_transaction(transaction_id=settlement.key)
        return transaction is not None and present.succeed(transaction, settlement.processor_id)

    change_payment(payment, change)
