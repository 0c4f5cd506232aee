"""One function per verb of the users service."""

from services.users.operations.acting import issue_acting_token, issue_service_token
from services.users.operations.companies import create_company, get_company, list_companies
from services.users.operations.demo import seed_demo
from services.users.operations.inviting import (
    accept_invitation,
    describe_invitation,
    invite_person,
    list_invitations,
    renew_invitation,
    withdraw_invitation,
)
from services.users.operations.people import create_user, describe_me, get_user, list_contacts
from services.users.operations.signing_in import refresh_session, sign_in, sign_out

__all__ = [
    "accept_invitation",
    "create_company",
    "create_user",
    "describe_invitation",
    "describe_me",
    "get_company",
    "get_user",
    "invite_person",
    "issue_acting_token",
    "issue_service_token",
    "list_companies",
    "list_contacts",
    "list_invitations",
    "refresh_session",
    "renew_invitation",
    "seed_demo",
    "sign_in",
    "sign_out",
    "withdraw_invitation",
]
