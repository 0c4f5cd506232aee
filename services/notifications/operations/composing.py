"""Composing the mail of a notification: text and HTML from templates, headers of one line each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.notifications import rules
from services.notifications.config import NotificationsSettings
from services.notifications.documents import Notification
from services.notifications.errors import MailNotSendable
from shared.base.clock import moment_text, now
from shared.base.mail_addresses import AddressNotMailable, mailable_address


def compose_mail(notification: Notification, settings: NotificationsSettings) -> EmailMessage:
    """Return the mail; raise MailNotSendable when the recipient's address is invalid."""
    to = _address(notification.recipient_name or "", notification.recipient or "")
    message = _headed(notification.id, to, notification.subject, notification.created_at, settings)
    shown: dict[str, object] = {
        "facts": notification.facts,
        "subject": notification.subject,
        "name": notification.recipient_name or "",
        "order_url": f"{settings.public_customer_url.rstrip('/')}/orders/{notification.order_id}",
        "sender_name": settings.email_sender_name,
    }
    message.set_content(_render(f"{notification.kind}.txt", shown))
    message.add_alternative(_render(f"{notification.kind}.html", shown), subtype="html")
    return message


def compose_invitation(
    mail_id: str, recipient: str, *, link: str, expires_at: datetime, settings: NotificationsSettings
) -> EmailMessage:
    """Return the mail that invites the installation's first person; its link is a secret, so it is never stored."""
    subject = f"Your invitation to {settings.email_sender_name}"
    message = _headed(mail_id, _address("", recipient), subject, now(), settings)
    shown: dict[str, object] = {"subject": subject, "name": "", "link": link, "expires_at": moment_text(expires_at)}
    shown["sender_name"] = settings.email_sender_name
    message.set_content(_render("invitation.txt", shown))
    message.add_alternative(_render("invitation.html", shown), subtype="html")
    return message


def _headed(mail_id: str, to: Address, subject: str, at: datetime, settings: NotificationsSettings) -> EmailMessage:
    message = EmailMessage()
    message["From"] = _address(settings.email_sender_name, settings.email_sender)
    message["To"] = to
    message["Subject"] = rules.one_line(subject)
    message["Date"] = format_datetime(at)
    message["Message-ID"] = rules.message_id(mail_id, settings.email_sender)
    message["Auto-Submitted"] = "auto-generated"
    return message


def _render(template: str, shown: dict[str, object]) -> str:
    return _templates().get_template(template).render(shown)


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=PackageLoader("services.notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["product"] = _product
    return templates


def _product(line: Mapping[str, Any]) -> str:
    """Return name and SKU of a line, the SKU alone for one without a name."""
    return f"{line['name']} ({line['sku']})" if line.get("name") else str(line["sku"])


def _address(name: str, email: str) -> Address:
    try:
        return Address(display_name=rules.one_line(name), addr_spec=mailable_address(email))
    except AddressNotMailable as fault:
        raise MailNotSendable("address_not_mailable") from fault
