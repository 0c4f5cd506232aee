"""Payments as orders uses them: its calls and events, and the jobs that follow."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from services.payments import handlers, jobs
from services.payments.payments.documents import Payment
from shared.events.catalog.orders import OrderCancelled, OrderRemainderCancelled, OrderReturned, OrderShipped
from tests.factories.jobs import run_jobs
from tests.factories.psp_sandbox import Sandbox
from tests.support import ACME, Api


class Payments:
    """What orders does with payments; amounts are pence."""

    def __init__(self, app: Flask, api: Api, sandbox: Sandbox) -> None:
        self.app = app
        self.api = api
        self.sandbox = sandbox

    def authorize(
        self, order_id: str = "ord_1", *, amount: int = 1000, token: str = "tok_ok", **options: Any
    ) -> TestResponse:
        """Request an authorisation as orders does."""
        body = {
            "order_id": order_id,
            "company_id": options.pop("company_id", ACME),
            "amount": {"amount": amount, "currency": options.pop("currency", "GBP")},
            "token": token,
        }
        return self.api.post("/internal/v1/payments", json=body, **options)

    def authorized(self, order_id: str = "ord_1", **options: Any) -> str:
        """The id of a payment that is authorised."""
        answer: Any = self.authorize(order_id, **options).json
        assert answer["status"] == "authorized", answer
        return str(answer["payment_id"])

    def captured(self, order_id: str = "ord_1", *, amount: int = 1000) -> str:
        """The id of a payment that is captured."""
        payment_id = self.authorized(order_id, amount=amount)
        self.ship(payment_id, amount)
        self.run_jobs()
        return payment_id

    def ship(self, payment_id: str, amount: int, *, shipment_id: str = "shp_1") -> None:
        """Deliver OrderShipped."""
        event = OrderShipped(
            order_id="ord_1",
            number="SO-000001",
            company_id=ACME,
            placed_by="usr_one",
            acted_by=None,
            shipment_id=shipment_id,
            payment_id=payment_id,
            currency="GBP",
            amount=amount,
            is_complete=True,
            quantities=[],
        )
        with self.app.app_context():
            handlers.capture_shipment(event)

    def give_back(self, payment_id: str, amount: int, *, return_id: str = "ret_1") -> None:
        """Deliver OrderReturned."""
        event = OrderReturned(
            order_id="ord_1",
            number="SO-000001",
            company_id=ACME,
            return_id=return_id,
            payment_id=payment_id,
            currency="GBP",
            amount=amount,
        )
        with self.app.app_context():
            handlers.refund_return(event)

    def cancel(self, order_id: str = "ord_1", *, payment_id: str | None = None) -> None:
        """Deliver OrderCancelled."""
        event = OrderCancelled(
            order_id=order_id,
            number="SO-000001",
            company_id=ACME,
            placed_by="usr_one",
            acted_by=None,
            payment_id=payment_id,
            reason="not needed",
            was_refused=False,
        )
        with self.app.app_context():
            handlers.void_authorization(event)

    def cancel_remainder(self, payment_id: str | None, amount: int) -> None:
        """Deliver OrderRemainderCancelled."""
        event = OrderRemainderCancelled(
            order_id="ord_1",
            number="SO-000001",
            company_id=ACME,
            placed_by="usr_one",
            acted_by=None,
            payment_id=payment_id,
            reason="out of production",
            currency="GBP",
            amount=amount,
            quantities=[],
        )
        with self.app.app_context():
            handlers.release_remainder(event)

    def run_jobs(self) -> None:
        """Work until the queue is empty."""
        run_jobs(self.app)

    def sweep(self) -> None:
        """Run the sweeper, as the scheduler has it run."""
        with self.app.app_context():
            jobs.sweep_pending_transactions()

    def events(self, payment_id: str) -> list[dict[str, Any]]:
        """What the payment recorded, oldest first: the fields of each event with its `name`."""
        return [{"name": each["name"], **each["fields"]} for each in Payment.get(payment_id).outbox]

    def moved(self, order_id: str = "ord_1") -> dict[str, Any]:
        """What the processor did with the order's only charge: status and amounts."""
        (charge,) = self.sandbox.charges_of(order_id)
        return {name: charge[name] for name in ("status", "captured_amount", "refunded_amount")}
