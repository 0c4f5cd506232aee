"""Lists of payments, and the actions that a payment allows."""

from __future__ import annotations

from services.payments.payments.documents import Payment
from tests.support import ACME


class TestList:
    def test_finds_the_payment_of_an_order(self, orders_side, buyer):
        orders_side.authorized("ord_1")
        wanted = orders_side.authorized("ord_2")

        items = buyer.get("/v1/payments?order_id=ord_2").json["items"]

        assert [each["id"] for each in items] == [wanted]

    def test_pages_newest_first(self, orders_side, admin):
        ids = [orders_side.authorized(f"ord_{number}") for number in range(3)]

        first = admin.get("/v1/payments?limit=2").json
        second = admin.get(f"/v1/payments?limit=2&cursor={first['next_cursor']}").json

        assert [each["id"] for each in first["items"] + second["items"]] == sorted(ids, reverse=True)
        assert second["next_cursor"] is None

    def test_shows_captures_and_refunds_since(self, orders_side, admin):
        first, second = orders_side.captured("ord_1"), orders_side.authorized("ord_2")
        since = admin.get(f"/v1/payments/{second}").json["updated_at"]
        refunded = admin.post(f"/v1/payments/{first}/refunds", json={"amount": {"amount": 100, "currency": "GBP"}})
        assert refunded.status_code < 300, refunded.json

        changed = admin.get(f"/v1/payments?updated_after={since}").json["items"]

        assert [each["id"] for each in changed] == [second, first]

    def test_is_read_in_index_order(self, orders_side):
        for number in range(30):
            orders_side.authorized(f"ord_{number}")
        for query in ({}, {"company_id": ACME}):
            for sort in ([("_id", -1)], [("updated_at", 1), ("_id", 1)], [("updated_at", -1), ("_id", -1)]):
                found = Payment.collection().find(query).sort(sort).limit(21)
                plan = str(found.explain()["queryPlanner"]["winningPlan"])
                assert "COLLSCAN" not in plan
                assert "'SORT'" not in plan

    def test_never_shows_the_token(self, orders_side, sandbox, buyer):
        sandbox.arm("charge", "error_before", times=2)
        orders_side.authorize()

        assert "tok_ok" not in buyer.get("/v1/payments").text

    def test_takes_operators_for_text(self, orders_side, buyer):
        orders_side.authorized()

        assert buyer.get('/v1/payments?order_id={"$ne":"x"}').json["items"] == []


class TestAllowedActions:
    def test_are_shown_in_lists_and_alone(self, orders_side, buyer):
        authorized, captured = orders_side.authorized("ord_2"), orders_side.captured("ord_1")

        listed = {each["id"]: each["allowed_actions"] for each in buyer.get("/v1/payments").json["items"]}

        assert listed == {authorized: [], captured: ["refund"]}
        assert buyer.get(f"/v1/payments/{captured}").json["allowed_actions"] == ["refund"]

    def test_offer_no_refund_while_a_pending_one_takes_the_rest(self, orders_side, buyer):
        payment_id = orders_side.captured()
        orders_side.give_back(payment_id, 1000)

        assert buyer.get(f"/v1/payments/{payment_id}").json["allowed_actions"] == []


class TestReasons:
    def test_of_refused_captures_are_read_by_staff_only(self, orders_side, sandbox, buyer, admin):
        payment_id = orders_side.authorized()
        charge_id = sandbox.charges_of("ord_1")[0]["id"]
        sandbox.call("POST", f"/charges/{charge_id}/void", {}, key="by-hand")
        orders_side.ship(payment_id, 1000)
        orders_side.run_jobs()

        def reasons(client):
            alone = client.get(f"/v1/payments/{payment_id}").json
            assert client.get("/v1/payments").json["items"] == [alone]
            return [each["reason"] for each in alone["transactions"]]

        assert reasons(admin) == [None, "charge_not_capturable"]
        assert reasons(buyer) == [None, "refused"]

    def test_of_a_declined_card_are_read_by_its_buyer(self, orders_side, buyer):
        payment_id = orders_side.authorize(token="tok_declined").json["payment_id"]

        [transaction] = buyer.get(f"/v1/payments/{payment_id}").json["transactions"]
        assert transaction["reason"] == "card_declined"
