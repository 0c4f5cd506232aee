"""The list of notifications, and settings."""

from __future__ import annotations

import pytest

from services.notifications.config import NotificationsSettings
from shared.base.errors import SettingsInvalid
from tests.factories.notifications import cancelled, confirmed
from tests.support import GLOBEX


class TestList:
    def test_shows_what_was_sent(self, notifications, buyer):
        notifications.deliver(confirmed())
        notifications.run_jobs()

        (item,) = buyer.get("/v1/notifications").json["items"]

        assert set(item) == {"id", "kind", "subject", "recipient", "status", "order_id", "created_at", "sent_at"}
        assert (item["kind"], item["status"], item["order_id"]) == ("order_confirmed", "sent", "ord_1")
        assert item["recipient"] == "ann@acme.example"
        assert item["sent_at"] is not None

    def test_pages_newest_first_and_filters_by_order(self, notifications, buyer):
        for number in range(3):
            notifications.deliver(cancelled(order_id=f"ord_{number}"))

        first = buyer.get("/v1/notifications?limit=2").json
        second = buyer.get(f"/v1/notifications?limit=2&cursor={first['next_cursor']}").json

        assert [each["order_id"] for each in first["items"] + second["items"]] == ["ord_2", "ord_1", "ord_0"]
        assert len(buyer.get("/v1/notifications?order_id=ord_1").json["items"]) == 1

    def test_keeps_companies_apart(self, notifications, notifications_app, api):
        notifications.deliver(confirmed())

        assert api(notifications_app, company_id=GLOBEX).get("/v1/notifications").json["items"] == []
        assert len(api(notifications_app, role="merchant_admin").get("/v1/notifications").json["items"]) == 1

    def test_needs_its_permission(self, notifications_app, api):
        assert api(notifications_app, role="nobody").get("/v1/notifications").status_code == 403
        assert api(notifications_app, role=None).get("/v1/notifications").status_code == 401


def test_refuses_an_unknown_mailer_by_name():
    with pytest.raises(SettingsInvalid, match="EMAIL_BACKEND is 'pigeon'"):
        NotificationsSettings.from_env({"EMAIL_BACKEND": "pigeon"})
