"""The forms of a product: its fields and its stock."""

from __future__ import annotations

import re
from collections.abc import Sequence

from wtforms import ValidationError
from wtforms.validators import DataRequired

from portals.admin.products.client import TEXTS, PriceBreak, Product, ProductInput
from shared.base.money import exponent, is_currency
from shared.portal.formatting import major
from shared.portal.forms import AmountField, PortalForm, TextField, UnitsField, read_amount, read_units

MOST_FAULTS = 10


class BreaksField(TextField):
    """Price breaks typed one a line as `quantity: price`, as in an import file; `breaks` after validation."""

    breaks: list[PriceBreak]

    def pre_validate(self, form: PortalForm) -> None:
        found: list[PriceBreak] = []
        faults: list[str] = []
        for line in re.split(r"[;\n]", self.data or ""):
            try:
                found += [_price_break(line, form.currency_code)] if line.strip() else []
            except ValidationError as fault:
                faults.append(f"“{line.strip()}”: {fault}")
        if faults:
            more = [f"… and {len(faults) - MOST_FAULTS} more."] if len(faults) > MOST_FAULTS else []
            raise ValidationError(" ".join([*faults[:MOST_FAULTS], *more]))
        self.breaks = sorted(found, key=lambda step: step.min_quantity)


def _price_break(line: str, currency: str) -> PriceBreak:
    quantity, separator, price = line.partition(":")
    if not separator:
        raise ValidationError("This is not of the form 12: 2.10.")
    return PriceBreak(read_units(quantity, least=2), read_amount(price, currency))


class ProductForm(PortalForm):
    """A new text of products needs a field here, which carries its label, and an attribute of `ProductTexts`."""

    sku = TextField(validators=[DataRequired("Enter the SKU.")])
    currency = TextField(default="GBP")
    name = TextField(
        "Name", validators=[DataRequired("Enter the name.")], render_kw={"required": True, "maxlength": 200}
    )
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


class ChangeForm(ProductForm):
    """The same of a product that there is: its SKU stands in the address."""

    sku = TextField()


def text_fields() -> list[TextField]:
    """Return the fields of the texts, with label and attributes, in the order of the page."""
    form = ProductForm()
    return [form[name] for name in TEXTS]


def finer_than_a_coin(codes: Sequence[str]) -> str:
    """Return the hint that a unit price may be finer than a coin, in the first currency that has decimals, else ""."""
    code = next((code for code in codes if is_currency(code) and exponent(code)), None)
    if code is None:
        return ""
    return f"May be finer than the smallest coin, for example 0.{'0' * (exponent(code) - 2)}125 {code}."


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
