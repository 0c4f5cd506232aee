"""GET /v1/orders/{id}: who sees which order, and what of it."""

from __future__ import annotations

from tests.factories.orders import make_order
from tests.support import GLOBEX


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
