"""The backends `mailbox`: write mails and text messages into a Maildir on this machine instead of sending them."""

from __future__ import annotations

import os
import secrets
from email import policy
from email.message import EmailMessage
from pathlib import Path

from services.notifications.clients.texter import checked_number
from services.notifications.config import NotificationsSettings
from services.notifications.errors import MailNotDelivered
from shared.base.clock import now
from shared.base.errors import SettingsInvalid


class MaildirMailer:
    """Writes each mail once, under its id, the way Maildir demands: complete in `tmp`, then linked into `new`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def deliver(self, mail_id: str, message: EmailMessage) -> None:
        try:
            for folder in ("tmp", "new", "cur"):
                (self._root / folder).mkdir(parents=True, exist_ok=True)
            if not any((self._root / "cur").glob(f"{mail_id}:*")):
                self._write(mail_id, message.as_bytes(policy=policy.default))
        except OSError as failure:
            raise MailNotDelivered(f"The mailbox cannot be written: {failure.strerror}") from failure

    def _write(self, mail_id: str, content: bytes) -> None:
        draft = self._root / "tmp" / f"{mail_id}.{secrets.token_hex(4)}"
        draft.write_bytes(content)
        try:
            os.link(draft, self._root / "new" / mail_id)
        except FileExistsError:
            return  # an earlier attempt got this far
        finally:
            draft.unlink()


class MaildirTexter:
    """Shows each text message as a mail to its number, so that the mailbox page has both."""

    def __init__(self, mailer: MaildirMailer, sender_id: str) -> None:
        self._mailer = mailer
        self._sender_id = sender_id

    def send(self, text_id: str, number: str, text: str) -> None:
        message = EmailMessage()
        message["From"], message["To"] = self._sender_id, checked_number(number)
        message["Subject"] = "SMS"
        message["Date"] = now()
        message.set_content(text)
        self._mailer.deliver(text_id, message)


def build_mailer(settings: NotificationsSettings) -> MaildirMailer:
    if not settings.mailbox_dir:
        raise SettingsInvalid("MAILBOX_DIR is missing; the backend mailbox writes there")
    return MaildirMailer(Path(settings.mailbox_dir))


def build_texter(settings: NotificationsSettings) -> MaildirTexter:
    return MaildirTexter(build_mailer(settings), settings.sms_sender_id)
