"""Who is signed in, and people for other services."""

from __future__ import annotations

from flask.views import MethodView

from services.users.errors import SessionOver
from services.users.people import examples, operations
from services.users.people.documents import User
from services.users.people.rules import Contacts, SignedInPerson
from services.users.people.schemas import ContactsSchema, MeSchema, UserSchema
from shared.web.auth import current_principal, internal, signed_in
from shared.web.conditional import conditional
from shared.web.service import ApiBlueprint

people = ApiBlueprint("people", __name__, url_prefix="/v1", description="The person who is signed in.")
internal_people = ApiBlueprint("internal-people", __name__, url_prefix="/internal/v1", description="Internal")


@people.route("/me")
class Me(MethodView):
    @signed_in
    @people.response(200, MeSchema, example=examples.ME)
    @people.operation("getSignedInPerson", SessionOver)
    @conditional
    def get(self) -> SignedInPerson:
        """
        Read who is signed in.

        With the permissions of the access token. `acting` names the member of staff who acts for the company.
        """
        return operations.describe_me(current_principal())


@internal_people.route("/users/<user_id>")
class OneUser(MethodView):
    @internal("notifications")
    @internal_people.response(200, UserSchema)
    @internal_people.operation("getUser")
    def get(self, user_id: str) -> User:
        """Read a person."""
        return operations.get_user(user_id)


@internal_people.route("/companies/<company_id>/contacts")
class CompanyContacts(MethodView):
    @internal("notifications")
    @internal_people.response(200, ContactsSchema)
    @internal_people.operation("listContacts")
    def get(self, company_id: str) -> Contacts:
        """List the people of a company to whom mails go."""
        return operations.list_contacts(company_id)
