"""The currencies API, under /v1/currencies."""

from __future__ import annotations

from flask.views import MethodView

from services.products.currencies import examples, operations
from services.products.currencies.rules import NewCurrencies, SoldCurrencies
from services.products.currencies.schemas import CurrenciesInput, CurrenciesSchema
from services.products.errors import CurrencyInUse
from shared.base.errors import VersionConflict
from shared.web.auth import requires
from shared.web.conditional import conditional, precondition
from shared.web.service import ApiBlueprint

currencies_blp = ApiBlueprint(
    "currencies", __name__, url_prefix="/v1/currencies", description="The currencies of prices."
)


@currencies_blp.route("")
class Currencies(MethodView):
    @requires("products:read")
    @currencies_blp.response(200, CurrenciesSchema, example=examples.CURRENCIES)
    @currencies_blp.operation("getCurrencies")
    @conditional
    def get(self) -> SoldCurrencies:
        """
        Read the currencies that prices may have.

        `decimals` is the currency's exponent by ISO 4217: 2 for GBP, whose minor unit is a penny.
        """
        return operations.get_currencies()

    @requires("products:write")
    @currencies_blp.arguments(CurrenciesInput, example=examples.WANTED)
    @currencies_blp.response(200, CurrenciesSchema, example=examples.CURRENCIES)
    @currencies_blp.operation("setCurrencies", CurrencyInUse, VersionConflict)
    @conditional
    def put(self, wanted: NewCurrencies) -> SoldCurrencies:
        """
        Set the currencies that prices may have.

        The list replaces the one before. A currency in which a product is for sale cannot be left out: 409
        `currency-in-use`.
        """
        return operations.set_currencies(wanted, precondition())
