"""How products handles events that are delivered once, twice, or out of order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.products import handlers
from services.products.reservations.documents import Reservation
from services.products.reservations.operations import sweep_reservations
from services.products.stock.documents import Stock
from shared.base.clock import now
from shared.data.events import Envelope
from shared.events.catalog.orders import OrderRemainderCancelled, OrderShipped
from tests.factories.order_events import cancelled, remainder_cancelled, shipped
from tests.factories.products import level_of, make_product, open_ops, reserve


class TestShipped:
    def test_subtracts_the_whole_order_and_removes_its_reservation(self, products_app: Any) -> None:
        make_product("A", stock=10)
        make_product("FEE")
        reserve("ord_1", {"A": 4, "FEE": 1})

        handlers.commit_shipped_stock([shipped("shp_1", A=4, FEE=1, is_complete=True)])

        assert level_of("A") == (6, 0, 6)
        assert open_ops("A") == []
        found = Reservation.find("ord_1")
        assert found is not None
        assert (found.status, found.is_open) == ("shipped", False)

    def test_shrinks_the_reservation_by_each_part_once(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve("ord_1", {"A": 4})

        for _ in range(2):
            handlers.commit_shipped_stock([shipped("shp_1", A=1)])
        assert level_of("A") == (9, 3, 6)

        for _ in range(2):
            handlers.commit_shipped_stock([shipped("shp_2", A=3, is_complete=True), shipped("shp_1", A=1)])
        assert level_of("A") == (6, 0, 6)
        assert open_ops("A") == []

    def test_takes_equal_parts_delivered_in_one_batch(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve("ord_1", {"A": 4})

        handlers.commit_shipped_stock([shipped("shp_1", A=2), shipped("shp_1", A=2)])

        assert level_of("A") == (8, 2, 6)

    def test_has_no_effect_after_a_release(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve("ord_1", {"A": 4})
        handlers.release_cancelled_stock(cancelled())

        handlers.commit_shipped_stock([shipped("shp_1", A=4, is_complete=True)])

        assert level_of("A") == (10, 0, 10)


class TestCancelled:
    def test_releases_the_remaining_units(self, products_app: Any) -> None:
        make_product("A", stock=10)
        make_product("B", stock=5)
        reserve("ord_1", {"A": 4, "B": 5})

        for _ in range(2):
            handlers.release_cancelled_stock(cancelled())

        assert level_of("A") == (10, 0, 10)
        assert level_of("B") == (5, 0, 5)

    def test_after_the_last_shipment_releases_nothing(self, products_app: Any) -> None:
        make_product("A", stock=10)
        reserve("ord_1", {"A": 4})
        handlers.commit_shipped_stock([shipped("shp_1", A=4, is_complete=True)])

        handlers.release_cancelled_stock(cancelled())

        assert level_of("A") == (6, 0, 6)

    def test_before_the_reservation_closes_it_for_good(self, products_app: Any) -> None:
        handlers.release_cancelled_stock(cancelled("ord_early"))

        found = Reservation.find("ord_early")
        assert found is not None
        assert found.status == "released"


class TestRemainderCancelled:
    def test_releases_what_was_left_once(self, products_app: Any) -> None:
        make_product("A", stock=10)
        make_product("B", stock=5)
        make_product("FEE")
        reserve("ord_1", {"A": 4, "B": 2, "FEE": 1})
        handlers.commit_shipped_stock([shipped("shp_1", A=1)])

        for _ in range(2):
            handlers.release_cancelled_remainder(remainder_cancelled(A=3, B=2, FEE=1))

        assert level_of("A") == (9, 0, 9)
        assert level_of("B") == (5, 0, 5)
        assert open_ops("A") == open_ops("B") == []
        found = Reservation.find("ord_1")
        assert found is not None
        assert not found.is_open

    def test_before_the_shipment_leaves_the_shipments_units(self, products_app: Any, hold_clock: Any) -> None:
        make_product("A", stock=10)
        reserve("ord_1", {"A": 4})

        handlers.release_cancelled_remainder(remainder_cancelled(A=3))
        assert level_of("A") == (10, 1, 9)

        hold_clock(now() + timedelta(hours=1))
        sweep_reservations()
        assert level_of("A") == (10, 1, 9)

        handlers.commit_shipped_stock([shipped("shp_1", A=1)])
        assert level_of("A") == (9, 0, 9)


EVENTS = [
    shipped("shp_1", A=1, B=2),
    shipped("shp_2", A=3, is_complete=True),
    shipped("shp_3", order_id="ord_2", A=2),
    shipped("shp_4", order_id="ord_2", A=2, is_complete=True),
    cancelled("ord_3"),
    shipped("shp_5", order_id="ord_4", A=1),
    remainder_cancelled("ord_4", A=2, B=1),
]


class TestAnyOrder:
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.permutations(EVENTS * 3))
    def test_of_events_delivered_three_times_has_one_result(self, products_app: Any, events: list[Any]) -> None:
        for collection in (Stock.collection(), Reservation.collection()):
            collection.delete_many({})
        for sku in ("A", "B"):
            Stock.collection().insert_one(
                {"_id": f"main/{sku}", "sku": sku, "on_hand": 20, "reserved": 0, "available": 20, "ops": []}
            )
        reserve("ord_1", {"A": 4, "B": 2})
        reserve("ord_2", {"A": 4})
        reserve("ord_3", {"A": 5, "B": 5})
        reserve("ord_4", {"A": 3, "B": 1})

        for event in events:
            if isinstance(event, OrderShipped):
                handlers.commit_shipped_stock([event])
            elif isinstance(event, OrderRemainderCancelled):
                handlers.release_cancelled_remainder(event)
            else:
                handlers.release_cancelled_stock(event)

        assert level_of("A") == (11, 0, 11)
        assert level_of("B") == (18, 0, 18)
        assert open_ops("A") == open_ops("B") == []


class TestAwkwardSkus:
    def test_travel_as_values_and_not_as_field_names(self, products_app: Any) -> None:
        """DocumentDB refuses dots and dollars in field names; a SKU may hold both."""
        make_product("A.B$1", stock=10)
        reserve("ord_1", {"A.B$1": 4})
        event = shipped("shp_1", is_complete=True, **{"A.B$1": 4})  # type: ignore[arg-type]  # such names only fit in a mapping

        stored = Envelope.wrap(event, aggregate_id="ord_1", version=1).to_document()
        handlers.commit_shipped_stock([OrderShipped.from_fields(stored["fields"])])

        assert level_of("A.B$1") == (6, 0, 6)
        assert "A.B$1" not in set(_field_names(stored))

    def test_are_read_from_events_of_older_versions(self, products_app: Any) -> None:
        make_product("A.B$1", stock=10)
        reserve("ord_1", {"A.B$1": 4})
        old = {**vars(shipped("shp_1", is_complete=True)), "quantities": {"A.B$1": 4}}

        handlers.commit_shipped_stock([OrderShipped.from_fields(old)])

        assert level_of("A.B$1") == (6, 0, 6)


def _field_names(stored: Any) -> Iterator[str]:
    children: Any = stored.values() if isinstance(stored, dict) else stored if isinstance(stored, list) else ()
    yield from stored if isinstance(stored, dict) else ()
    for each in children:
        yield from _field_names(each)
