"""The currencies API, under /v1/currencies."""

from __future__ import annotations

from flask.views import MethodView

from services.products.currencies import operations
from services.products.currencies.rules import NewCurrencies, SoldCurrencies
from services.products.currencies.schemas import CurrenciesInput, CurrenciesSchema
from shared.web.auth import requires
from shared.web.schemas import ProblemSchema
from shared.web.service import ApiBlueprint

currencies_blp = ApiBlueprint(
    "currencies", __name__, url_prefix="/v1/currencies", description="What the installation sells in"
)


@currencies_blp.route("")
class Currencies(MethodView):
    @requires("products:read")
    @currencies_blp.response(200, CurrenciesSchema)
    def get(self) -> SoldCurrencies:
        """Read the currencies that prices may have."""
        return operations.get_currencies()

    @requires("products:write")
    @currencies_blp.arguments(CurrenciesInput)
    @currencies_blp.response(200, CurrenciesSchema)
    @currencies_blp.alt_response(409, schema=ProblemSchema, description="Products are sold in a currency left out")
    @currencies_blp.alt_response(422, schema=ProblemSchema, description="A code is no currency")
    def put(self, wanted: NewCurrencies) -> SoldCurrencies:
        """Set the currencies that prices may have."""
        return operations.set_currencies(wanted)
