"""The cart: one per user and company."""

from __future__ import annotations

from typing import Any, Self

from mongoengine import StringField
from mongoengine.base import BaseField
from mongoengine.errors import NotUniqueError

from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.data.persistence import Aggregate, retry_on_failover


class Cart(Aggregate):
    """
    What a user means to order, without prices: `line_items` is [{sku, quantity}], one per SKU.

    Each version of a cart can become one order: the order carries `order_key` under a unique index.
    """

    id_prefix = "cart"

    company_id = StringField(required=True)
    user_id = StringField(required=True)
    line_items = BaseField(default=list)

    meta = {"collection": "carts", "db_alias": "orders"}

    @classmethod
    def of(cls, company_id: str, user_id: str) -> Self:
        """Return the user's cart, a new one when there is none yet; its id is made of both, so there is only one."""
        cart_id = f"cart_{company_id}_{user_id}"
        found: Self | None = cls.objects(id=cart_id).first()
        return found or cls(id=cart_id, company_id=company_id, user_id=user_id)

    @property
    def order_key(self) -> str:
        return f"{self.id}:{self.version}"

    def commit(self) -> Self:
        """Write as every aggregate does; a cart that another tab made at this moment is a lost race too."""
        try:
            return super().commit()
        except NotUniqueError as lost:
            raise VersionConflict() from lost

    def replace(self, line_items: list[dict[str, Any]]) -> None:
        self.line_items = line_items


def empty_cart(order_key: str) -> None:
    """Empty the cart that became an order, unless it was changed since."""
    cart_id, _, version = order_key.rpartition(":")
    emptied = {"$set": {"line_items": [], "updated_at": now()}, "$inc": {"version": 1}}
    retry_on_failover(lambda: Cart.collection().update_one({"_id": cart_id, "version": int(version)}, emptied))
