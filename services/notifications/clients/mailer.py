"""What notifications needs of whatever carries its mail."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Protocol


class Mailer(Protocol):
    """Carries mail; safe to be given the same mail twice."""

    def deliver(self, mail_id: str, message: EmailMessage) -> None:
        """
        Hand the mail over; each `mail_id` goes out once.

        Raises MailNotDelivered when trying later may help.
        """
