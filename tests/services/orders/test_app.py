"""The service as a whole: its documentation, its probes, its metrics."""

from __future__ import annotations

from collections import defaultdict

from services.orders import handlers, jobs
from shared.data.events import handlers_of
from shared.events.jobs import JOBS


class TestApp:
    def test_describes_its_api(self, app, api):
        paths = api(app, role=None).get("/openapi.json").json["paths"]

        assert set(paths) >= {
            "/v1/cart",
            "/v1/cart/items",
            "/v1/orders",
            "/v1/orders/{order_id}",
            "/v1/orders/{order_id}/cancellation",
            "/v1/orders/{order_id}/shipments",
            "/v1/orders/{order_id}/returns",
        }

    def test_is_ready_with_its_database(self, app, api):
        assert api(app, role=None).get("/health/ready").json["checks"] == {
            "mongodb": "ok",
            "events": "ok",
            "copies": "ok",
        }

    def test_counts_orders_their_value_and_what_became_of_the_others(self, app, api, place):
        def counted() -> dict[str, float]:
            page = api(app, role=None).get("/metrics").get_data(as_text=True)
            rows = [line.rsplit(" ", 1) for line in page.splitlines() if not line.startswith("#")]
            return defaultdict(float, {name: float(value) for name, value in rows})

        before = counted()
        placed = place().json
        place(payment={"method": "card", "token": "tok_declined"})
        after = counted()

        def grown(name: str) -> float:
            return after[name] - before[name]

        assert grown("orders_placed_total") == 2
        assert grown("orders_confirmed_total") == 1
        assert grown('order_value_minor_units_total{currency="GBP"}') == placed["total"]["amount"] > 0
        assert grown('checkout_failures_total{reason="payment_declined"}') == 1

    def test_reacts_to_payments_and_sweeps_every_few_seconds(self):
        assert (handlers.__name__, jobs.__name__) == ("services.orders.handlers", "services.orders.jobs")
        sweeps = {name: each.every_seconds for name, each in JOBS.items() if each.queue == "orders-sweeps"}

        assert sorted(handlers_of("orders")) == [
            "payments.payment_authorized.v1",
            "payments.payment_capture_failed.v1",
            "payments.payment_captured.v1",
            "payments.payment_declined.v1",
            "payments.payment_refund_failed.v1",
            "payments.payment_refunded.v1",
        ]
        assert sweeps == {
            "services.orders.jobs.attend_due_orders": 5,
            "services.orders.jobs.find_older_copies": 600,
            "services.orders.jobs.release_stray_reservations": 60,
            "services.orders.jobs.resume_after_restore": None,
        }
