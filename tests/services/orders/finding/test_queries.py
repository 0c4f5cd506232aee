"""An index serves every list of orders: none reads the whole collection, and none sorts what it could read in order."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.orders.finding.documents import SORTS_OF_ORDERS, UNREAD, query_of
from services.orders.finding.operations import SHOWN_TO_BUYERS
from services.orders.finding.rules import OrdersFilter
from services.orders.orders.documents import Order
from shared.base.clock import now
from shared.base.pages import PageRequest
from shared.data.pagination import page
from tests.factories.orders import make_order
from tests.support import ACME

SINCE = datetime(2026, 1, 1, tzinfo=UTC)


def plan_of(cursor):
    return cursor.explain()["queryPlanner"]["winningPlan"]


def steps(plan):
    yield plan
    for inner in [plan["inputStage"]] if "inputStage" in plan else plan.get("inputStages", []):
        yield from steps(inner)


def stages(plan):
    return {each["stage"] for each in steps(plan)}


class Explaining:
    """Stands where `page` expects a collection, and keeps the cursor it makes."""

    name = "orders"

    def __init__(self, collection):
        self.collection = collection

    def find(self, *args):
        self.cursor = self.collection.find(*args)
        return self.cursor


def plans(wanted: OrdersFilter, scope):
    """Return the plans of the first page, the second and the way back."""
    query = query_of(wanted, scope, ())
    changed = {} if wanted.updated_after is None else {"updated_at": {"$gte": wanted.updated_after}}
    sort = SORTS_OF_ORDERS[wanted.order(wanted.usual_order)]
    collection = Explaining(Order.collection())
    cursor = None
    for _ in range(3):
        found = page(collection, {**query, **changed}, PageRequest(cursor=cursor, limit=3), sort=sort, fields=UNREAD)
        yield plan_of(collection.cursor)
        cursor = found.previous_cursor or found.next_cursor


@pytest.fixture(autouse=True)
def _orders(app):
    made = make_order(reference="PO-7").to_mongo()
    others = [
        {**made, "_id": f"ord_{n:02}", "number": f"SO-{n}", "idempotency_key": f"key_{n}", "reference_key": f"PO-{n}"}
        for n in range(30)
    ]
    Order.collection().insert_many(others)


class TestLists:
    FILTERS = (
        OrdersFilter(),
        OrdersFilter(sort="created_at"),
        OrdersFilter(sort="updated_at"),
        OrdersFilter(updated_after=SINCE),
        OrdersFilter(updated_after=SINCE, sort="-updated_at", statuses=["confirmed"]),
        OrdersFilter(statuses=["confirmed"]),
        OrdersFilter(statuses=["confirmed", "shipped"]),
        OrdersFilter(statuses=SHOWN_TO_BUYERS),
        OrdersFilter(statuses=SHOWN_TO_BUYERS, updated_after=SINCE),
        OrdersFilter(ordered_on=date(2026, 1, 5)),
        OrdersFilter(ordered_from=date(2026, 1, 5), ordered_to=date(2026, 1, 6)),
        OrdersFilter(ordered_to=date(2026, 1, 6), sort="ordered_on"),
        OrdersFilter(reference="PO-7"),
        OrdersFilter(needs_attention=True),
    )

    @pytest.mark.parametrize("scope", [{}, {"company_id": ACME}], ids=["staff", "buyer"])
    @pytest.mark.parametrize("wanted", FILTERS, ids=range(len(FILTERS)))
    def test_are_read_in_index_order(self, wanted, scope):
        for plan in plans(wanted, scope):
            assert not stages(plan) & {"COLLSCAN", "SORT"}, plan


class TestTexts:
    """What few orders match is looked up and then sorted."""

    @pytest.mark.parametrize(
        ("scope", "companies", "index"),
        [
            ({}, [], "search_terms_1__id_1"),
            ({"company_id": ACME}, [], "company_id_1_search_terms_1__id_1"),
            ({}, ["cmp_none"], "search_terms_1__id_1"),
        ],
        ids=["staff", "buyer", "staff by company"],
    )
    def test_are_looked_up_in_the_index_of_search_terms(self, scope, companies, index):
        query = query_of(OrdersFilter(q="so-000000 bolts"), scope, companies)
        plan = plan_of(Order.collection().find(query).sort([("_id", -1)]).limit(21))

        assert "COLLSCAN" not in stages(plan)
        assert index in {each.get("indexName") for each in steps(plan)}

    def test_read_no_order_that_does_not_match(self):
        query = query_of(OrdersFilter(q="so-0000000000"), {}, [])

        assert Order.collection().find(query).explain()["executionStats"]["totalDocsExamined"] == 0


class TestSweeperAndKeys:
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

    @pytest.mark.parametrize("query", KEYS, ids=["due", "cart", "natural keys"])
    def test_are_looked_up(self, query):
        assert "COLLSCAN" not in stages(plan_of(Order.collection().find(query)))
