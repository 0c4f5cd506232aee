"""What products does with events, delivered once, twice, or in another order."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.products import handlers, operations
from services.products.documents import Reservation, Stock
from shared.event_catalog import OrderCancelled, OrderShipped
from tests.factories.products import level_of, make_product, open_ops


def shipped(shipment_id: str, *, order_id: str = "ord_1", is_complete: bool = False, **quantities: int) -> OrderShipped:
    return OrderShipped(
        order_id=order_id,
        number="SO-000001",
        company_id="cmp_acme",
        placed_by="usr_one",
        acted_by=None,
        shipment_id=shipment_id,
        payment_id=None,
        currency="GBP",
        amount=0,
        is_complete=is_complete,
        quantities=quantities,
    )


def cancelled(order_id: str = "ord_1") -> OrderCancelled:
    return OrderCancelled(
        order_id=order_id,
        number="SO-000001",
        company_id="cmp_acme",
        placed_by="usr_one",
        acted_by=None,
        payment_id=None,
        reason="duplicate",
        was_refused=False,
    )


def reserve(order_id: str = "ord_1", **quantities: int) -> None:
    operations.reserve_stock(order_id, [{"sku": sku, "quantity": count} for sku, count in quantities.items()])


class TestShipped:
    def test_takes_the_whole_order_off_and_forgets_its_reservation(self, products_app: Any) -> None:
        make_product("A", stock=10)
        make_product("FEE")
        reserve(A=4, FEE=1)

        handlers.commit_shipped_stock([shipped("shp_1", A=4, FEE=1, is_complete=True)])

        assert level_of("A") == (6, 0, 6)
        assert open_ops("A") == []
        found = Reservation.find("ord_1")
        assert found is not None
        assert (found["status"], found["is_open"]) == ("shipped", False)

    def test_shrinks_the_reservation_by_each_part_once(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve(A=4)

        for _ in range(2):
            handlers.commit_shipped_stock([shipped("shp_1", A=1)])
        assert level_of("A") == (9, 3, 6)

        for _ in range(2):
            handlers.commit_shipped_stock([shipped("shp_2", A=3, is_complete=True), shipped("shp_1", A=1)])
        assert level_of("A") == (6, 0, 6)
        assert open_ops("A") == []

    def test_takes_equal_parts_delivered_in_one_batch(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve(A=4)

        handlers.commit_shipped_stock([shipped("shp_1", A=2), shipped("shp_1", A=2)])

        assert level_of("A") == (8, 2, 6)

    def test_is_nothing_after_a_release(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve(A=4)
        handlers.release_cancelled_stock(cancelled())

        handlers.commit_shipped_stock([shipped("shp_1", A=4, is_complete=True)])

        assert level_of("A") == (10, 0, 10)


class TestCancelled:
    def test_gives_back_what_is_left(self, products_app: Any) -> None:
        make_product("A", stock=10)
        make_product("B", stock=5)
        reserve(A=4, B=5)

        for _ in range(2):
            handlers.release_cancelled_stock(cancelled())

        assert level_of("A") == (10, 0, 10)
        assert level_of("B") == (5, 0, 5)

    def test_after_the_last_shipment_gives_nothing_back(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve(A=4)
        handlers.commit_shipped_stock([shipped("shp_1", A=4, is_complete=True)])

        handlers.release_cancelled_stock(cancelled())

        assert level_of("A") == (6, 0, 6)

    def test_before_the_reservation_closes_it_for_good(self, products_app: Any) -> None:
        handlers.release_cancelled_stock(cancelled("ord_early"))

        found = Reservation.find("ord_early")
        assert found is not None
        assert found["status"] == "released"


EVENTS = [
    shipped("shp_1", A=1, B=2),
    shipped("shp_2", A=3, is_complete=True),
    shipped("shp_3", order_id="ord_2", A=2),
    shipped("shp_4", order_id="ord_2", A=2, is_complete=True),
    cancelled("ord_3"),
]


class TestAnyOrder:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.permutations(EVENTS * 3))
    def test_of_events_thrice_delivered_ends_the_same(self, products_app: Any, events: list[Any]) -> None:
        for collection in (Stock.collection(), Reservation.collection()):
            collection.delete_many({})
        for sku in ("A", "B"):
            Stock.collection().insert_one(
                {"_id": f"main/{sku}", "sku": sku, "on_hand": 20, "reserved": 0, "available": 20, "ops": []}
            )
        reserve("ord_1", A=4, B=2)
        reserve("ord_2", A=4)
        reserve("ord_3", A=5, B=5)

        for event in events:
            if isinstance(event, OrderShipped):
                handlers.commit_shipped_stock([event])
            else:
                handlers.release_cancelled_stock(event)

        assert level_of("A") == (12, 0, 12)
        assert level_of("B") == (18, 0, 18)
        assert open_ops("A") == open_ops("B") == []
