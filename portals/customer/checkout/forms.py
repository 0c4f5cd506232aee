"""The review form of the checkout."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import Length

from shared.portal.forms import PortalForm, TextField

LONGEST_PO_NUMBER = 64


class ReviewForm(PortalForm):
    """`reviewed` is the fingerprint of the cart that the buyer saw."""

    po_number = TextField(
        validators=[Length(max=LONGEST_PO_NUMBER, message=f"Use at most {LONGEST_PO_NUMBER} characters.")]
    )
    reviewed = StringField()
