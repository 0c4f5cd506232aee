"""The currencies API, under /v1/currencies."""

from __future__ import annotations

from flask.views import MethodView

from services.products.currencies import operations
from services.products.currencies.rules import NewCurrencies, SoldCurrencies
from services.products.currencies.schemas import CurrenciesInput, CurrenciesSchema
from services.products.errors import CurrencyInUse
from shared.web.auth import requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

currencies_blp = ApiBlueprint(
    "currencies", __name__, url_prefix="/v1/currencies", description="What the installation sells in"
)


@currencies_blp.route("")
class Currencies(MethodView):
    @requires("products:read")
    @currencies_blp.response(200, CurrenciesSchema)
    @currencies_blp.operation("getCurrencies")
    @conditional
    def get(self) -> SoldCurrencies:
        """Read the currencies that prices may have."""
        return operations.get_currencies()

    @requires("products:write")
    @currencies_blp.arguments(CurrenciesInput)
    @currencies_blp.response(200, CurrenciesSchema)
    @currencies_blp.operation("setCurrencies", CurrencyInUse)
    @conditional
    def put(self, wanted: NewCurrencies) -> SoldCurrencies:
        """Set the currencies that prices may have."""
        return operations.set_currencies(wanted, precondition())
