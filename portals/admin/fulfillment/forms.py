"""The forms of shipping, returns and refunds; a line's fields are `ship-<line_id>`, `return-…` and `refund-…`."""

from __future__ import annotations

from typing import Any

from wtforms import Field
from wtforms.validators import InputRequired, Length

from portals.admin.fulfillment.client import ReturnedLine, ShippedLine
from portals.admin.orders.client import Order
from portals.admin.orders.presenter import shown_lines
from shared.calls.service_client import UpstreamRefused
from shared.portal.faults import Faults
from shared.portal.forms import AmountField, PortalForm, TextField, UnitsField


class LinesForm(PortalForm):
    """A form with fields for each line of an order."""

    part = ""
    nothing_typed = ""

    def units(self) -> dict[str, int]:
        """Return the units typed for each line, lines without units left out."""
        fields = {name: field.units_or_none for name, field in self._fields.items() if isinstance(field, UnitsField)}
        return {name.removeprefix(f"{self.part}-"): units for name, units in fields.items() if units}

    @property
    def faults(self) -> Faults:
        return self._named(super().faults)

    def refused(self, refusal: UpstreamRefused, **options: Any) -> Faults:
        return self._named(super().refused(refusal, **options))

    def _named(self, faults: Faults) -> Faults:
        """Return the faults, those of lines with the SKU before: in the summary they stand without their line."""
        labels = {name: field.label.text for name, field in self._fields.items() if "reference" not in name}
        return {
            name: text if text == self.nothing_typed or name not in labels else f"{labels[name]}: {text}"
            for name, text in faults.items()
        }

    @property
    def reference(self) -> str:
        return str(self[f"{self.part}-reference"].data)

    def pointers(self) -> dict[str, str]:
        """Return the fields by pointers: the request has only lines with units, so its places are not the form's."""
        lines = {
            f"line_items/{place}{key}": f"{part}-{line_id}"
            for place, line_id in enumerate(self.units())
            for key, part in (("", self.part), ("/refund_amount", "refund"))
        }
        return lines | {"reference": f"{self.part}-reference"}

    def validate(self, extra_validators: object = None) -> bool:
        """Return whether each field could be read and at least one line has units."""
        if not super().validate(extra_validators):
            return False
        if not self.units():
            first = next((field for field in self if isinstance(field, UnitsField)), None)
            if first is None:
                self.form_errors = [self.nothing_typed]
            else:
                first.errors = [self.nothing_typed]
            return False
        return True


class ShipmentForm(LinesForm):
    part = "ship"
    nothing_typed = "Enter how many units to ship."

    def lines(self) -> list[ShippedLine]:
        return [ShippedLine(line_id, units) for line_id, units in self.units().items()]


class ReturnForm(LinesForm):
    part = "return"
    nothing_typed = "Enter how many units came back."

    def lines(self) -> list[ReturnedLine]:
        return [
            ReturnedLine(line_id, units, self[f"refund-{line_id}"].price_or_none)
            for line_id, units in self.units().items()
        ]


class RefundForm(PortalForm):
    amount = AmountField(whole=True)

    def __init__(self, formdata: object, *, currency: str) -> None:
        super().__init__(formdata)
        self.currency_of_amounts = currency


class SettlementForm(PortalForm):
    note = TextField(
        validators=[InputRequired("Say how it was dealt with."), Length(max=500, message="Use at most 500 characters.")]
    )


def shipment_form(order: Order) -> type[ShipmentForm]:
    """Return the form with a field for each line that is left to ship."""
    units = {
        f"ship-{shown.line.line_id}": _units(shown.line.sku, shown.to_ship)
        for shown in shown_lines(order)
        if shown.to_ship
    }
    return _with_fields(ShipmentForm, order, units | {"ship-reference": TextField()})


def return_form(order: Order) -> type[ReturnForm]:
    """Return the form with units and refund of each line that can be returned."""
    lines = [shown for shown in shown_lines(order) if shown.to_return]
    units = {f"return-{shown.line.line_id}": _units(shown.line.sku, shown.to_return) for shown in lines}
    refunds = {
        f"refund-{shown.line.line_id}": AmountField(shown.line.sku, whole=True, required=False) for shown in lines
    }
    return _with_fields(ReturnForm, order, units | refunds | {"return-reference": TextField()})


def _units(sku: str, most: int) -> UnitsField:
    return UnitsField(sku, most=most, required=False)


def _with_fields(form: type, order: Order, fields: dict[str, Field]) -> type:
    """Return a subclass with these fields: WTForms adds fields to classes, not to forms."""
    return type(form.__name__, (form,), {**fields, "currency_of_amounts": order.total.currency})
