"""GET /v1/orders: who sees what, filters, pages, and an index behind every query."""

from __future__ import annotations

from typing import Any

import pytest

from services.orders.orders import operations
from services.orders.orders.documents import Order
from shared.base.clock import now
from shared.data.pagination import page
from tests.factories.orders import make_order, make_shipped_order
from tests.support import ACME, GLOBEX


def ids(response):
    return [order["id"] for order in response.json["items"]]


class TestListOrders:
    def test_shows_a_company_its_own_newest_first(self, buyer):
        first, second = make_order(), make_order()
        make_order(company_id=GLOBEX)

        assert ids(buyer.get("/v1/orders")) == [second.id, first.id]

    def test_shows_staff_everything_or_one_company(self, staff):
        acme, globex = make_order(), make_order(company_id=GLOBEX)

        assert ids(staff.get("/v1/orders")) == [globex.id, acme.id]
        assert ids(staff.get(f"/v1/orders?company_id={GLOBEX}")) == [globex.id]

    def test_shows_a_buyer_nothing_of_another_company_it_names(self, buyer):
        make_order()
        make_order(company_id=GLOBEX)

        assert ids(buyer.get(f"/v1/orders?company_id={GLOBEX}")) == []

    @pytest.mark.parametrize("query", ["reference=PO-7", "ordered_on=2026-02-01", "status=cancelled"])
    def test_filters(self, buyer, query):
        make_order()
        wanted = make_order(reference="PO-7", ordered_on="2026-02-01", status="cancelled")

        assert ids(buyer.get(f"/v1/orders?{query}")) == [wanted.id]

    @pytest.mark.parametrize(
        "query",
        [
            "status=lost",
            "ordered_on=yesterday",
            "limit=101",
            "limit=1_0",
            "limit=%205",
            "limit=%2B5",
            "limit=%EF%BC%95",
            "limit=5.0",
            "limit=-1",
        ],
    )
    def test_refuses_filters_that_make_no_sense(self, buyer, query):
        assert buyer.get(f"/v1/orders?{query}").status_code == 422

    def test_shows_buyers_refused_tries_only_when_they_are_named(self, buyer, rep, staff):
        refused, placed = make_order(status="refused"), make_order()

        for reader in (buyer, rep):
            assert ids(reader.get("/v1/orders")) == [placed.id]
            assert ids(reader.get("/v1/orders?status=refused")) == [refused.id]
            assert reader.get(f"/v1/orders/{refused.id}").status_code == 200
        assert ids(staff.get("/v1/orders")) == [placed.id, refused.id]

    def test_walks_through_all_pages_without_loss(self, buyer):
        placed = [make_order().id for _ in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            response = buyer.get(f"/v1/orders?limit=2{cursor and '&cursor=' + cursor}")
            seen += ids(response)
            cursor = response.json["next_cursor"]

        assert seen == placed[::-1]

    def test_shows_each_order_as_it_is_read_alone(self, buyer):
        order = make_shipped_order(po_number="4711", reference="PO-7")

        listed = buyer.get("/v1/orders").json["items"][0]

        assert listed == buyer.get(f"/v1/orders/{order.id}").json
        assert listed["shipments"][0]["shipped_at"].endswith("Z")
        assert listed["company_id"] == ACME

    def test_needs_the_permission(self, app, api):
        assert api(app, role="nobody").get("/v1/orders").status_code == 403
        assert api(app, role=None).get("/v1/orders").status_code == 401


class TestGetOrder:
    def test_hides_another_companys_order(self, buyer):
        foreign = buyer.get(f"/v1/orders/{make_order(company_id=GLOBEX).id}")
        missing = buyer.get("/v1/orders/ord_none")

        assert (foreign.status_code, missing.status_code) == (404, 404)
        assert foreign.json["title"] == missing.json["title"]

    def test_does_not_show_internal_fields(self, buyer):
        order = make_order(status="pending_payment", card_token="tok_ok")

        view = buyer.get(f"/v1/orders/{order.id}").json

        assert not {"card_token", "idempotency_key", "outbox", "cart_key"} & set(view)


def plan_of(cursor):
    return cursor.explain()["queryPlanner"]["winningPlan"]


def stages(plan):
    yield plan["stage"]
    for inner in [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", []):
        yield from stages(inner)


class Explaining:
    """Stands where `page` expects a collection, and keeps the cursor it makes."""

    def __init__(self, collection):
        self.collection = collection

    def find(self, *args):
        self.cursor = self.collection.find(*args)
        return self.cursor


class TestIndexes:
    FILTERS: tuple[dict[str, Any], ...] = (
        {},
        {"status": "confirmed"},
        {"status": {"$in": ["confirmed", "shipped", "cancelled"]}},
        {"ordered_on": "2026-01-05"},
        {"reference": "PO-7"},
        {"needs_attention": True},
    )
    SCOPES: tuple[dict[str, str], ...] = ({}, {"company_id": ACME})
    KEYS = (
        {"due_at": {"$lte": now()}},
        {"cart_key": "cart_1:1"},
        {
            "$or": [
                {"company_id": ACME, "idempotency_key": "k"},
                {"company_id": ACME, "reference_key": "PO-7"},
                {"cart_key": "cart_1:1"},
            ]
        },
    )

    @pytest.fixture(autouse=True)
    def _orders(self, app):
        made = make_order(reference="PO-7").to_mongo()
        others = [
            {**made, "_id": f"ord_{n}", "number": f"SO-{n}", "idempotency_key": f"key_{n}", "reference": f"PO-{n}"}
            for n in range(30)
        ]
        Order.collection().insert_many(others)

    @pytest.mark.parametrize("after", [{}, {"_id": {"$lt": "ord_z"}}], ids=["first page", "later page"])
    def test_every_list_reads_in_index_order(self, after):
        for query in ({**filters, **scope, **after} for filters in self.FILTERS for scope in self.SCOPES):
            collection = Explaining(Order.collection())
            page(collection, query, sort=[("_id", -1, str)], cursor=None, limit=20, fields=operations.UNREAD)

            used = set(stages(plan_of(collection.cursor)))
            assert not used & {"COLLSCAN", "SORT"}, query

    def test_sweeper_and_natural_keys_are_looked_up(self):
        for query in self.KEYS:
            assert "COLLSCAN" not in set(stages(plan_of(Order.collection().find(query)))), query
