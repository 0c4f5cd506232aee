"""GET /v1/orders: who sees what, filters, pages, and what was changed since."""

from __future__ import annotations

import pytest

from services.orders.orders.documents import Order
from tests.factories.orders import make_order, make_shipped_order
from tests.support import ACME, GLOBEX


def ids(response):
    assert response.status_code == 200, response.json
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

    @pytest.mark.parametrize(
        "query",
        [
            "reference=PO-7",
            "ordered_on=2026-02-01",
            "status=cancelled",
            "status=cancelled&status=refused",
            "ordered_from=2026-02-01",
            "ordered_from=2026-02-01&ordered_to=2026-02-01",
            "ordered_from=2026-01-06&sort=created_at",
        ],
    )
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
            "limit=5&limit=5",
            "stauts=confirmed",
            "status=confirmed&status=lost",
            "ordered_from=2026-02-02&ordered_to=2026-02-01",
            "ordered_from=2026-02-02&ordered_on=2026-02-02",
            "updated_after=2026-02-01",
            "updated_after=2026-02-01T10:00:00",
            "updated_after=2026-02-30T10:00:00Z",
            "updated_after=0001-01-01T00:00:00%2B14:00",
            "updated_after=2026-02-01T10:00:00Z&sort=-created_at",
            "sort=total",
            "with_total=1",
            "q=%20",
            f"q={'x' * 101}",
            "cursor=nonsense",
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

    def test_tells_programs_of_buyers_that_an_order_was_refused(self, buyer):
        refused = make_order(status="refused", reference="erp-1")
        for looked_up in ("updated_after=2026-01-01T00:00:00Z", "reference=erp-1"):
            assert ids(buyer.get(f"/v1/orders?{looked_up}")) == [refused.id]

    def test_lists_a_range_of_days_by_day(self, buyer):
        last, first, _ = (make_order(ordered_on=day).id for day in ("2026-02-28", "2026-02-01", "2026-03-01"))

        assert ids(buyer.get("/v1/orders?ordered_from=2026-02-01&ordered_to=2026-02-28")) == [last, first]

    def test_takes_several_states(self, buyer):
        kept = [make_order(status=status).id for status in ("confirmed", "shipped", "cancelled")]

        assert ids(buyer.get("/v1/orders?status=shipped&status=confirmed")) == [kept[1], kept[0]]

    @pytest.mark.parametrize("other", ["", "status=shipped&", "status=confirmed&sort=updated_at&"])
    def test_refuses_the_cursor_of_other_filters(self, buyer, other):
        for _ in range(3):
            make_order(status="confirmed")
        cursor = buyer.get("/v1/orders?limit=2&status=confirmed").json["next_cursor"]

        refused = buyer.get(f"/v1/orders?limit=2&{other}cursor={cursor}")

        assert (refused.status_code, refused.json["type"]) == (422, "/problems/cursor-invalid")
        assert refused.json["errors"][0]["pointer"] == "/cursor"

    def test_refuses_the_cursor_of_another_company(self, app, api, buyer):
        for _ in range(3):
            make_order()
        cursor = buyer.get("/v1/orders?limit=2").json["next_cursor"]

        assert api(app, company_id=GLOBEX).get(f"/v1/orders?limit=2&cursor={cursor}").status_code == 422

    def test_links_to_the_pages_beside_it(self, buyer):
        placed = [make_order().id for _ in range(5)]
        first = buyer.get("/v1/orders?limit=2&status=confirmed&status=shipped&with_total=true")
        follow = first.headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
        second = buyer.get(f"/v1/orders{follow}")
        back = second.headers["Link"].rpartition("<")[2].removesuffix('>; rel="prev"')

        assert ids(second) == placed[::-1][2:4]
        assert ids(buyer.get(f"/v1/orders{back}")) == ids(first)
        assert [(each.json["position"], each.json["total"]) for each in (first, second)] == [(1, 5), (3, 5)]
        assert "Link" not in buyer.get("/v1/orders").headers

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


class TestChangesSince:
    def test_are_listed_in_their_order(self, staff):
        first, second, third = make_order(), make_order(), make_order()
        since = staff.get(f"/v1/orders/{third.id}").json["updated_at"]
        staff.post(f"/v1/orders/{second.id}/cancellation", json={"reason": "no"})
        staff.post(f"/v1/orders/{first.id}/cancellation", json={"reason": "no"})

        changed = staff.get(f"/v1/orders?updated_after={since}")

        assert ids(changed) == [third.id, second.id, first.id]
        assert changed.json["updated_until"].endswith("Z")
        assert ids(staff.get("/v1/orders?sort=-updated_at&limit=2")) == [first.id, second.id]

    def test_of_one_moment_are_all_listed(self, staff):
        made = sorted(make_order().id for _ in range(5))
        moment = Order.get(made[0]).updated_at
        Order.collection().update_many({}, {"$set": {"updated_at": moment}})
        seen, query = [], f"updated_after={moment:%Y-%m-%dT%H:%M:%S.%f}Z&limit=2"
        page = staff.get(f"/v1/orders?{query}")
        while page.json["next_cursor"]:
            seen += ids(page)
            page = staff.get(f"/v1/orders?{query}&cursor={page.json['next_cursor']}")

        assert seen + ids(page) == made
