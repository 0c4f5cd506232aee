"""The form that adds a company."""

from __future__ import annotations

from wtforms.validators import DataRequired

from shared.portal.forms import PortalForm, TextField


class CompanyForm(PortalForm):
    name = TextField(validators=[DataRequired("Enter the company's name.")])
    reference = TextField()
