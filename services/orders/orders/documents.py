"""The order as MongoDB holds it: one document with its lines, shipments and returns, which guards its transitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self, TypedDict

import msgspec
from mongoengine import BooleanField, DateTimeField, EnumField, IntField, ListField, StringField

from services.orders.errors import ActionNotAllowed, OrderNotCancellable, OrderNotShippable, Shortage
from services.orders.failures.rules import Failure
from services.orders.orders.rules import (
    UNDECIDED,
    WITHDRAWN,
    OrderAction,
    OrderLine,
    OrderStatus,
    Refund,
    Remainder,
    Return,
    Shipment,
    next_status,
    retry_seconds,
    search_terms,
)
from shared.base.clock import now
from shared.base.preconditions import revision_of
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.encryption import PAYMENT
from shared.data.persistence import Aggregate
from shared.data.struct_fields import StructField, StructListField
from shared.events.catalog.orders import ConfirmedLine, OrderCancelled, OrderConfirmed

REFUSALS = {
    OrderAction.CANCEL: OrderNotCancellable,
    OrderAction.CANCEL_REMAINDER: OrderNotCancellable,
    OrderAction.SHIP: OrderNotShippable,
    OrderAction.COMPLETE: OrderNotShippable,
}
LINES_IN_EVENT = 20


def _unique(*fields: str) -> dict[str, Any]:
    """Return the index of a natural key that binds only while its last field is set."""
    return {"fields": list(fields), "unique": True, "partialFilterExpression": {fields[-1]: {"$exists": True}}}


class Order(Aggregate):
    """
    A company's purchase. Prices are frozen when it is placed and never recomputed.

    `line_items` is written once; what was shipped, captured, returned and refunded of a line is derived from
    `shipments` and `returns`. `decline_reason` is why the card of a refused order was declined. `next_sweep_at` is
    when the sweeper processes the order; it is absent while no answer is pending. `is_awaited` is set once an answer
    was pending, so that the buyer was told to wait. `needs_attention` is set while one of `failures` waits for a
    person, and absent otherwise.
    """

    id_prefix = "ord"

    number = StringField(required=True)
    company_id = StringField(required=True)
    placed_by = StringField(required=True)
    acted_by = StringField()
    reference = StringField()
    reference_key = StringField()
    idempotency_key = StringField()
    cart_key = StringField()
    po_number = StringField()
    ordered_on = StringField(required=True)
    status = EnumField(OrderStatus, default=OrderStatus.PLACED)
    status_reason = EncryptedStringField()
    currency = StringField(required=True)
    total_amount = IntField(required=True)
    line_items = StructListField(OrderLine, required=True)
    shortages = StructListField(Shortage)
    decline_reason = StringField()
    payment_id = StringField()
    card_token = EncryptedStringField(purpose=PAYMENT)
    shipments = StructListField(Shipment)
    returns = StructListField(Return)
    refunds = StructListField(Refund)
    remainder = StructField(Remainder)
    failures = StructListField(Failure)
    needs_attention = BooleanField()
    settlement_note = EncryptedStringField()
    next_sweep_at = DateTimeField(db_field="due_at")
    attempts = IntField(default=0)
    is_awaited = BooleanField()
    search_terms = ListField(StringField())

    meta = {
        "collection": "orders",
        "db_alias": "orders",
        "indexes": [
            {"fields": ["number"], "unique": True},
            _unique("company_id", "reference_key"),
            _unique("company_id", "idempotency_key"),
            _unique("cart_key"),
            ("company_id", "_id"),
            ("company_id", "status", "_id"),
            ("company_id", "ordered_on", "_id"),
            ("company_id", "reference", "_id"),
            ("status", "_id"),
            ("ordered_on", "_id"),
            ("reference", "_id"),
            ("updated_at", "_id"),
            ("company_id", "updated_at", "_id"),
            ("status", "updated_at", "_id"),
            ("search_terms", "_id"),
            ("company_id", "search_terms", "_id"),
            {"fields": ["next_sweep_at"], "sparse": True},
            {"fields": ["needs_attention", "_id"], "partialFilterExpression": {"needs_attention": True}},
        ],
    }

    @classmethod
    def has_cart(cls, cart_key: str) -> bool:
        """Return whether an order was made of this version of a cart."""
        return cls.collection().find_one({"cart_key": cart_key}, {"_id": 1}) is not None

    def commit(self) -> Self:
        """Write state and events; an order of a release without search terms gets them."""
        if not self.search_terms:
            self.search_terms = search_terms((self.number, self.po_number, self.reference), self.line_items)
        return super().commit()

    @property
    def is_undecided(self) -> bool:
        return self.status in UNDECIDED

    @property
    def is_withdrawn(self) -> bool:
        return self.status in WITHDRAWN

    @property
    def is_due(self) -> bool:
        """Whether the sweep of the order is due: the lease of its request has expired."""
        return self.next_sweep_at is not None and self.next_sweep_at <= now()

    @property
    def age_seconds(self) -> float:
        return (now() - self.created_at).total_seconds()

    def schedule_sweep_in(self, seconds: float) -> None:
        """Schedule the sweep of this order in so many seconds."""
        self.next_sweep_at = now() + timedelta(seconds=seconds)

    def schedule_retry(self, *, at_least: float = 0.0) -> None:
        """Schedule the sweep of this order while an answer is pending: the delay doubles with each attempt."""
        self.is_awaited = True
        self.schedule_sweep_in(max(at_least, retry_seconds(self.attempts)))

    def unschedule_sweep(self) -> None:
        """Remove the scheduled sweep: no answer is pending."""
        self.next_sweep_at = None
        self.attempts = 0

    def allows(self, action: OrderAction) -> bool:
        return next_status(self.status, action) is not None

    def require(self, action: OrderAction) -> OrderStatus:
        """Return the state after the action; raise a Conflict when the present state does not allow it."""
        following = next_status(self.status, action)
        if following is None:
            raise REFUSALS.get(action, ActionNotAllowed)(f"Order {self.number} is {self.status}")
        return following

    def take(self, action: OrderAction) -> None:
        """Move to the state after the action; raise a Conflict when the present state does not allow it."""
        self.status = self.require(action)

    def reserve(self) -> None:
        """Record that the stock is reserved."""
        self.take(OrderAction.RESERVE)

    def confirm(self, payment_id: str | None) -> None:
        """Record the authorised payment, None for an order that costs nothing, and publish the order."""
        self.take(OrderAction.CONFIRM)
        self.payment_id = payment_id
        self._end_placing()
        self.record(_confirmed(self))

    def refuse(
        self, reason: str, *, repeat_after: float, payment_id: str | None = None, shortages: Sequence[Shortage] = ()
    ) -> None:
        """End an order that was not confirmed: its reference and its cart are free again."""
        self.take(OrderAction.REFUSE)
        self.payment_id = payment_id or self.payment_id
        self.shortages = list(shortages)
        self.cart_key = None
        self._withdraw(reason, repeat_after)

    def cancel(self, reason: str, *, repeat_after: float) -> None:
        """End an order of which nothing was shipped; its reference is free again, and the cart of an undecided one."""
        was_undecided = self.is_undecided
        self.take(OrderAction.CANCEL)
        if was_undecided:
            self.cart_key = None
        self._withdraw(reason, repeat_after)

    def _withdraw(self, reason: str, repeat_after: float) -> None:
        """Publish the end of the order now and once more after so many seconds: no answer confirms its receipt."""
        self.status_reason = reason
        self.reference_key = None
        self._end_placing()
        self.publish_withdrawal()
        self.schedule_sweep_in(repeat_after)

    def _end_placing(self) -> None:
        self.card_token = None
        self.unschedule_sweep()

    def publish_withdrawal(self) -> None:
        """Publish to products and payments that a withdrawn order holds neither stock nor money."""
        if self.is_withdrawn:
            self.record(_cancelled(self))


def _confirmed(order: Order) -> OrderConfirmed:
    return OrderConfirmed(
        **parties(order),
        po_number=order.po_number,
        currency=order.currency,
        total_amount=order.total_amount,
        line_count=len(order.line_items),
        line_items=[
            ConfirmedLine(line.sku, line.name, line.quantity, line.total_amount)
            for line in order.line_items[:LINES_IN_EVENT]
        ],
    )


def _cancelled(order: Order) -> OrderCancelled:
    return OrderCancelled(
        **parties(order),
        payment_id=order.payment_id,
        reason=order.status_reason or "",
        was_refused=order.status == OrderStatus.REFUSED,
        was_awaited=bool(order.is_awaited),
    )


class Parties(TypedDict):
    """Which order it is and whose: fields of every event about an order."""

    order_id: str
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None


def parties(order: Order) -> Parties:
    return {
        "order_id": order.id,
        "number": order.number,
        "company_id": order.company_id,
        "placed_by": order.placed_by,
        "acted_by": order.acted_by,
    }


class OrderRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a read of the store gives it, without building a document: for hot reads."""

    id: str = msgspec.field(name="_id")
    number: str
    company_id: str
    placed_by: str
    acted_by: str | None = None
    reference: str | None = None
    po_number: str | None = None
    ordered_on: str
    status: OrderStatus = OrderStatus.PLACED
    status_reason: str | None = None
    currency: str
    total_amount: int
    line_items: list[OrderLine]
    payment_id: str | None = None
    shipments: list[Shipment] = []
    returns: list[Return] = []
    refunds: list[Refund] = []
    remainder: Remainder | None = None
    failures: list[Failure] = []
    needs_attention: bool = False
    settlement_note: str | None = None
    version: int = 0
    commit_id: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def revision(self) -> str:
        return revision_of(self.version, self.commit_id)
