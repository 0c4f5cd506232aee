"""The form that invites a person."""

from __future__ import annotations

from portals.admin.people.client import InvitedPerson
from shared.portal.forms import PortalForm, TextField


class InvitationForm(PortalForm):
    """`company` is empty for the merchant's staff; the gateway checks address, name and role."""

    email = TextField()
    name = TextField()
    role = TextField()
    company = TextField()

    def person(self) -> InvitedPerson:
        return InvitedPerson(
            email=self.email.data,
            name=self.name.data,
            roles=[self.role.data],
            company_id=self.company.data or None,
        )
