"""Links from mails to the admin portal, whose cookie no other site's link carries."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Page, Visitor

FROM_A_MAIL = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}


def target_of(page: Page) -> str:
    refresh = next(each for each in page.all("meta") if each.get("http-equiv") == "refresh")
    return refresh.get("content", "").removeprefix("0; url=")


class TestHop:
    @pytest.mark.parametrize("path", ["/admin/orders?status=shipped&a=1", "/admin/", "/admin/products/BOLT-M8"])
    def test_leads_to_the_page_that_the_link_names(self, path: str, staff: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")

        page = staff.get(path, headers=FROM_A_MAIL)

        assert page.heading() == "One moment"
        assert target_of(page) == path
        assert path in page.links()
        assert staff.get(path).heading() not in ("One moment", "Sign in")

    @pytest.mark.parametrize("site", ["same-origin", "same-site", "none"])
    def test_is_left_out_where_the_cookie_is_sent_anyway(self, site: str, staff: Visitor):
        headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}

        assert staff.get("/admin/orders", headers=headers).heading() == "Orders"

    def test_never_leads_to_another_site(self, staff: Visitor):
        assert staff.get("/admin//evil.example", headers=FROM_A_MAIL).status == 404
        page = staff.get("/admin/sign-in?next=https://evil.example/", headers=FROM_A_MAIL)
        assert target_of(page).startswith("/admin/sign-in?")

    def test_invitations_and_scripts_need_none(self, admin_app, gateway: FakeGateway):
        gateway.shop.people.add("secret-token")
        visitor = Visitor(admin_app, "/admin")

        assert visitor.get("/admin/invitations/secret-token", headers=FROM_A_MAIL).heading() != "One moment"
        fetched = visitor.client.get(
            "/admin/orders", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
        )
        assert fetched.status_code == 302

    def test_forms_of_other_sites_stay_refused(self, staff: Visitor):
        sent = staff.client.post("/admin/sign-out", headers=FROM_A_MAIL)

        assert sent.status_code == 400

    def test_the_customer_portal_needs_none(self, buyer: Visitor):
        assert buyer.get("/orders", headers=FROM_A_MAIL).heading() == "Orders"
