"""The prices API for other services, under /internal/v1/prices."""

from __future__ import annotations

from flask.views import MethodView

from services.products.prices import operations
from services.products.prices.rules import Offers, PriceRequest
from services.products.prices.schemas import LinesInput, PricesSchema
from shared.web.auth import internal
from shared.web.service import ApiBlueprint

prices_blp = ApiBlueprint("prices", __name__, url_prefix="/internal/v1/prices", description="Prices for other services")


@prices_blp.route("")
class Prices(MethodView):
    @internal("orders")
    @prices_blp.arguments(LinesInput)
    @prices_blp.response(200, PricesSchema)
    @prices_blp.operation("listPrices")
    def post(self, body: PriceRequest) -> Offers:
        """Price each line for the units of its SKU in all lines together, with its stock."""
        return operations.list_prices(body.line_items)
