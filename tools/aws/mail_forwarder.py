"""Forwards mails and text messages that moto's SES and SNS accepted to the local mailbox."""

from __future__ import annotations

from email import message_from_string, policy
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends

from services.notifications.clients.mailbox import MaildirMailer, MaildirTexter


class MailForwarder:
    """Forwards moto's accepted messages of one region, in moto's own process; called from one thread."""

    def __init__(self, mailer: MaildirMailer, region: str) -> None:
        self._mailer = mailer
        self._mails: list[Any] = ses_backends[DEFAULT_ACCOUNT_ID][region].sent_messages
        self._texts: dict[str, tuple[str, str]] = sns_backends[DEFAULT_ACCOUNT_ID][region].sms_messages

    def forward(self) -> None:
        """Deliver the messages that were accepted since the last call."""
        while self._mails:
            sent = self._mails.pop(0)
            self._mailer.deliver(sent.id, message_from_string(sent.raw_data, policy=policy.default))
        while self._texts:
            text_id, (number, text) = self._texts.popitem()
            MaildirTexter(self._mailer, "SNS").send(text_id, number, text)
