"""The outside world as notifications sees it: the users service, and the backends of mail and text messages."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol

from services.notifications.clients.mailer import Mailer
from services.notifications.clients.texter import Texter
from services.notifications.clients.users import Contact, UsersClient
from services.notifications.config import NotificationsSettings
from shared.calls.identity import ServiceIdentity
from shared.data.cache import Cache
from shared.data.redis_client import redis_from_url
from shared.web.service import current_clients

# Loaded by name, so that an installation imports the adapter it uses and no other.
MAILERS = {"mailbox": "services.notifications.clients.mailbox", "ses": "services.notifications.clients.ses"}
TEXTERS = {"mailbox": "services.notifications.clients.mailbox", "sns": "services.notifications.clients.sms_sns"}


class AddressBook(Protocol):
    """Names and addresses of recipients; raises Unavailable while the users service is unavailable."""

    def user(self, user_id: str) -> list[Contact]:
        """Return the user as a list of one, empty when there is no such user."""

    def company_contacts(self, company_id: str) -> list[Contact]:
        """Return the people of a company who get mails about its orders."""


@dataclass(frozen=True)
class Clients:
    """What operations reach outside this service."""

    address_book: AddressBook
    mailer: Mailer
    texter: Texter

    @classmethod
    def build(cls, settings: NotificationsSettings) -> Clients:
        identity = ServiceIdentity(settings.users_url, "notifications", settings.service_secret)
        cache = Cache(redis_from_url(settings.redis_url), "notifications-contacts")
        users = UsersClient(settings.users_url, identity=identity, cache=cache)
        return cls(
            address_book=users,
            mailer=import_module(MAILERS[settings.email_backend]).build_mailer(settings),
            texter=import_module(TEXTERS[settings.sms_backend]).build_texter(settings),
        )


def clients() -> Clients:
    """Return the clients of the application at work."""
    return current_clients(Clients)
