"""Bodies: the compiled dump equals marshmallow's, and SKUs are case-insensitive."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from marshmallow import Schema, ValidationError, fields

from shared.base.money import CURRENCY_ADVICE, Money
from shared.data.pagination import Page
from shared.web.lists import page_of
from shared.web.schemas import MoneyField, OutputSchema, Sku, UnitPriceField


class LineSchema(OutputSchema):
    sku = fields.String()
    unit_price = UnitPriceField()


class ToySchema(OutputSchema):
    id = fields.String(attribute="_id")
    placed_at = fields.DateTime()
    ordered_on = fields.Date()
    total = MoneyField()
    line_items = fields.List(fields.Nested(LineSchema))
    tags = fields.List(fields.String())
    note = fields.String(allow_none=True)


class TestOutput:
    def test_writes_mappings_and_objects_alike(self):
        document = {
            "_id": "toy_1",
            "placed_at": datetime(2026, 1, 5, 8, 30, tzinfo=UTC),
            "ordered_on": date(2026, 1, 5),
            "total": Money(1234, "GBP"),
            "line_items": [{"sku": "A", "unit_price": {"amount": "25.50", "currency": "GBP"}}],
            "tags": ("a",),
            "secret": "never written",
        }
        expected = {
            "id": "toy_1",
            "placed_at": "2026-01-05T08:30:00.000Z",
            "ordered_on": "2026-01-05",
            "total": {"amount": 1234, "currency": "GBP"},
            "line_items": [{"sku": "A", "unit_price": {"amount": "25.5", "currency": "GBP"}}],
            "tags": ["a"],
            "note": None,
        }

        assert ToySchema().dump(document) == expected
        assert ToySchema().dump(type("Toy", (), document)()) == expected
        assert page_of(ToySchema)().dump(Page([document]))["items"] == [expected]

    @pytest.mark.parametrize(
        ("amount", "written"),
        [("255", "255"), ("255.000", "255"), ("1E+3", "1000"), ("25.50", "25.5"), (Decimal("0.1"), "0.1")],
    )
    def test_writes_a_unit_price_as_a_string_without_trailing_zeros(self, amount, written):
        assert UnitPriceField.encode({"amount": amount, "currency": "GBP"})["amount"] == written


class TestSku:
    def test_is_trimmed_and_upper_cased(self):
        assert Schema.from_dict({"sku": Sku()})().load({"sku": " 85123a "}) == {"sku": "85123A"}

    @pytest.mark.parametrize("sku", ["", " ", "-A", "A\x00", "A" * 65, "A$B", "Ä1"])
    def test_refuses_text_that_cannot_be_in_a_url(self, sku):
        with pytest.raises(ValidationError):
            Schema.from_dict({"sku": Sku()})().load({"sku": sku})


class TestMoneyInput:
    FIELDS = (MoneyField(), UnitPriceField())

    @pytest.mark.parametrize("field", FIELDS)
    @pytest.mark.parametrize(("amount", "currency"), [(4990, "CLP"), (1234, "OMR"), (1, "GBP")])
    def test_takes_minor_units_of_every_currency(self, field, amount, currency):
        assert field.deserialize({"amount": amount, "currency": currency}) == (
            Money(amount, currency) if isinstance(field, MoneyField) else (amount, currency)
        )

    @pytest.mark.parametrize("field", FIELDS)
    @pytest.mark.parametrize("currency", ["ABC", "XXX", "XTS", "XAU", "CLF", "gbp", "", "GBP ", None, 826, ["GBP"]])
    def test_refuses_what_is_no_currency_at_the_currency(self, field, currency):
        with pytest.raises(ValidationError) as refusal:
            field.deserialize({"amount": 1, "currency": currency})

        assert refusal.value.messages == {"currency": [CURRENCY_ADVICE]}

    @pytest.mark.parametrize(
        ("field", "amount", "advice"),
        [
            (UnitPriceField(), 10**14, "Give 0 to 1,000,000,000,000 minor units with at most four decimals."),
            (UnitPriceField(), "0.12345", "Give 0 to 1,000,000,000,000 minor units with at most four decimals."),
            (MoneyField(), 10**14 + 1, "Give whole minor units from 0 to 100,000,000,000,000."),
            (MoneyField(), -1, "Give whole minor units from 0 to 100,000,000,000,000."),
        ],
    )
    def test_names_the_least_and_the_most(self, field, amount, advice):
        with pytest.raises(ValidationError) as refusal:
            field.deserialize({"amount": amount, "currency": "GBP"})

        assert refusal.value.messages == {"amount": [advice]}
