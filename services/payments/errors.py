"""Refusals of the payments service."""

from __future__ import annotations

from shared.base.errors import BadRequest, Conflict, InvalidInput, Problem


class PaymentDiffers(Conflict):
    title = "The order has a payment of another amount or company"
    meaning = "The order has a payment already, of another amount or company."
    advice = "Use the payment that exists; an order has one."


class RefundTooLarge(InvalidInput):
    title = "The refund exceeds the refundable amount"
    meaning = (
        "More was asked for than is captured and not yet refunded, or in another currency; the detail names the most."
    )
    advice = "Refund at most the amount in the detail, in the payment's currency."


class ReturnUrlNotAllowed(InvalidInput):
    title = "Return URL not allowed"
    meaning = "The card page may return to addresses of this installation's portals only."
    advice = "Send a return_url that begins with an address of a portal of this installation."


class CardsNotAccepted(Conflict):
    title = "Card payments are not accepted here"
    meaning = "This installation has no card processor."
    advice = "Ask the operator of the installation to connect a card processor."


class WebhookSignatureInvalid(Problem):
    status = 401
    title = "Webhook signature invalid"
    meaning = "The webhook is not signed by the card processor, or it is too old."
    advice = "Sign the webhook with the shared secret, by Standard Webhooks, at the time of sending."


class WebhookUnreadable(BadRequest):
    title = "Webhook body invalid"
    meaning = "The body of the webhook is not what the card processor sends."
    advice = "Send the body as the processor documents it."


class ProcessorRefused(Exception):
    """The card processor refused a call; `code` is its reason. Never reaches a client of the API as it is."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
