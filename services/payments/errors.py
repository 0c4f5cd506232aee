"""Refusals of the payments service."""

from __future__ import annotations

from shared.base.errors import BadRequest, Conflict, InvalidInput, Problem


class PaymentDiffers(Conflict):
    title = "The order has a payment of another amount or company"


class RefundTooLarge(InvalidInput):
    title = "The refund exceeds the refundable amount"


class ReturnUrlNotAllowed(InvalidInput):
    title = "Return URL not allowed"


class CardsNotAccepted(Conflict):
    title = "Card payments are not accepted here"


class WebhookSignatureInvalid(Problem):
    status = 401
    title = "Webhook signature invalid"


class WebhookUnreadable(BadRequest):
    title = "Webhook body invalid"


class ProcessorRefused(Exception):
    """The card processor refused a call; `code` is its reason. Never reaches a client of the API as it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
