"""Settings of the notifications service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.base.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class NotificationsSettings(StoreSettings):
    """
    `mailbox_dir` is the Maildir of the backends `mailbox`; links in mails lead to `public_customer_url`.

    `email_configuration_set` (SES) decides what becomes of bounces and complaints; SMS carry `sms_sender_id`.
    """

    public_customer_url: str
    mailbox_dir: str = ""
    email_sender: str = "orders@tradepost.example"
    email_sender_name: str = "Tradepost"
    email_backend: str = field(default="mailbox", metadata={"choices": ("mailbox", "ses")})
    email_configuration_set: str = ""
    sms_backend: str = field(default="mailbox", metadata={"choices": ("mailbox", "sns")})
    sms_sender_id: str = "Tradepost"
