"""The interface of a backend of text messages (SMS)."""

from __future__ import annotations

import re
from typing import Protocol

from services.notifications.errors import MailNotSendable

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


class Texter(Protocol):
    """Sends text messages."""

    def send(self, text_id: str, number: str, text: str) -> None:
        """
        Send `text` to a phone `number` in E.164 form (`+441632960123`).

        Raises MailNotDelivered when a retry may succeed, MailNotSendable when the number is invalid.
        """


def checked_number(number: str) -> str:
    """Return the number as it is; raise MailNotSendable unless it is in E.164 form."""
    if not _E164.fullmatch(number):
        raise MailNotSendable("The phone number is not in E.164 form, like +441632960123")
    return number
