"""Reading notifications, limited to what the reader may see."""

from __future__ import annotations

from services.notifications.documents import Notification
from services.notifications.rules import NotificationsFilter
from shared.data.pagination import Page, page
from shared.web.tokens import Principal

HIDDEN = {"outbox": 0, "facts": 0}


def list_notifications(reader: Principal, wanted: NotificationsFilter) -> Page[Notification]:
    """Return a page of notifications that have a recipient, newest first, without their facts."""
    scope = reader.company_scope("notifications:read")
    of_order = {} if wanted.order_id is None else {"order_id": wanted.order_id}
    found = page(
        Notification.collection(),
        {**scope, **of_order, "recipient": {"$exists": True}},
        sort=[("_id", -1, str)],
        cursor=wanted.cursor,
        limit=wanted.limit,
        fields=HIDDEN,
    )
    return found.map(Notification._from_son)
