"""The forms of a product: its fields and its stock."""

from __future__ import annotations

import re

from wtforms import ValidationError

from portals.admin.products.client import TEXTS, PriceBreak, Product, ProductInput
from shared.base.money import is_currency
from shared.portal.formatting import major
from shared.portal.forms import AmountField, PortalForm, TextField, UnitsField, read_amount, read_units


class BreaksField(TextField):
    """Price breaks typed one a line as `quantity: price`, as in an import file; `breaks` after validation."""

    breaks: list[PriceBreak]

    def pre_validate(self, form: PortalForm) -> None:
        lines = [line for line in re.split(r"[;\n]", self.data or "") if line.strip()]
        found = [_price_break(line, form.currency_code) for line in lines]
        self.breaks = sorted(found, key=lambda step: step.min_quantity)


def _price_break(line: str, currency: str) -> PriceBreak:
    quantity, separator, price = line.partition(":")
    if not separator:
        raise ValidationError(f"“{line.strip()}” is not of the form 12: 2.10.")
    return PriceBreak(read_units(quantity, least=2), read_amount(price, currency))


class ProductForm(PortalForm):
    """A new text of products needs a field here, which carries its label, and an attribute of `ProductTexts`."""

    sku = TextField()
    currency = TextField(default="GBP")
    name = TextField("Name", render_kw={"required": True, "maxlength": 200})
    description = TextField("Description", render_kw={"rows": 3})
    category = TextField("Category", render_kw={"maxlength": 100})
    unit_price = AmountField()
    price_breaks = BreaksField()

    @property
    def currency_code(self) -> str:
        return str(self.currency.data)

    def validate_currency(self, field: TextField) -> None:
        if not is_currency(field.data):
            raise ValidationError("Choose a currency from the list.")

    def product(self) -> ProductInput:
        """Return what the form sends; only after validation."""
        return ProductInput(
            sku=self.sku.data,
            **{name: self[name].data for name in TEXTS},
            unit_price=self.unit_price.price,
            price_breaks=self.price_breaks.breaks,
        )


def text_fields() -> list[TextField]:
    """Return the fields of the texts, with label and attributes, in the order of the page."""
    form = ProductForm()
    return [form[name] for name in TEXTS]


class StockForm(PortalForm):
    on_hand = UnitsField()


def values_of(product: Product) -> dict[str, str]:
    """Return a product as its form shows it."""
    breaks = [f"{step.min_quantity}: {major(step.unit_price)}" for step in product.price_breaks]
    return {
        **{name: getattr(product, name) for name in TEXTS},
        "currency": product.unit_price.currency,
        "unit_price": major(product.unit_price),
        "price_breaks": "\n".join(breaks),
    }
