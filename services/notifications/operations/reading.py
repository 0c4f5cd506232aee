"""Reading notifications, limited to what the reader may see."""

from __future__ import annotations

from typing import Any

from services.notifications.documents import Notification
from shared.data.pagination import Page, page
from shared.web.tokens import Principal

SHOWN = {"kind": 1, "subject": 1, "recipient": 1, "status": 1, "order_id": 1, "created_at": 1, "sent_at": 1}


def list_notifications(
    reader: Principal, *, order_id: str | None, cursor: str | None, limit: int
) -> Page[dict[str, Any]]:
    """Return a page of notifications that have a recipient, newest first."""
    query: dict[str, Any] = {**reader.company_scope("notifications:read"), "recipient": {"$exists": True}}
    if order_id is not None:
        query["order_id"] = order_id
    found = page(Notification.collection(), query, sort=[("_id", -1, str)], cursor=cursor, limit=limit, fields=SHOWN)
    return found.map(lambda each: {**Notification.decrypted(each), "id": each["_id"]})
