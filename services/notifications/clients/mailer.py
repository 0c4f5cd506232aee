"""The interface of a mail backend."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class Mailer(Protocol):
    """Sends mails; safe to call twice for one mail."""

    def deliver(self, mail_id: str, message: EmailMessage) -> None:
        """
        Send the mail, once per `mail_id`.

        Raises MailNotDelivered when a retry may succeed.
        """
