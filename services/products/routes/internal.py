"""What other services ask of products, under /internal/v1."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from services.products import operations
from services.products.schemas import (
    AllProductsQuery,
    LinesInput,
    OpenReservationPageSchema,
    PricesSchema,
    ProductPageSchema,
    ReservationInput,
    ReservationSchema,
    ReservationsQuery,
)
from shared.data.pagination import Page
from shared.web.auth import internal
from shared.web.schemas import ProblemSchema
from shared.web.service import ApiBlueprint

internal_blp = ApiBlueprint("internal-products", __name__, url_prefix="/internal/v1", description="For other services")


@internal_blp.route("/products")
class AllProducts(MethodView):
    @internal
    @internal_blp.arguments(AllProductsQuery, location="query")
    @internal_blp.response(200, ProductPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List every product by SKU, those that are not for sale too."""
        return operations.list_all_products(**query)


@internal_blp.route("/prices")
class Prices(MethodView):
    @internal
    @internal_blp.arguments(LinesInput)
    @internal_blp.response(200, PricesSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Price each line for its quantity, with its stock."""
        return operations.list_prices(**body)


@internal_blp.route("/reservations")
class Reservations(MethodView):
    @internal
    @internal_blp.arguments(ReservationsQuery, location="query")
    @internal_blp.response(200, OpenReservationPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List open reservations begun before a moment, oldest first."""
        return operations.list_reservations(**query)


@internal_blp.route("/reservations/<order_id>")
class Reservation(MethodView):
    @internal
    @internal_blp.arguments(ReservationInput)
    @internal_blp.response(200, ReservationSchema)
    @internal_blp.alt_response(409, schema=ProblemSchema, description="Short (`shortages`), or released before")
    @internal_blp.alt_response(503, schema=ProblemSchema, description="The same reservation is being made")
    def put(self, body: dict[str, Any], order_id: str) -> dict[str, Any]:
        """Hold stock of all SKUs of an order or of none; the order id is the key."""
        return operations.reserve_stock(order_id, **body)

    @internal
    @internal_blp.response(204)
    def delete(self, order_id: str) -> None:
        """Give back what the order holds; safe to repeat."""
        operations.release_stock(order_id)
