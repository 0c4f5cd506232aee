"""Refusals of the payments service."""

from __future__ import annotations

from shared.base.errors import BadRequest, Conflict, InvalidInput, Problem


class PaymentDiffers(Conflict):
    title = "This order already has a payment of another amount or company"


class RefundTooLarge(InvalidInput):
    title = "No more can be refunded than was captured"


class ReturnUrlNotAllowed(InvalidInput):
    title = "The card page returns to our own portals only"


class CardsNotAccepted(Conflict):
    title = "Card payments are not accepted here"


class WebhookSignatureInvalid(Problem):
    status = 401
    title = "The webhook is not signed by the processor"


class WebhookUnreadable(BadRequest):
    title = "The webhook cannot be read"


class ProcessorRefused(Exception):
    """The card processor understood and said no; `code` is its reason. Never reaches a client as it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
