"""Reading notifications, limited to what the reader may see."""

from __future__ import annotations

from services.notifications.documents import Notification, NotificationRecord
from services.notifications.rules import NotificationsFilter
from shared.data.pagination import Page, page
from shared.data.struct_fields import stored_as
from shared.web.tokens import Principal

SHOWN = dict.fromkeys(NotificationRecord.__struct_encode_fields__, 1)


def list_notifications(reader: Principal, wanted: NotificationsFilter) -> Page[NotificationRecord]:
    """Return a page of notifications that have a recipient, newest first."""
    scope = reader.company_scope("notifications:read")
    of_order = {} if wanted.order_id is None else {"order_id": wanted.order_id}
    found = page(
        Notification.collection(),
        {**scope, **of_order, "recipient": {"$exists": True}},
        wanted,
        sort=[("_id", -1, str)],
        fields=SHOWN,
    )
    return found.readable(lambda each: stored_as(NotificationRecord, Notification.decrypted(each)))
