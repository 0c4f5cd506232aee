"""Refusals and outages are pages that say what happened and lead on."""

from __future__ import annotations

import pytest

from portals.customer.app import create_app
from portals.customer.config import CustomerSettings
from shared.portal.store import connect
from tests.portals.conftest import ADDRESSES
from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.pages import OWN_SITE, Visitor


class TestErrorPages:
    def test_gateway_down_is_a_503_with_the_request_id_and_a_retry(self, buyer: Visitor, gateway: FakeGateway):
        gateway.is_down = True

        page = buyer.get("/orders", headers={"X-Request-ID": "req_0123456789abcdef01234567"})

        assert page.status == 503
        assert page.heading() == "We are briefly unavailable"
        assert page.response.headers["Retry-After"]
        assert page.response.headers["X-Request-ID"] in page.text
        assert "/orders" in page.links()

    def test_works_again_once_the_gateway_is_back(self, buyer: Visitor, gateway: FakeGateway):
        gateway.is_down = True
        buyer.get("/orders")
        gateway.is_down = False

        assert buyer.get("/orders").status == 200

    def test_sign_in_while_the_gateway_is_down_is_a_503(self, visitor: Visitor, gateway: FakeGateway):
        page = visitor.get("/sign-in")
        gateway.is_down = True

        assert page.submit("/sign-in", email="buyer@acme.example", password="x").status == 503

    @pytest.mark.parametrize("path", ["/no-such-page", "/orders/ord_nobodys", "/products/NO-SUCH-SKU"])
    def test_what_is_not_there_is_a_404(self, buyer: Visitor, path: str):
        page = buyer.get(path)

        assert page.status == 404
        assert page.heading() == "Page not found"
        assert {"/", "/orders"} < {*page.links()}
        assert any(link.startswith("/catalog") for link in page.links())

    def test_a_product_that_is_not_there_can_be_searched_for(self, buyer: Visitor):
        page = buyer.get("/products/BOLT-M9")

        assert "Search for BOLT-M9" in page.text
        assert "/catalog?q=BOLT-M9" in page.links()

    @pytest.mark.parametrize(
        ("path", "heading"),
        [
            ("/orders?cursor=foreign&status=shipped", "Orders"),
            ("/catalog?q=bolt&cursor=foreign", "Results for “bolt”"),
            ("/notifications?cursor=foreign", "Notifications"),
        ],
    )
    def test_a_cursor_of_another_list_leads_to_the_first_page(self, buyer, gateway: FakeGateway, path, heading):
        called = {"/catalog": "/search"}.get(path.partition("?")[0], path.partition("?")[0])
        errors = [{"pointer": "/cursor", "detail": "Send next_cursor of the previous page."}]
        gateway.fail_next(called, refused(422, "cursor-invalid", errors=errors))

        page = buyer.get(path)

        assert (page.status, page.heading()) == (200, heading)
        assert "This is the first page" in page.text
        kept = path.replace("cursor=foreign&", "").replace("&cursor=foreign", "").replace("?cursor=foreign", "")
        assert page.response.request.full_path.rstrip("?") == kept

    def test_a_refused_form_leads_back_to_its_page(self, buyer: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        page = buyer.get("/products/BOLT-M8")
        gateway.fail_next("/cart", refused(403, "forbidden", detail="The permission cart:write is required"))

        sender = "http://localhost/products/BOLT-M8?from=list"
        page = buyer.post("/cart/within-stock", {"csrf_token": _token(page)}, sender=sender)

        assert page.status == 403
        assert "/products/BOLT-M8?from=list" in page.links()

    def test_a_conflict_shows_the_gateways_own_sentence(self, buyer: Visitor, gateway: FakeGateway):
        gateway.fail_next("/orders", refused(409, "version-conflict", detail="Somebody else changed this"))

        page = buyer.get("/orders")

        assert page.status == 409
        assert "Somebody else changed this" in page.text

    def test_too_many_requests_say_when_to_come_back(self, buyer: Visitor, gateway: FakeGateway):
        gateway.fail_next("/orders", refused(429, "rate-limited", retry_after="7"))

        page = buyer.get("/orders")

        assert page.status == 429
        assert page.response.headers["Retry-After"] == "7"

    def test_a_crash_tells_nothing_of_its_inside(self, buyer: Visitor, gateway: FakeGateway):
        gateway.fail_next("/orders", RuntimeError("secret inside"))

        page = buyer.get("/orders")

        assert page.status == 500
        assert "secret inside" not in page.source
        assert page.response.headers["X-Request-ID"] in page.text

    def test_a_crash_is_logged_without_the_invitation_it_happened_to(
        self, visitor: Visitor, gateway: FakeGateway, capsys: pytest.CaptureFixture[str]
    ):
        gateway.fail_next("/invitations/lookup", RuntimeError("broken"))

        assert visitor.get("/invitations/a-secret-token").status == 500

        told = capsys.readouterr().out
        assert "page_crashed" in told
        assert "a-secret-token" not in told

    def test_session_store_away_is_a_503(self, gateway: FakeGateway):
        dead = connect("redis://127.0.0.1:1")
        settings = CustomerSettings(redis_url="redis://127.0.0.1:1", service_secret="s" * 32, **ADDRESSES)
        visitor = Visitor(create_app(settings, transport=gateway, redis=dead))
        visitor.client.set_cookie("__Host-customer", "A" * 43, path="/")

        page = visitor.get("/orders")

        assert page.status == 503
        assert visitor.client.get("/health/live").status_code == 200
        assert visitor.client.get("/health/ready").status_code == 503

    def test_a_body_beyond_the_limit_is_refused(self, buyer: Visitor):
        response = buyer.client.post("/cart/items", data={"sku": "x" * 3_000_000}, headers=OWN_SITE)

        assert response.status_code == 413

    def test_every_problem_of_the_admin_portal_is_a_page_too(self, staff: Visitor, gateway: FakeGateway):
        assert staff.get("/admin/orders/ord_nobodys").status == 404
        gateway.is_down = True
        assert staff.get("/admin/").status == 503

    def test_a_rep_without_the_permission_is_told(self, staff: Visitor, gateway: FakeGateway):
        gateway.fail_next("/companies", refused(403, "forbidden", detail="This needs companies:read"))

        page = staff.get("/admin/companies")

        assert page.status == 403
        assert page.heading() == "You may not do this"


def _token(page) -> str:
    return next(field.get("value") for field in page.all("input") if field.get("name") == "csrf_token")
