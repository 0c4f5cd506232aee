"""GET /v1/orders?q=: numbers, references, SKUs and companies' names find orders, each its company's only."""

from __future__ import annotations

import pytest

from services.orders.migrations import MIGRATIONS
from services.orders.orders.documents import Order
from shared.calls.resilience import UpstreamUnavailable
from shared.data.migrations import migrate
from tests.factories.orders import make_line, make_order
from tests.support import ACME, GLOBEX


def find(client, text, **query):
    response = client.get("/v1/orders", query_string={"q": text, **query})
    assert response.status_code == 200, response.json
    return [order["id"] for order in response.json["items"]]


@pytest.fixture
def wanted(app):
    return make_order(
        number="SO-000123",
        po_number="PO-2026/0042 Möbel",
        reference="ERP-77",
        line_items=[make_line(sku="BOLT-M8"), make_line(2, sku="NUT.4")],
    )


class TestTexts:
    @pytest.mark.parametrize(
        "text",
        [
            "SO-000123",
            "so-0001",
            "123",
            "000123",
            "PO-2026/0042",
            "2026/0042",
            "42",
            "mobel",
            "MÖBEL",
            "erp-77",
            "BOLT-M8",
            "bolt",
            "nut.4",
            "bolt so-000123 MOB",
        ],
    )
    def test_find_an_order(self, buyer, wanted, text):
        make_order(number="SO-000999", line_items=[make_line(sku="OTHER")])

        assert find(buyer, text) == [wanted.id]

    @pytest.mark.parametrize("text", ["M8", "23", "olt", "bolt so-9", "*", ".*", "$ne", "[", "\\", "SO-000123x"])
    def test_find_nothing_else(self, buyer, wanted, text):
        assert find(buyer, text) == []

    def test_find_the_orders_of_the_own_company_only(self, buyer, staff, wanted):
        foreign = make_order(company_id=GLOBEX, reference="ERP-77")

        assert find(buyer, "erp-77") == [wanted.id]
        assert find(staff, "erp-77") == [foreign.id, wanted.id]
        assert find(buyer, "erp-77", company_id=GLOBEX) == []

    def test_go_with_other_filters_and_pages(self, buyer):
        made = [make_order(reference=f"ERP-{n}", status="shipped").id for n in range(3)]
        make_order(reference="ERP-9", status="confirmed")

        assert buyer.get("/v1/orders?q=%C2%B4").json["items"] == []
        first = buyer.get("/v1/orders?q=erp&status=shipped&limit=2&with_total=true").json
        assert [each["id"] for each in first["items"]] == made[:0:-1]
        assert first["total"] == 3
        assert find(buyer, "erp", status="shipped", limit=2, cursor=first["next_cursor"]) == made[:1]


class TestCompanies:
    def test_are_found_by_staff_by_their_name(self, staff, users, wanted):
        users.companies = {ACME: "Acme Tools", GLOBEX: "Globex"}
        make_order(company_id=GLOBEX)

        assert find(staff, "ACME tool") == [wanted.id]

    def test_are_not_asked_for_by_buyers(self, buyer, users, wanted):
        users.companies = {ACME: "Acme Tools"}

        assert find(buyer, "acme") == []
        assert users.faults.calls == []

    def test_are_left_out_while_users_is_unavailable(self, staff, users, wanted):
        users.faults.plan("companies_named", UpstreamUnavailable("users", "timeout"))

        assert find(staff, "so-000123") == [wanted.id]


class TestOlderOrders:
    def test_are_found_after_the_migration(self, buyer, wanted):
        before = Order.collection().find_one({"_id": wanted.id})
        Order.collection().update_one({"_id": wanted.id}, {"$unset": {"search_terms": ""}})
        assert find(buyer, "bolt") == []

        migrate("orders", MIGRATIONS)

        assert find(buyer, "bolt") == find(buyer, "42") == [wanted.id]
        assert Order.collection().find_one({"_id": wanted.id}) == before

    def test_are_found_after_their_next_change(self, buyer, wanted):
        Order.collection().update_one({"_id": wanted.id}, {"$unset": {"search_terms": ""}})

        buyer.post(f"/v1/orders/{wanted.id}/cancellation", json={"reason": "no"})

        assert find(buyer, "bolt") == [wanted.id]
