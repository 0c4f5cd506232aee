"""The backend `ses`: sends mails by Amazon SES."""

from __future__ import annotations

from email import policy
from email.headerregistry import AddressHeader
from email.message import EmailMessage
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from services.notifications.config import NotificationsSettings
from services.notifications.errors import MailNotDelivered, MailNotSendable
from shared.base.aws import client

# SES promises to carry 7-bit content only.
SEVEN_BIT = policy.SMTP.clone(cte_type="7bit")
# What SES says of a mail that is malformed; whatever else it refuses (rate, quota, a paused account) may pass later.
FOR_EVER = {"BadRequestException"}


class SesMailer:
    """
    Sends from a verified identity, under a configuration set.

    SES knows no idempotency and writes its own Message-ID: a worker that dies between sending and noting it sends
    the mail twice. The tag `notification` leads from SES' events to the notification.
    """

    def __init__(self, configuration_set: str) -> None:
        self._options: dict[str, Any] = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    def deliver(self, mail_id: str, message: EmailMessage) -> None:
        try:
            client("sesv2").send_email(
                FromEmailAddress=_bare(message["From"])[0],
                Destination={"ToAddresses": _bare(message["To"])},
                Content={"Raw": {"Data": message.as_bytes(policy=SEVEN_BIT)}},
                EmailTags=[{"Name": "notification", "Value": mail_id}],
                **self._options,
            )
        except ClientError as refusal:
            code = refusal.response["Error"]["Code"]
            if code in FOR_EVER:
                raise MailNotSendable(f"SES refused the mail: {code}") from refusal
            raise MailNotDelivered(f"SES did not take the mail: {code}") from refusal
        except BotoCoreError as failure:
            raise MailNotDelivered(f"SES does not answer: {type(failure).__name__}") from failure


def _bare(header: AddressHeader) -> list[str]:
    """Return the addresses alone: SES takes 7-bit ones only, and the names stand in the mail, encoded."""
    return [address.addr_spec for address in header.addresses]


def build_mailer(settings: NotificationsSettings) -> SesMailer:
    return SesMailer(settings.email_configuration_set)
