"""Lists of both portals: forward, back, where a page stands, filters that stay, and cursors that are stale."""

from __future__ import annotations

from typing import Any

import pytest

from tests.portals.pages import Page, Visitor

LOST = "This is the first page"


@pytest.fixture
def shop(gateway: Any):
    for number in range(30):
        gateway.shop.add_product(f"BOLT-{number:02}")
        gateway.shop.book.add((f"BOLT-{number:02}", 1))
    return gateway.shop


def follow(visitor: Visitor, page: Page, rel: str) -> Page:
    (link,) = [each for each in page.all("a") if each.get("rel") == rel]
    return visitor.get(link.get("href", ""))


class TestPages:
    @pytest.mark.parametrize(
        ("portal", "address"),
        [
            ("buyer", "/orders"),
            ("buyer", "/catalog"),
            ("staff", "/admin/orders"),
            ("staff", "/admin/products"),
            ("staff", "/admin/products?q=bolt"),
        ],
    )
    def test_go_forward_and_back(self, request, shop, portal, address):
        visitor = request.getfixturevalue(portal)
        first = visitor.get(address)
        second = follow(visitor, first, "next")
        back = follow(visitor, second, "prev")

        assert (len(first.rows()), len(second.rows())) == (25, 5)
        assert back.rows() == first.rows()
        assert "1\u201325 of 30" in first.text
        assert "26\u201330 of 30" in second.text
        assert not [each for each in first.all("a") if each.get("rel") == "prev"]
        assert not [each for each in second.all("a") if each.get("rel") == "next"]

    def test_keep_every_filter_in_the_address(self, buyer: Visitor, shop):
        address = "/orders?q=so-&status=confirmed&status=shipped&ordered_from=2026-01-01&ordered_to="
        page = follow(buyer, buyer.get(address), "next")

        assert page.response.request.query_string.decode().startswith(
            "q=so-&status=confirmed&status=shipped&ordered_from=2026-01-01&cursor="
        )
        (shipped,) = [each for each in page.all("input") if each.get("value") == "shipped"]
        assert shipped.get("checked") is not None

    @pytest.mark.parametrize(
        ("portal", "address"),
        [
            ("buyer", "/orders?cursor=stale"),
            ("buyer", "/catalog?cursor=stale"),
            ("buyer", "/notifications?cursor=stale"),
            ("staff", "/admin/orders?status=confirmed&cursor=stale"),
            ("staff", "/admin/products?cursor=stale"),
            ("staff", "/admin/products?q=bolt&cursor=stale"),
            ("staff", "/admin/companies?cursor=stale"),
            ("staff", "/admin/imports?cursor=stale"),
            ("staff", "/admin/people?cursor=stale"),
        ],
    )
    def test_with_a_stale_cursor_are_the_first_with_a_note(self, request, shop, portal, address):
        page = request.getfixturevalue(portal).get(address)

        assert page.status == 200
        assert LOST in page.text
        assert not [each for each in page.all("a") if each.get("rel") == "prev"]

    def test_say_nothing_when_all_is_well(self, buyer: Visitor, shop):
        assert LOST not in buyer.get("/orders").text


class TestOrderSearch:
    @pytest.mark.parametrize(("portal", "start"), [("buyer", "/"), ("staff", "/admin/")])
    def test_finds_one_of_many_in_two_steps(self, request, shop, portal, start):
        visitor = request.getfixturevalue(portal)
        wanted = shop.book.add(("BOLT-07", 1), po_number="PO-4711")
        link = next(each for each in visitor.get(start).links() if each.endswith("/orders"))

        page = visitor.get(link).submit("/orders", q="po-4711")

        assert len(page.rows()) == 1
        assert wanted["number"] in page.rows()[0]

    @pytest.mark.parametrize(("portal", "address"), [("buyer", "/orders"), ("staff", "/admin/orders")])
    def test_that_finds_nothing_leads_back_to_all(self, request, shop, portal, address):
        visitor = request.getfixturevalue(portal)
        page = visitor.get(f"{address}?q=nothing&status=shipped")

        assert "No orders found" in page.text
        assert page.links().count(address) >= 2  # "Reset" and "Show all orders", beside the menu

    @pytest.mark.parametrize(("portal", "address"), [("buyer", "/orders"), ("staff", "/admin/orders")])
    def test_takes_a_range_of_days(self, request, shop, portal, address):
        visitor = request.getfixturevalue(portal)
        old = shop.book.add(("BOLT-07", 1), ordered_on="2024-05-05")

        page = visitor.get(address).submit("/orders", ordered_from="2024-05-01", ordered_to="2024-05-31")
        wrong = visitor.get(f"{address}?ordered_from=2024-05-31&ordered_to=2024-05-01")

        assert [row.split()[0] for row in page.rows()] == [old["number"]]
        assert "The last day must not be before the first" in wrong.text
        assert wrong.status == 200

    def test_ignores_states_that_do_not_exist(self, buyer: Visitor, shop):
        assert len(buyer.get("/orders?status=nonsense").rows()) == 25

    def test_is_cut_where_the_api_would_refuse_it(self, buyer: Visitor, shop):
        assert "No orders found" in buyer.get(f"/orders?q={'x' * 300}").text


class TestCompanies:
    def test_are_found_by_name(self, staff: Visitor, shop):
        shop.add_company("com_other", "Initech Stores", "C-3")
        page = staff.get("/admin/companies").submit("/companies", q="init")

        assert len(page.rows()) == 1
        assert "Initech" in page.rows()[0]

    def test_that_are_not_found_lead_back_to_all(self, staff: Visitor, shop):
        assert "/admin/companies" in staff.get("/admin/companies?q=nobody").links()
