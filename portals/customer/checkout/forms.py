"""The forms of the checkout: the review, and accepting a total that changed."""

from __future__ import annotations

from wtforms import StringField, ValidationError
from wtforms.validators import InputRequired, Length

from shared.base.money import MAX_AMOUNT
from shared.base.numbers import read_digits
from shared.portal.answers import Price
from shared.portal.forms import PortalForm, TextField, no_card_number

LONGEST_PO_NUMBER = 64


class ReviewForm(PortalForm):
    """`reviewed` is the fingerprint of the cart that the buyer saw."""

    po_number = TextField(
        validators=[
            Length(max=LONGEST_PO_NUMBER, message=f"Use at most {LONGEST_PO_NUMBER} characters."),
            no_card_number,
        ]
    )
    reviewed = StringField()


class AcceptanceForm(PortalForm):
    """The total that the page showed as the new one; the API refuses any other than today's."""

    total_amount = StringField()
    currency = TextField(validators=[InputRequired()])

    def validate_total_amount(self, field: StringField) -> None:
        amount = read_digits(field.data or "")
        if amount is None or amount > MAX_AMOUNT:
            raise ValidationError("Give whole minor units.")

    @property
    def total(self) -> Price:
        """The accepted total; only after validation."""
        return Price(read_digits(self.total_amount.data or "") or 0, self.currency.data)
