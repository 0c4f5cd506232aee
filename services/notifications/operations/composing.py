"""Composing the mail of a notification: text and HTML from templates, headers that nobody can break out of."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from services.notifications import rules
from services.notifications.config import NotificationsSettings
from services.notifications.documents import Notification
from services.notifications.errors import MailNotSendable


def compose_mail(notification: Notification, settings: NotificationsSettings) -> EmailMessage:
    """Return the mail; raise MailNotSendable when the recipient's address is none."""
    message = EmailMessage()
    message["From"] = _address(settings.email_sender_name, settings.email_sender)
    message["To"] = _address(notification.recipient_name or "", notification.recipient)
    message["Subject"] = rules.one_line(notification.subject)
    message["Date"] = format_datetime(notification.created_at)
    message["Message-ID"] = rules.message_id(notification.id, settings.email_sender)
    message["Auto-Submitted"] = "auto-generated"
    shown = {
        "facts": notification.facts,
        "subject": notification.subject,
        "name": notification.recipient_name or "",
        "order_url": f"{settings.public_customer_url.rstrip('/')}/orders/{notification.order_id}",
        "sender_name": settings.email_sender_name,
    }
    message.set_content(_render(f"{notification.kind}.txt", shown))
    message.add_alternative(_render(f"{notification.kind}.html", shown), subtype="html")
    return message


def _render(template: str, shown: dict[str, object]) -> str:
    return _templates().get_template(template).render(shown)


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("services.notifications"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _address(name: str, email: str) -> Address:
    try:
        return Address(display_name=rules.one_line(name), addr_spec=email)
    except (HeaderParseError, ValueError, IndexError) as fault:
        raise MailNotSendable("The address is not one") from fault
