"""The upload of a product file."""

from __future__ import annotations

from wtforms import FileField
from wtforms.validators import InputRequired

from shared.portal.forms import PortalForm


class UploadForm(PortalForm):
    file = FileField(validators=[InputRequired("Choose a CSV file first.")])
