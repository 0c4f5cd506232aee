"""The reservations API for other services, under /internal/v1/reservations."""

from __future__ import annotations

from flask.views import MethodView

from services.products.errors import (
    OrderNumberTaken,
    OutOfStock,
    ReservationDiffers,
    ReservationInFlight,
    ReservationReleased,
    StockContended,
)
from services.products.reservations import operations
from services.products.reservations.rules import (
    ComparedOrders,
    KnownOrders,
    OpenReservation,
    ReservationRequest,
    ReservationsFilter,
    ReservedStock,
)
from services.products.reservations.schemas import (
    ComparisonInput,
    ComparisonSchema,
    OpenReservationPageSchema,
    ReservationInput,
    ReservationSchema,
    ReservationsQuery,
)
from shared.data.pagination import Page
from shared.web.auth import internal
from shared.web.service import ApiBlueprint

reservations_blp = ApiBlueprint(
    "reservations", __name__, url_prefix="/internal/v1/reservations", description="Stock held for orders"
)


@reservations_blp.route("")
class Reservations(MethodView):
    @internal("orders")
    @reservations_blp.arguments(ReservationsQuery, location="query")
    @reservations_blp.response(200, OpenReservationPageSchema)
    @reservations_blp.operation("listReservations")
    def get(self, wanted: ReservationsFilter) -> Page[OpenReservation]:
        """List open reservations begun before a moment, oldest first."""
        return operations.list_reservations(wanted)


@reservations_blp.route("/comparison")
class Comparison(MethodView):
    @internal("orders")
    @reservations_blp.arguments(ComparisonInput)
    @reservations_blp.response(200, ComparisonSchema)
    @reservations_blp.operation("compareReservations")
    def post(self, body: ComparedOrders) -> KnownOrders:
        """Return the highest order number, and which of these orders have no reservation or an open one."""
        return operations.compare_orders(body.order_ids)


@reservations_blp.route("/<order_id>")
class OneReservation(MethodView):
    @internal("orders")
    @reservations_blp.arguments(ReservationInput)
    @reservations_blp.response(200, ReservationSchema)
    @reservations_blp.operation(
        "reserveStock",
        OutOfStock,
        OrderNumberTaken,
        ReservationDiffers,
        ReservationReleased,
        ReservationInFlight,
        StockContended,
    )
    def put(self, body: ReservationRequest, order_id: str) -> ReservedStock:
        """Hold stock of all SKUs of an order or of none; the order id is the key."""
        return ReservedStock(operations.reserve_stock(order_id, body.line_items, order_number=body.order_number))

    @internal("orders")
    @reservations_blp.response(204)
    @reservations_blp.operation("releaseStock", ReservationInFlight, StockContended)
    def delete(self, order_id: str) -> None:
        """Release what the order holds; safe to repeat."""
        operations.release_stock(order_id)
