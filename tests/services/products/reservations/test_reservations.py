"""Reserving an order's stock over HTTP: all or nothing, once, despite duplicate and late requests."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.products.reservations.documents import Reservation
from services.products.reservations.operations import may_become_available, sweep_reservations
from services.products.stock.documents import Stock
from services.products.stock.rules import Shortage, SkuQuantity
from shared.base.clock import now
from tests.factories.products import level_of, make_product, open_ops


def lines(**quantities: int) -> dict[str, Any]:
    return {"line_items": [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]}


def reserve(orders: Any, order_id: str = "ord_1", **quantities: int) -> Any:
    return orders.put(f"/internal/v1/reservations/{order_id}", json=lines(**quantities))


def metric(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class TestMalformedReservation:
    @pytest.mark.parametrize("line", [{"quantity": 1}, {"sku": "?", "quantity": 1}, {"sku": [], "quantity": 1}])
    def test_points_at_the_line_that_is_wrong(self, orders: Any, line: dict[str, Any]) -> None:
        body = {"line_items": [{"sku": "A", "quantity": 1}, line]}

        response = orders.put("/internal/v1/reservations/ord_1", json=body)

        assert (response.status_code, response.json["errors"][0]["pointer"]) == (422, "/line_items/1/sku")
        assert Reservation.find("ord_1") is None

    @pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
    def test_refuses_a_moment_that_has_no_date_in_utc(self, orders: Any, moment: str) -> None:
        assert orders.get(f"/internal/v1/reservations?before={moment}").status_code == 422


class TestReserve:
    def test_holds_what_is_stocked(self, orders: Any) -> None:
        make_product("A", stock=10)
        make_product("FEE")

        response = reserve(orders, A=4, FEE=1)

        assert response.status_code == 200
        assert response.json == {
            "line_items": [
                {"sku": "A", "quantity": 4, "is_stocked": True},
                {"sku": "FEE", "quantity": 1, "is_stocked": False},
            ]
        }
        assert level_of("A") == (10, 4, 6)

    def test_holds_nothing_when_one_is_short(self, orders: Any) -> None:
        make_product("A", stock=10)
        make_product("B", stock=1)
        short_before = metric("stock_outs_total")

        response = reserve(orders, A=4, B=2)

        assert response.status_code == 409
        assert response.json["type"] == "/problems/out-of-stock"
        assert response.json["shortages"] == [{"sku": "B", "requested": 2, "available": 1}]
        assert level_of("A") == (10, 0, 10)
        assert open_ops("A") == []
        assert metric("stock_outs_total") == short_before + 1

    def test_repeats_the_same_answer(self, orders: Any) -> None:
        make_product("A", stock=10)

        answers = [reserve(orders, A=4) for _ in range(3)]

        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].json == answers[2].json
        assert level_of("A") == (10, 4, 6)

    def test_repeats_a_refusal_even_after_stock_was_added(self, orders: Any, merchant: Any) -> None:
        make_product("A", stock=1)
        reserve(orders, A=2)
        merchant.put("/v1/inventory/A", json={"on_hand": 5})

        assert reserve(orders, A=2).json["shortages"] == [{"sku": "A", "requested": 2, "available": 1}]
        assert reserve(orders, "ord_2", A=2).status_code == 200

    def test_refuses_other_quantities_for_the_same_order(self, orders: Any) -> None:
        make_product("A", stock=10)
        reserve(orders, A=4)

        assert reserve(orders, A=5).json["type"] == "/problems/reservation-differs"
        assert level_of("A") == (10, 4, 6)

    def test_refuses_a_repeated_sku(self, orders: Any) -> None:
        body = {"line_items": [{"sku": "A", "quantity": 1}, {"sku": "a", "quantity": 1}]}

        response = orders.put("/internal/v1/reservations/ord_1", json=body)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/line_items/1/sku"

    def test_is_for_services(self, merchant: Any) -> None:
        assert merchant.put("/internal/v1/reservations/ord_1", json=lines(A=1)).status_code == 403


class TestAttemptThatDied:
    def test_is_taken_over_after_its_lease(self, orders: Any, hold_clock: Any) -> None:
        make_product("A", stock=10)
        attempt = Reservation.begin("ord_1", [SkuQuantity("A", 4)])
        assert attempt is not None
        Stock.take("ord_1", attempt.token, {"A": 4})
        hold_clock(now() + timedelta(seconds=20))

        response = reserve(orders, A=4)

        assert response.status_code == 200
        assert level_of("A") == (10, 4, 6)

    def test_returns_retry_after_while_its_lease_is_valid(self, orders: Any) -> None:
        make_product("A", stock=10)
        Reservation.begin("ord_1", [SkuQuantity("A", 4)])

        response = reserve(orders, A=4)

        assert response.status_code == 503
        assert response.headers["Retry-After"] == "1"

    def test_cannot_undo_its_successor(self, orders: Any, hold_clock: Any) -> None:
        make_product("A", stock=10)
        attempt = Reservation.begin("ord_1", [SkuQuantity("A", 4)])
        assert attempt is not None
        hold_clock(now() + timedelta(seconds=20))
        reserve(orders, A=4)

        Stock.put_back("ord_1", ["A"], token=attempt.token)
        decided = Reservation.refuse("ord_1", attempt.token)

        assert not decided
        assert level_of("A") == (10, 4, 6)

    def test_takes_no_more_stock_once_its_order_is_reserved(self, orders: Any) -> None:
        make_product("A", stock=10)
        reserve(orders, A=4)

        assert not Stock.take("ord_1", "try_of_the_dead", {"A": 4})
        assert level_of("A") == (10, 4, 6)

    def test_leaves_nothing_taken_after_the_sweep(self, orders: Any, hold_clock: Any) -> None:
        make_product("A", stock=10)
        attempt = Reservation.begin("ord_1", [SkuQuantity("A", 4)])
        assert attempt is not None
        orders.delete("/internal/v1/reservations/ord_1")
        Stock.take("ord_1", attempt.token, {"A": 4})  # its last act, after the release
        hold_clock(now() + timedelta(seconds=31))

        assert sweep_reservations() == 1
        assert level_of("A") == (10, 0, 10)
        assert sweep_reservations() == 0

    def test_of_one_whose_stock_cannot_be_read_stops_no_other_and_is_no_unreadable_document(
        self, orders: Any, hold_clock: Any
    ) -> None:
        for order_id, sku in (("ord_1", "A"), ("ord_2", "B")):
            make_product(sku, stock=10)
            attempt = Reservation.begin(order_id, [SkuQuantity(sku, 4)])
            assert attempt is not None
            orders.delete(f"/internal/v1/reservations/{order_id}")
            Stock.take(order_id, attempt.token, {sku: 4})  # its last act, after the release
        Stock.collection().update_one({"sku": "A"}, {"$set": {"available": "six"}})
        hold_clock(now() + timedelta(seconds=31))
        before = REGISTRY.get_sample_value("stored_documents_unreadable_total")

        assert sweep_reservations() == 1
        assert level_of("B") == (10, 0, 10)
        assert REGISTRY.get_sample_value("stored_documents_unreadable_total") == before

        Stock.collection().update_one({"sku": "A"}, {"$set": {"available": 6}})
        assert sweep_reservations() == 1
        assert level_of("A") == (10, 0, 10)


class TestUndecidedOrders:
    def test_are_waited_for_when_they_hold_what_is_short(self, orders: Any) -> None:
        make_product("A", stock=1)
        other = Reservation.begin("ord_other", [SkuQuantity("A", 1)])
        assert other is not None
        Stock.take("ord_other", other.token, {"A": 1})

        giving_up = threading.Timer(0.2, Stock.put_back, ["ord_other", ["A"]])
        giving_up.start()
        response = reserve(orders, A=1)
        giving_up.join()

        assert response.status_code == 200
        assert level_of("A") == (1, 1, 0)

    def test_that_released_since_the_shortage_justify_a_retry(self, products_app: Any) -> None:
        make_product("A", stock=1)
        make_product("B", stock=0)
        seen = Shortage(sku="A", requested=1, available=0)

        assert may_become_available("ord_1", [seen])
        assert not may_become_available("ord_1", [seen, Shortage(sku="B", requested=1, available=0)])


class TestRelease:
    def test_releases_all_stock_once(self, orders: Any) -> None:
        make_product("A", stock=10)
        reserve(orders, A=4)

        for _ in range(2):
            assert orders.delete("/internal/v1/reservations/ord_1").status_code == 204

        assert level_of("A") == (10, 0, 10)
        assert open_ops("A") == []

    def test_forbids_a_reservation_that_arrives_later(self, orders: Any) -> None:
        make_product("A", stock=10)
        orders.delete("/internal/v1/reservations/ord_1")

        response = reserve(orders, A=4)

        assert response.status_code == 409
        assert response.json["type"] == "/problems/reservation-released"
        assert level_of("A") == (10, 0, 10)


class TestOpenReservations:
    def test_lists_those_begun_before_a_moment(self, orders: Any) -> None:
        make_product("A", stock=10)
        for order_id in ("ord_1", "ord_2", "ord_3"):
            reserve(orders, order_id, A=1)
        orders.delete("/internal/v1/reservations/ord_2")
        before = (now() + timedelta(seconds=1)).isoformat()

        path = "/internal/v1/reservations"
        first = orders.get(path, query_string={"before": before, "limit": 1}).json
        second = orders.get(path, query_string={"before": before, "limit": 1, "cursor": first["next_cursor"]}).json

        assert [each["order_id"] for each in first["items"] + second["items"]] == ["ord_1", "ord_3"]
        assert set(first["items"][0]) == {"order_id", "reserved_at"}
        assert orders.get(path, query_string={"before": "2020-01-01T00:00:00Z"}).json["items"] == []

    def test_is_served_by_an_index(self, orders: Any) -> None:
        make_product("A", stock=10)
        reserve(orders, A=1)

        query = {"is_open": True, "reserved_at": {"$lt": now()}}
        plan = Reservation.collection().find(query).sort([("reserved_at", 1), ("_id", 1)]).limit(20).explain()

        assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
        assert "'SORT'" not in str(plan["queryPlanner"]["winningPlan"])
