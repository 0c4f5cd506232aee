"""Card pages, refunds and webhooks, public under /v1; authorisations, for other services under /internal/v1."""

from __future__ import annotations

from flask import request, url_for
from flask.views import MethodView

from services.payments.cards import examples, operations
from services.payments.cards.rules import (
    AuthorizationAnswer,
    AuthorizationRequest,
    CardPage,
    CardPageRequest,
    RefundRequest,
)
from services.payments.cards.schemas import (
    AuthorizationInput,
    AuthorizationSchema,
    RefundInput,
    RefundSchema,
    SessionInput,
    SessionSchema,
)
from services.payments.errors import (
    CardsNotAccepted,
    PaymentDiffers,
    RefundTooLarge,
    ReturnUrlNotAllowed,
    WebhookSignatureInvalid,
    WebhookUnreadable,
)
from services.payments.transactions.rules import ShownTransaction
from shared.base.errors import VersionConflict
from shared.calls.service_client import UpstreamUnavailable
from shared.web.auth import current_principal, internal, public, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional, precondition
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("cards", __name__, url_prefix="/v1/payments", description="The processor's card page, and refunds.")
webhooks_blp = ApiBlueprint(
    "webhooks", __name__, url_prefix="/v1/webhooks", description="What the card processor reports by itself."
)
# https://www.standardwebhooks.com
SIGNATURE = [
    {"in": "header", "name": name, "required": True, "description": text, "schema": {"type": "string"}, "example": each}
    for name, text, each in (
        ("webhook-id", "The id of the webhook, equal when it is sent again.", "msg_01k3va0p7t9v1w3x5y7z9a1b3c"),
        ("webhook-timestamp", "When it was signed, in seconds since 1970.", "1796047201"),
        ("webhook-signature", "Signatures of id, time and body, divided by spaces.", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3"),
    )
]
PROCESSOR = {"in": "path", "name": "psp", "description": "The name of the card processor.", "example": "sandbox"}
WEBHOOK_BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"type": "object"}, "example": examples.WEBHOOK}},
}

internal_blp = ApiBlueprint("internal-payments", __name__, url_prefix="/internal/v1/payments", description="Internal")


@blp.route("/sessions")
class Sessions(MethodView):
    @requires("payments:write")
    @blp.arguments(SessionInput, example=examples.CARD_PAGE_REQUEST)
    @blp.response(201, SessionSchema, example=examples.CARD_PAGE, headers=LOCATED)
    @blp.operation("openCardPage", CardsNotAccepted, ReturnUrlNotAllowed, UpstreamUnavailable)
    def post(self, body: CardPageRequest) -> tuple[CardPage, int, dict[str, str]]:
        """
        Open the processor's card page; it returns to `return_url` with `?token=`.

        Send the buyer to `url`. The token is what `placeOrder` takes as `payment.token`; card numbers are typed at the
        processor only. `return_url` must be an address of one of the installation's portals.
        """
        page = operations.open_card_page(body)
        return page, 201, {"Location": page.url}


@blp.route("/<payment_id>/refunds")
class Refunds(MethodView):
    @requires("payments:refund")
    @idempotent
    @blp.arguments(RefundInput, example=examples.REFUND_REQUEST)
    @blp.response(201, RefundSchema, example=examples.REFUND, headers=LOCATED)
    @blp.alt_response(
        200,
        schema=RefundSchema,
        description="The refund that has this reference already",
        example=examples.REFUND,
        success=True,
        headers=LOCATED,
    )
    @blp.operation("refundPayment", RefundTooLarge, VersionConflict)
    @conditional
    def post(self, body: RefundRequest, payment_id: str) -> tuple[ShownTransaction, int, dict[str, str]]:
        """
        Refund captured money; a repeated reference returns the refund that exists, with 200.

        At most what is captured and not yet refunded. For goods that come back use `returnItems`, which refunds too.
        `status` is `pending` while the processor has not answered.
        """
        refund, status = operations.refund_payment(
            current_principal(), payment_id, body, idempotency_key=idempotency_key(), precondition=precondition()
        )
        return refund, status, {"Location": url_for("payments.OneRefund", payment_id=payment_id, refund_id=refund.id)}


@webhooks_blp.route("/<psp>", parameters=[PROCESSOR])
class Webhooks(MethodView):
    @public
    @webhooks_blp.response(204, description="Received; a duplicate changes nothing")
    @webhooks_blp.operation("receiveWebhook", WebhookSignatureInvalid, WebhookUnreadable)
    @webhooks_blp.doc(parameters=SIGNATURE, requestBody=WEBHOOK_BODY)
    def post(self, psp: str) -> None:
        """
        Receive a webhook of the processor (Standard Webhooks); a duplicate changes nothing.

        Only the card processor calls this. Its signature is verified, and must be younger than five minutes.
        """
        headers = {name.lower(): value for name, value in request.headers.items()}
        operations.apply_webhook(psp, headers, request.get_data())


@internal_blp.route("")
class Authorizations(MethodView):
    @internal("orders")
    @internal_blp.arguments(AuthorizationInput)
    @internal_blp.response(200, AuthorizationSchema)
    @internal_blp.operation("authorizePayment", PaymentDiffers, CardsNotAccepted)
    def post(self, body: AuthorizationRequest) -> AuthorizationAnswer:
        """Authorise an order's amount; safe to repeat, the order id is the natural key."""
        return operations.authorize_payment(body)
