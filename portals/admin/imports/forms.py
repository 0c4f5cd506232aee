"""The upload of a product file."""

from __future__ import annotations

from wtforms import FileField, StringField
from wtforms.validators import AnyOf, InputRequired

from shared.portal.forms import PortalForm

DECIMAL_MARKS = {"": "Detect", "point": "Point: 1,234.50", "comma": "Comma: 1.234,50"}


class UploadForm(PortalForm):
    file = FileField(validators=[InputRequired("Choose a file first.")])
    # The button: "check" for a dry run.
    part = StringField()
    decimal_mark = StringField(validators=[AnyOf(list(DECIMAL_MARKS))], default="")
