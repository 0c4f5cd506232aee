"""A comparison finds each database that is an older copy, and stops what would make it worse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.orders import jobs
from services.orders.comparison.documents import confirmed_orders, find_confirmed
from services.orders.comparison.operations import OLDEST, SETTLED_FOR, compare_copies
from services.orders.comparison.rules import ComparedOrder
from services.orders.orders.documents import Order
from shared.base.clock import frozen, now
from shared.data.older_copies import end_older_copy, older_copies, resume
from shared.data.persistence import database
from tests.factories.orders import make_order, make_shipped_order
from tests.fakes import FakePayments, FakeProducts
from tests.support import Api

LINES = [{"sku": "BOLT", "quantity": 2}]
CARD = {"method": "card", "token": "tok_ok"}


def place(buyer: Api, key: str = "") -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return buyer.post("/v1/orders", json={"line_items": LINES, "payment": CARD}, headers=headers)


@pytest.fixture
def restore_orders(app):
    """Return a function that puts the database of orders back to what it is now."""
    names = database("orders").list_collection_names()
    kept = {name: list(database("orders")[name].find()) for name in names}

    def restore() -> None:
        for name in database("orders").list_collection_names():
            database("orders")[name].delete_many({})
            if kept.get(name):
                database("orders")[name].insert_many(kept[name])

    return restore


def compared(app) -> list[str]:
    """Compare ten minutes later, when all is settled; return which databases are older."""
    with app.app_context(), frozen(now() + timedelta(minutes=10)):
        return sorted({each.of for each in compare_copies()})


def expect_stopped(buyer: Api, payments: FakePayments) -> None:
    charges = payments.charges
    refused = place(buyer)
    assert (refused.status_code, refused.json["type"]) == (503, "/problems/older-copy-found")
    assert payments.charges == charges


def test_finds_nothing_among_copies_of_one_moment(app, buyer, products, payments):
    assert place(buyer).status_code == 201

    assert compared(app) == []
    assert place(buyer).status_code == 201


class TestOrders:
    def test_that_are_older_are_found_and_give_no_number_twice(self, app, buyer, payments, restore_orders):
        lost = [place(buyer).json["number"] for _ in range(3)]
        restore_orders()

        assert compared(app) == ["orders"]

        expect_stopped(buyer, payments)
        with app.app_context():
            assert end_older_copy("orders", "orders")
        assert place(buyer).json["number"] > max(lost)

    def test_that_are_older_are_found_by_the_first_number_given_twice(self, app, buyer, payments, restore_orders):
        lost = place(buyer, "the-key").json["number"]
        restore_orders()
        charges = payments.charges

        again = place(buyer, "the-key")

        assert again.status_code == 409
        assert payments.charges == charges
        expect_stopped(buyer, payments)
        with app.app_context():
            end_older_copy("orders", "orders")
        assert place(buyer).json["number"] > lost

    def test_names_the_orders_that_were_lost(self, app, buyer, products, payments, restore_orders):
        lost = place(buyer).json["id"]
        restore_orders()

        compared(app)

        with app.app_context():
            assert [lost in each.examples for each in older_copies("orders")] == [True]

    def test_are_settled_for_good_by_resuming(self, app, buyer, restore_orders):
        place(buyer)
        restore_orders()
        assert compared(app) == ["orders"]

        with app.app_context():
            resume("orders")

        assert compared(app) == []
        assert place(buyer).status_code == 201

    def test_release_no_stock_of_lost_orders(self, app, buyer, products, restore_orders):
        lost = place(buyer).json["id"]
        restore_orders()
        compared(app)

        with app.app_context(), frozen(now() + timedelta(hours=1)):
            jobs.release_stray_reservations()

        assert lost in products.held


class TestProducts:
    def test_that_are_older_are_found_and_sell_nothing_twice(self, app, buyer, products: FakeProducts, payments):
        place(buyer)
        products.held.clear()
        products._decided.clear()

        assert compared(app) == ["products"]
        expect_stopped(buyer, payments)

    def test_that_hold_stock_of_a_shipped_order_are_found(self, app, buyer, staff, products, payments):
        order_id = place(buyer).json["id"]
        assert staff.post(f"/v1/orders/{order_id}/shipments", json={}).status_code == 201
        Order.collection().update_many({}, {"$set": {"outbox": []}})  # products has acknowledged the event

        assert compared(app) == ["products"]

    def test_that_have_not_received_the_shipment_yet_are_not_older(self, app, buyer, staff, products, payments):
        order_id = place(buyer).json["id"]
        assert staff.post(f"/v1/orders/{order_id}/shipments", json={}).status_code == 201

        assert compared(app) == []


class TestPayments:
    def test_that_are_older_are_found_and_charge_nothing_twice(self, app, buyer, payments: FakePayments):
        place(buyer)
        payments.payments.clear()

        assert compared(app) == ["payments"]
        expect_stopped(buyer, payments)


class TestComparedOrders:
    def test_are_looked_up_by_the_time_in_their_ids(self, app, buyer):
        old = [{**make_order().to_mongo(), "_id": f"ord_0000000000{number:016}", "number": f"OLD-{number}"}
               for number in range(50)]  # fmt: skip
        for each in old:
            each.pop("idempotency_key")
        Order.collection().insert_many(old)
        with app.app_context(), frozen(now() + timedelta(minutes=10)):
            between = (now() - OLDEST, now() - SETTLED_FOR)
            stats = find_confirmed(Order.collection(), between, limit=1000).explain()["executionStats"]

            assert len(confirmed_orders(between, limit=1000)) == 50
        assert (stats["nReturned"], stats["totalDocsExamined"]) == (50, 50)

    def test_know_their_money_and_leave_out_one_that_cannot_be_read(self, app, buyer):
        order, new, broken = make_shipped_order(), make_order(), make_order()
        money = {"returns": [{"refunded_amount": 300}, {"refunded_amount": None}], "refunds": [{"amount": 200}]}
        Order.collection().update_one({"_id": order.id}, {"$set": money})
        Order.collection().update_one({"_id": new.id}, {"$set": {"shipments": None}})
        Order.collection().update_one({"_id": broken.id}, {"$set": {"refunds": [{"amount": "200"}]}})
        with app.app_context(), frozen(now() + timedelta(minutes=10)):
            found = confirmed_orders((now() - OLDEST, now() - SETTLED_FOR), limit=1000)

        assert found == [
            ComparedOrder(new.id, is_paid=True, captured_amount=0, refunded_amount=0, is_shipped=False),
            ComparedOrder(order.id, is_paid=True, captured_amount=2500, refunded_amount=500, is_shipped=True),
        ]


def test_readiness_says_what_was_found(app, buyer, api, restore_orders):
    place(buyer)
    restore_orders()
    compared(app)

    report = api(app, role=None).get("/health/ready")

    assert report.status_code == 200
    assert "orders is an older copy" in report.json["checks"]["copies"]
