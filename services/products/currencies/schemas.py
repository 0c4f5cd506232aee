"""Bodies of the currencies API."""

from __future__ import annotations

from marshmallow import fields, validate

from services.products.currencies.rules import NewCurrencies
from shared.web.schemas import InputSchema, OutputSchema

MOST_CURRENCIES = 200


class CurrenciesInput(InputSchema):
    """ISO 4217 codes; a repeated one counts once."""

    builds = NewCurrencies

    currencies = fields.List(
        fields.String(validate=validate.Length(max=10)),
        required=True,
        attribute="codes",
        validate=validate.Length(min=1, max=MOST_CURRENCIES),
    )


class CurrencySchema(OutputSchema):
    code = fields.String()
    decimals = fields.Integer()


class CurrenciesSchema(OutputSchema):
    """`is_set` is false while the list follows the products; without products it is empty, and any may come."""

    items = fields.List(fields.Nested(CurrencySchema))
    is_set = fields.Boolean()
