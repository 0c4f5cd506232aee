"""GET /v1/inventory: every change of stock is listed, also that a SKU is not stocked any more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.products import handlers
from services.products.counts.documents import set_many, stopped_id
from services.products.inventory.operations import set_inventory
from services.products.migrations import MIGRATIONS
from services.products.reservations.operations import release_stock
from services.products.stock.documents import Stock
from shared.base.clock import now
from shared.data.migrations import migrate
from tests.factories.order_events import remainder_cancelled, shipped
from tests.factories.products import make_product, reserve

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def skus(response: Any) -> list[str]:
    assert response.status_code == 200, response.json
    return [each["sku"] for each in response.json["items"]]


@pytest.fixture
def stocked(products_app: Any) -> None:
    """A and B have ten units each, and nothing changed for long."""
    for sku in ("B", "A"):
        make_product(sku, stock=10)
    forget_changes()


def forget_changes() -> None:
    Stock.collection().update_many({}, {"$set": {"updated_at": LONG_AGO}})


def changed(merchant: Any) -> list[tuple[str, int | None, int, int | None]]:
    """Return what was changed within the last hour: SKU, on hand, reserved, available."""
    since = (now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    response = merchant.get("/v1/inventory", query_string={"updated_after": since})
    found = response.json["items"]
    return [(each["sku"], each["on_hand"], each["reserved"], each["available"]) for each in found]


class TestList:
    def test_is_by_sku_with_pages_and_a_total(self, merchant: Any, stocked: None) -> None:
        first = merchant.get("/v1/inventory?limit=1&with_total=true")
        second = merchant.get(f"/v1/inventory?limit=1&cursor={first.json['next_cursor']}")

        assert skus(first) + skus(second) == ["A", "B"]
        assert (first.json["total"], second.json["position"], second.json["next_cursor"]) == (2, 2, None)
        assert skus(merchant.get("/v1/inventory?sort=-sku")) == ["B", "A"]

    def test_shows_each_sku_as_it_is_read_alone(self, merchant: Any, stocked: None) -> None:
        assert merchant.get("/v1/inventory").json["items"][0] == merchant.get("/v1/inventory/A").json

    def test_is_for_staff(self, buyer: Any, merchant: Any, stocked: None) -> None:
        assert buyer.get("/v1/inventory").status_code == 403
        assert merchant.get("/v1/inventory").status_code == 200

    @pytest.mark.parametrize("query", ["sort=created_at", "sku=A", "updated_after=yesterday", "limit=0"])
    def test_refuses_what_it_does_not_know(self, merchant: Any, query: str) -> None:
        assert merchant.get(f"/v1/inventory?{query}").status_code == 422

    @pytest.mark.parametrize("sort", [[("sku", 1), ("_id", 1)], [("updated_at", 1), ("_id", 1)]])
    def test_is_read_in_index_order(self, products_app: Any, stocked: None, sort: list[tuple[str, int]]) -> None:
        plan = str(Stock.collection().find({}).sort(sort).limit(21).explain()["queryPlanner"]["winningPlan"])

        assert "COLLSCAN" not in plan
        assert "'SORT'" not in plan


class TestChanges:
    def test_of_reservations_are_listed(self, merchant: Any, stocked: None) -> None:
        reserve("ord_1", {"A": 4})
        assert changed(merchant) == [("A", 10, 4, 6)]

        forget_changes()
        release_stock("ord_1")
        assert changed(merchant) == [("A", 10, 0, 10)]

    def test_of_shipments_are_listed(self, merchant: Any, stocked: None) -> None:
        reserve("ord_1", {"A": 4})
        for units, left in ((1, ("A", 9, 3, 6)), (3, ("A", 6, 0, 6))):
            forget_changes()
            handlers.commit_shipped_stock([shipped(f"shp_{units}", A=units)])
            assert changed(merchant) == [left]

    def test_of_a_cancelled_remainder_are_listed(self, merchant: Any, stocked: None) -> None:
        reserve("ord_1", {"A": 4})
        forget_changes()
        handlers.release_cancelled_remainder(remainder_cancelled(A=4))

        assert changed(merchant) == [("A", 10, 0, 10)]

    def test_of_counts_and_imports_are_listed(self, merchant: Any, stocked: None) -> None:
        set_inventory("B", 12)
        set_many({"A": 3})

        assert changed(merchant) == [("B", 12, 0, 12), ("A", 3, 0, 3)]


class TestStopped:
    @pytest.mark.parametrize("stop", [lambda: set_inventory("A", None), lambda: set_many({"A": None})])
    def test_skus_are_listed_as_not_stocked(self, merchant: Any, stocked: None, stop: Any) -> None:
        stop()

        assert changed(merchant) == [("A", None, 0, None)]
        listed = merchant.get("/v1/inventory").json["items"][0]
        assert (listed["sku"], listed["is_stocked"]) == ("A", False)

    @pytest.mark.parametrize("count", [lambda: set_inventory("A", 5), lambda: set_many({"A": 5})])
    def test_skus_that_are_stocked_again_are_listed_once(self, merchant: Any, stocked: None, count: Any) -> None:
        set_inventory("A", None)
        forget_changes()
        count()

        assert changed(merchant) == [("A", 5, 0, 5)]
        assert Stock.collection().count_documents({"sku": "A"}) == 1

    def test_notes_are_not_shown_of_what_is_stocked(self, merchant: Any, stocked: None) -> None:
        note = {"_id": stopped_id("A"), "sku": "A", "on_hand": 0, "available": 0, "is_stopped": True}
        Stock.collection().insert_one(note | {"updated_at": now()})

        assert skus(merchant.get("/v1/inventory")) == ["A", "B"]
        assert changed(merchant) == []

    def test_skus_are_noted_only_when_no_order_holds_any(self, merchant: Any, stocked: None) -> None:
        reserve("ord_1", {"A": 1})

        assert merchant.put("/v1/inventory/A", json={"on_hand": None}).status_code == 409
        assert Stock.collection().count_documents({"is_stopped": True}) == 0


class TestOlderStock:
    def test_without_a_time_is_listed_after_the_migration(self, merchant: Any, stocked: None) -> None:
        Stock.collection().update_many({}, {"$unset": {"updated_at": ""}})
        assert changed(merchant) == []

        migrate("products", MIGRATIONS)

        assert sorted(each[0] for each in changed(merchant)) == ["A", "B"]
