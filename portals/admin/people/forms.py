"""The form that invites a person."""

from __future__ import annotations

from wtforms import ValidationError
from wtforms.validators import DataRequired

from portals.admin.people.client import InvitedPerson
from shared.base.mail_addresses import AddressNotMailable, mailable_address
from shared.portal.forms import PortalForm, TextField


class InvitationForm(PortalForm):
    """`company` is empty for the merchant's staff; the gateway checks address, name and role."""

    email = TextField(validators=[DataRequired("Enter the e-mail address.")])
    name = TextField(validators=[DataRequired("Enter the name.")])
    role = TextField()
    company = TextField()

    def validate_email(self, field: TextField) -> None:
        try:
            mailable_address(str(field.data))
        except AddressNotMailable as fault:
            raise ValidationError(str(fault)) from fault

    def pointers(self) -> dict[str, str]:
        return super().pointers() | {"roles": "role", "company_id": "company"}

    def person(self) -> InvitedPerson:
        return InvitedPerson(
            email=self.email.data,
            name=self.name.data,
            roles=[self.role.data],
            company_id=self.company.data or None,
        )
