"""The notifications API."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from services.notifications import operations
from services.notifications.schemas import NotificationPageSchema, NotificationsQuery
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("notifications", __name__, url_prefix="/v1/notifications", description="What people were told")


@blp.route("")
class Notifications(MethodView):
    @requires("notifications:read")
    @blp.arguments(NotificationsQuery, location="query")
    @blp.response(200, NotificationPageSchema)
    def get(self, query: dict[str, Any]) -> Page[dict[str, Any]]:
        """List notifications, newest first."""
        return operations.list_notifications(current_principal(), **query)
