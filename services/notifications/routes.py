"""The notifications API."""

from __future__ import annotations

from flask.views import MethodView

from services.notifications import examples, operations
from services.notifications.documents import NotificationRecord
from services.notifications.rules import NotificationsFilter
from services.notifications.schemas import NotificationPageSchema, NotificationsQuery
from shared.data.pagination import Page
from shared.web.auth import current_principal, requires
from shared.web.service import ApiBlueprint

blp = ApiBlueprint("notifications", __name__, url_prefix="/v1/notifications", description="Mails about orders.")


@blp.route("")
class Notifications(MethodView):
    @requires("notifications:read")
    @blp.arguments(NotificationsQuery, location="query")
    @blp.response(200, NotificationPageSchema, example=examples.PAGE)
    @blp.operation("listNotifications")
    def get(self, wanted: NotificationsFilter) -> Page[NotificationRecord]:
        """
        List notifications, newest first.

        Buyers see those to people of their company, staff all of them. A mail that could not be sent is tried again
        for hours before it is `failed`.
        """
        return operations.list_notifications(current_principal(), wanted)
