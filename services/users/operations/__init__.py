"""One function per verb of the users service."""

from services.users.operations.acting import issue_acting_token, issue_service_token
from services.users.operations.companies import create_company, get_company, list_companies
from services.users.operations.demo import seed_demo
from services.users.operations.people import create_user, describe_me, get_user, list_contacts
from services.users.operations.signing_in import refresh_session, sign_in, sign_out

__all__ = [
    "create_company",
    "create_user",
    "describe_me",
    "get_company",
    "get_user",
    "issue_acting_token",
    "issue_service_token",
    "list_companies",
    "list_contacts",
    "refresh_session",
    "seed_demo",
    "sign_in",
    "sign_out",
]
