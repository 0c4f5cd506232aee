"""The payments API: public under /v1, for other services under /internal/v1."""

from __future__ import annotations

from typing import Any, cast

from flask import current_app, request
from flask.views import MethodView

from services.payments import operations
from services.payments.config import PaymentsSettings
from services.payments.schemas import (
    AuthorizationInput,
    AuthorizationSchema,
    PaymentPageSchema,
    PaymentSchema,
    PaymentsQuery,
    RefundInput,
    SessionInput,
    SessionSchema,
    TransactionSchema,
)
from shared.data.pagination import Page
from shared.web.auth import current_principal, internal, public, requires
from shared.web.idempotency import idempotency_key, idempotent
from shared.web.schemas import ProblemSchema
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("payments", __name__, url_prefix="/v1/payments", description="Payments of orders")
internal_blp = ApiBlueprint("internal-payments", __name__, url_prefix="/internal/v1/payments", description="Internal")


@blp.route("")
class Payments(MethodView):
    @requires("payments:read")
    @blp.arguments(PaymentsQuery, location="query")
    @blp.response(200, PaymentPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List payments, newest first."""
        return operations.list_payments(current_principal(), **query)


@blp.route("/<payment_id>")
class Payment(MethodView):
    @requires("payments:read")
    @blp.response(200, PaymentSchema)
    @blp.alt_response(404, schema=ProblemSchema, description="No such payment in this company")
    def get(self, payment_id: str) -> dict[str, Any]:
        """Read a payment with its transactions."""
        return operations.get_payment(current_principal(), payment_id)


@blp.route("/<payment_id>/refunds")
class Refunds(MethodView):
    @requires("payments:refund")
    @idempotent
    @blp.arguments(RefundInput)
    @blp.response(201, TransactionSchema)
    @blp.alt_response(422, schema=ProblemSchema, description="More than is captured and not yet refunded")
    def post(self, body: dict[str, Any], payment_id: str) -> tuple[dict[str, Any], int]:
        """Refund captured money; a repeated reference returns the refund there is, with 200."""
        return operations.refund_payment(current_principal(), payment_id, key=idempotency_key(), **body)


@blp.route("/sessions")
class Sessions(MethodView):
    @requires("payments:write")
    @blp.arguments(SessionInput)
    @blp.response(201, SessionSchema)
    @blp.alt_response(409, schema=ProblemSchema, description="Card payments are not accepted here")
    @blp.alt_response(503, schema=ProblemSchema, description="The card processor does not answer")
    def post(self, body: dict[str, Any]) -> dict[str, str]:
        """Open the processor's card page; it returns to `return_url` with `?token=`."""
        settings = cast(PaymentsSettings, current_app.extensions["tradepost_settings"])
        origins = (settings.public_customer_url, settings.public_gateway_url)
        return {"url": operations.open_card_page(body["return_url"], allowed_origins=origins)}


@blp.route("/webhooks/<psp>")
class Webhooks(MethodView):
    @public
    @blp.response(204)
    @blp.alt_response(401, schema=ProblemSchema, description="Not signed by the processor")
    def post(self, psp: str) -> None:
        """Take what the processor tells (Standard Webhooks); safe to send again."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        operations.settle_by_webhook(psp, headers, request.get_data())


@internal_blp.route("")
class Authorizations(MethodView):
    @internal
    @internal_blp.arguments(AuthorizationInput)
    @internal_blp.response(200, AuthorizationSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Authorise an order's amount; safe to repeat, the order id is the natural key."""
        return operations.authorize_payment(**body)
