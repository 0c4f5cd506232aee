"""Settings of the notifications service."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.settings import StoreSettings


@dataclass(frozen=True, kw_only=True)
class NotificationsSettings(StoreSettings):
    """`mailbox_dir` is the Maildir of the backend `mailbox`; links in mails lead to `public_customer_url`."""

    mailbox_dir: str
    public_customer_url: str
    email_sender: str = "orders@tradepost.example"
    email_sender_name: str = "Tradepost"
    email_backend: str = field(default="mailbox", metadata={"choices": ("mailbox",)})
