"""The order list, under /v1/orders."""

from __future__ import annotations

from flask.views import MethodView

from services.orders.finding import operations
from services.orders.finding.rules import OrdersFilter
from services.orders.finding.schemas import OrderPageSchema, OrdersQuery
from services.orders.orders import examples
from services.orders.orders.schemas import OrderView, order_view
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.service import ApiBlueprint

finding = ApiBlueprint("finding", __name__, url_prefix="/v1/orders", description="Finding orders")


@finding.route("")
class Orders(MethodView):
    @requires("orders:read")
    @finding.arguments(OrdersQuery, location="query")
    @finding.response(200, OrderPageSchema, example=examples.PAGE)
    @finding.operation("listOrders")
    def get(self, wanted: OrdersFilter) -> Page[OrderView]:
        """
        List orders, newest first.

        Buyers see the orders of their company, staff those of all companies. Filters are combined by "and". Without
        `status`, `updated_after` and `reference` buyers see all but refused ones. With `updated_after`, a program gets
        what was changed since.
        """
        reader = current_principal()
        return operations.list_orders(reader, wanted).map(lambda each: order_view(each, reader))
