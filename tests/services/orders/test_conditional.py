"""ETags of orders, shipments and carts; If-None-Match and If-Match, also beside an Idempotency-Key."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order
from tests.factories.orders import make_order, make_shipped_order

ACTIONS = [
    ("cancellation", {"reason": "Too late"}),
    ("shipments", {}),
    ("remainder-cancellation", {"reason": "Too late"}),
    ("returns", {"line_items": [{"line_id": "1", "quantity": 1}]}),
    ("settlement", {"note": "By hand"}),
]


def if_match(tag, **headers):
    return {"If-Match": tag, **headers}


class TestOrders:
    def test_are_answered_without_a_body_to_who_has_them(self, buyer):
        path = f"/v1/orders/{make_order().id}"
        tag = buyer.get(path).headers["ETag"]

        assert buyer.get(path, headers={"If-None-Match": tag}).status_code == 304
        assert buyer.get(path, headers={"If-None-Match": tag}).data == b""

    def test_have_another_tag_where_another_reader_sees_something_else(self, buyer, staff):
        path = f"/v1/orders/{make_order(settlement_note='By hand').id}"

        assert buyer.get(path).headers["ETag"] != staff.get(path).headers["ETag"]

    @pytest.mark.parametrize(("action", "body"), ACTIONS)
    def test_are_changed_by_who_saw_the_present_one(self, action, body, staff):
        order = make_order()
        tag = staff.get(f"/v1/orders/{order.id}").headers["ETag"]
        order.reload().commit()
        before = Order.get(order.id).version

        response = staff.post(f"/v1/orders/{order.id}/{action}", json=body, headers=if_match(tag))

        assert (response.status_code, response.json["type"]) == (412, "/problems/precondition-failed")
        assert Order.get(order.id).version == before

    def test_the_first_answer_is_given_again_although_the_tag_is_stale_by_then(self, staff):
        order = make_order()
        headers = if_match(staff.get(f"/v1/orders/{order.id}").headers["ETag"], **{"Idempotency-Key": "key-1"})
        first = staff.post(f"/v1/orders/{order.id}/shipments", json={}, headers=headers)
        second = staff.post(f"/v1/orders/{order.id}/shipments", json={}, headers=headers)

        assert (first.status_code, second.status_code) == (201, 201)
        assert second.json == first.json
        assert second.headers["Idempotent-Replayed"] == "true"
        assert second.headers["Location"] == first.headers["Location"]

    def test_a_stale_request_can_be_sent_again_under_its_key_with_a_new_tag(self, staff):
        order = make_order()
        path = f"/v1/orders/{order.id}"
        stale = staff.post(f"{path}/shipments", json={}, headers=if_match('"1"', **{"Idempotency-Key": "key-1"}))
        tag = staff.get(path).headers["ETag"]
        fresh = staff.post(f"{path}/shipments", json={}, headers=if_match(tag, **{"Idempotency-Key": "key-1"}))

        assert (stale.status_code, fresh.status_code) == (412, 201)


class TestCreated:
    def test_order_shipment_and_return_say_where_they_are(self, place, buyer, staff):
        placed = place()
        path = placed.headers["Location"]
        assert buyer.get(path).json["id"] == placed.json["id"]

        order = make_shipped_order()
        sent = {"line_items": [{"line_id": "1", "quantity": 1}]}
        returned = staff.post(f"/v1/orders/{order.id}/returns", json=sent)
        assert staff.get(returned.headers["Location"]).json == returned.json["returns"][0]

        shipped = staff.post(f"/v1/orders/{make_order().id}/shipments", json={})
        assert buyer.get(shipped.headers["Location"]).json == shipped.json["shipments"][0]

    @pytest.mark.parametrize("part", ["shipments/shp_none", "returns/ret_none"])
    def test_what_is_not_there_is_not_found(self, part, buyer, api, app):
        order = make_shipped_order()
        stranger = api(app, company_id="cmp_globex")

        assert buyer.get(f"/v1/orders/{order.id}/{part}").status_code == 404
        assert stranger.get(f"/v1/orders/{order.id}/shipments/{order.shipments[0].id}").status_code == 404


class TestCart:
    BOLTS = {"line_items": [{"sku": "BOLT", "quantity": 1}]}

    def test_is_replaced_by_who_saw_the_present_one(self, buyer):
        tag = buyer.get("/v1/cart").headers["ETag"]
        first = buyer.put("/v1/cart", json=self.BOLTS, headers=if_match(tag))
        second = buyer.put("/v1/cart", json={"line_items": []}, headers=if_match(tag))
        third = buyer.post("/v1/cart/items", json={"sku": "NUT", "quantity": 1}, headers=if_match(tag))

        assert (first.status_code, second.status_code, third.status_code) == (200, 412, 412)
        assert (
            buyer.put("/v1/cart", json={"line_items": []}, headers=if_match(first.headers["ETag"])).json["line_items"]
            == []
        )

    def test_has_the_same_state_at_another_price(self, buyer, products):
        tag = buyer.put("/v1/cart", json=self.BOLTS).headers["ETag"]
        products.add("BOLT", 300)

        assert buyer.get("/v1/cart").headers["ETag"] != tag
        assert buyer.put("/v1/cart", json=self.BOLTS, headers=if_match(tag)).status_code == 200

    def test_that_became_an_order_is_another(self, buyer):
        tag = buyer.put("/v1/cart", json=self.BOLTS).headers["ETag"]
        buyer.post("/v1/orders", json={"payment": {"method": "card", "token": "tok_ok"}})

        assert buyer.put("/v1/cart", json=self.BOLTS, headers=if_match(tag)).status_code == 412
