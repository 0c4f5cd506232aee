"""The order: one document that holds its lines, shipments and returns, and guards its own transitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Self

from mongoengine import DateTimeField, EnumField, IntField, StringField
from mongoengine.base import BaseField

from services.orders.documents import announcements
from services.orders.errors import OrderNotCancellable, OrderNotShippable
from services.orders.rules.fulfillment import per_line
from services.orders.rules.statuses import CANCELLABLE, GONE, SHIPPABLE, UNDECIDED, OrderStatus, retry_seconds
from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.encryption import PAYMENT
from shared.data.persistence import Aggregate


def _unique(*fields: str) -> dict[str, Any]:
    """A natural key that binds only while its last field is set."""
    return {"fields": list(fields), "unique": True, "partialFilterExpression": {fields[-1]: {"$exists": True}}}


class Order(Aggregate):
    """
    A company's purchase. Prices are frozen when it is placed and never recomputed.

    Lists hold plain mappings and are replaced, never changed in place: mongoengine's embedded documents would cost
    more than everything else on an order of a thousand lines. `line_items` is written once; what was shipped,
    captured, returned and refunded of a line is derived from `shipments` and `returns`.
    `due_at` is when the sweeper looks at the order again; it is absent while nobody is waited for.
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
    line_items = BaseField(required=True)
    shortages = BaseField()
    payment_id = StringField()
    card_token = EncryptedStringField(purpose=PAYMENT)
    shipments = BaseField(default=list)
    returns = BaseField(default=list)
    refunds = BaseField(default=list)
    due_at = DateTimeField()
    attempts = IntField(default=0)

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
            {"fields": ["due_at"], "sparse": True},
        ],
    }

    @classmethod
    def find_repeated(
        cls, company_id: str, *, idempotency_key: str, reference: str | None, cart_key: str | None
    ) -> Self | None:
        """Return the order that holds one of these natural keys, or None."""
        keys: list[dict[str, Any]] = [{"company_id": company_id, "idempotency_key": idempotency_key}]
        keys += [{"company_id": company_id, "reference_key": reference}] if reference else []
        keys += [{"cart_key": cart_key}] if cart_key else []
        found: Self | None = cls.objects(__raw__={"$or": keys}).first()
        return found

    @classmethod
    def has_cart(cls, cart_key: str) -> bool:
        return cls.collection().find_one({"cart_key": cart_key}, {"_id": 1}) is not None

    @classmethod
    def due_ids(cls, limit: int) -> list[str]:
        """Return the ids of orders the sweeper is to look at now, longest due first."""
        found = cls.collection().find({"due_at": {"$lte": now()}}, {"_id": 1}).sort("due_at", 1).limit(limit)
        return [each["_id"] for each in found]

    @property
    def is_undecided(self) -> bool:
        return self.status in UNDECIDED

    @property
    def age_seconds(self) -> float:
        return float((now() - self.created_at).total_seconds())

    def wait(self, seconds: float) -> None:
        """Let the sweeper look at this order after so many seconds, not before."""
        self.due_at = now() + timedelta(seconds=seconds)

    def wait_for_answer(self, *, at_least: float = 0.0) -> None:
        """Let the sweeper look at this order when an answer should have come, later each time it looked in vain."""
        self.wait(max(at_least, retry_seconds(self.attempts)))

    def hold_stock(self) -> None:
        """Note that the stock is reserved; an order that costs nothing is thereby confirmed."""
        self.status = OrderStatus.PENDING_PAYMENT
        if not self.total_amount:
            self.confirm(None)

    def confirm(self, payment_id: str | None) -> None:
        self.status = OrderStatus.CONFIRMED
        self.payment_id = payment_id
        self._end_placing()
        self.record(announcements.confirmed(self))

    def refuse(
        self, reason: str, *, repeat_after: float, payment_id: str | None = None, shortages: Sequence[Any] = ()
    ) -> None:
        """Undo an order that was not confirmed: its reference and its cart are free again."""
        self.status = OrderStatus.REFUSED
        self.payment_id = payment_id or self.payment_id
        self.shortages = list(shortages) or None
        self.cart_key = None
        self._give_up(reason, repeat_after)

    def cancel(self, reason: str, *, repeat_after: float) -> None:
        """Cancel before anything is shipped; the reference is free again, and the cart of an undecided order."""
        if self.status not in CANCELLABLE:
            raise OrderNotCancellable(f"Order {self.number} is {self.status}")
        if self.is_undecided:
            self.cart_key = None
        self.status = OrderStatus.CANCELLED
        self._give_up(reason, repeat_after)

    def _give_up(self, reason: str, repeat_after: float) -> None:
        """End the order and tell so, once more after so many seconds: nobody answers that it was heard."""
        self.status_reason = reason
        self.reference_key = None
        self._end_placing()
        self.announce_end()
        self.wait(repeat_after)

    def _end_placing(self) -> None:
        self.card_token = None
        self.rest()

    def rest(self) -> None:
        """Wait for nobody."""
        self.due_at = None
        self.attempts = 0

    def announce_end(self) -> None:
        """Tell products and payments, once more if need be, that this order holds neither stock nor money."""
        if self.status in GONE:
            self.record(announcements.cancelled(self, was_refused=self.status == OrderStatus.REFUSED))

    def require_shippable(self) -> None:
        if self.status not in SHIPPABLE:
            raise OrderNotShippable(f"Order {self.number} is {self.status}")

    def ship(self, line_items: list[dict[str, Any]], *, settle_within: float, **keys: str | None) -> None:
        """Note a shipment of {line_id, quantity, amount} lines; its capture is expected within so many seconds."""
        self.require_shippable()
        amount = sum(line["amount"] for line in line_items)
        is_free = not amount or self.payment_id is None
        shipment = {
            "id": new_id("shp"),
            **keys,
            "line_items": line_items,
            "amount": amount,
            "captured_amount": 0 if is_free else None,
            "shipped_at": now(),
        }
        self.shipments = [*self.shipments, shipment]
        shipped = per_line(self.shipments, "quantity")
        is_complete = all(shipped[line["line_id"]] == line["quantity"] for line in self.line_items)
        self.status = OrderStatus.SHIPPED if is_complete else OrderStatus.PARTIALLY_SHIPPED
        self.record(announcements.shipped(self, shipment, is_complete=is_complete))
        self._await_settlement(settle_within)

    def take_back(
        self, line_items: list[dict[str, Any]], *, returned_on: str, settle_within: float, **keys: str | None
    ) -> None:
        """Note a return of {line_id, quantity, refund_amount} lines; its refund is expected within so many seconds."""
        amount = sum(line["refund_amount"] for line in line_items)
        entry = {
            "id": new_id("ret"),
            **keys,
            "returned_on": returned_on,
            "line_items": line_items,
            "amount": amount,
            "refunded_amount": None if amount else 0,
            "created_at": now(),
        }
        self.returns = [*self.returns, entry]
        self.record(announcements.returned(self, entry))
        self._await_settlement(settle_within)

    def count_capture(self, shipment_id: str, amount: int) -> bool:
        """Note the capture of a shipment; False when it is known, or the shipment is not."""
        return self._settle("shipments", shipment_id, "captured_amount", amount)

    def count_refund(self, refund_id: str, return_id: str | None, amount: int) -> bool:
        """Note a refund, of a return or made by the merchant without one; False when it is known already."""
        if return_id is not None:
            return self._settle("returns", return_id, "refunded_amount", amount)
        if any(entry["id"] == refund_id for entry in self.refunds):
            return False
        self.refunds = [*self.refunds, {"id": refund_id, "amount": amount}]
        return True

    def _settle(self, part: str, part_id: str, field: str, amount: int) -> bool:
        entries = getattr(self, part)
        if not any(entry["id"] == part_id and entry[field] is None for entry in entries):
            return False
        setattr(self, part, [{**entry, field: amount} if entry["id"] == part_id else entry for entry in entries])
        if not self.has_unsettled:
            self.rest()
        return True

    @property
    def has_unsettled(self) -> bool:
        """Whether payments still owes the capture of a shipment or the refund of a return."""
        return any(each["captured_amount"] is None for each in self.shipments) or any(
            each["refunded_amount"] is None for each in self.returns
        )

    def announce_again(self) -> None:
        """Record again each shipment and return that payments has not answered: its event may have been lost."""
        for shipment in self.shipments:
            if shipment["captured_amount"] is None:
                is_complete = self.status == OrderStatus.SHIPPED
                self.record(announcements.shipped(self, shipment, is_complete=is_complete))
        for entry in self.returns:
            if entry["refunded_amount"] is None:
                self.record(announcements.returned(self, entry))

    def _await_settlement(self, seconds: float) -> None:
        if self.has_unsettled and self.due_at is None:
            self.wait(seconds)

    def stored(self) -> dict[str, Any]:
        """Return the fields as a read of the stored document gives them."""
        return self.decrypted(self.to_mongo())
