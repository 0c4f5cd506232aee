"""The cart as MongoDB holds it: one per user and company."""

from __future__ import annotations

from typing import Self

from mongoengine import StringField
from mongoengine.errors import NotUniqueError

from services.orders.carts.rules import CartLine
from services.orders.orders.documents import Order
from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.data.persistence import Aggregate, retry_on_failover
from shared.data.struct_fields import StructListField


class Cart(Aggregate):
    """
    What a user plans to order, without prices, one line per SKU.

    Each version of a cart can become one order: the order carries `order_key` under a unique index.
    """

    id_prefix = "cart"

    company_id = StringField(required=True)
    user_id = StringField(required=True)
    line_items = StructListField(CartLine)

    meta = {"collection": "carts", "db_alias": "orders"}

    is_ordered = False

    @classmethod
    def of(cls, company_id: str, user_id: str) -> Self:
        """Return the user's cart as stored, or a new one; its id is made of both ids, so there is only one."""
        cart_id = f"cart_{company_id}_{user_id}"
        return cls.objects(id=cart_id).first() or cls(id=cart_id, company_id=company_id, user_id=user_id)

    @classmethod
    def current(cls, company_id: str, user_id: str) -> Self:
        """Return the user's cart; one whose version became an order is empty, even before the store says so."""
        cart = cls.of(company_id, user_id)
        if cart.line_items and Order.has_cart(cart.order_key):
            cart.line_items = []
            cart.is_ordered = True
        return cart

    @classmethod
    def empty_ordered(cls, order_key: str) -> None:
        """Empty the cart that became an order, unless it was changed since."""
        cart_id, _, version = order_key.rpartition(":")
        emptied = {"$set": {"line_items": [], "updated_at": now()}, "$inc": {"version": 1}}
        retry_on_failover(lambda: cls.collection().update_one({"_id": cart_id, "version": int(version)}, emptied))

    @property
    def revision(self) -> str:
        return f"{super().revision}-ordered" if self.is_ordered else super().revision

    @property
    def order_key(self) -> str:
        return f"{self.id}:{self.version}"

    @property
    def emptied_key(self) -> str:
        """The key that the cart had before its last change: of the order that emptied it, if an order did."""
        return f"{self.id}:{self.version - 1}"

    def commit(self) -> Self:
        """Write as every aggregate does; a cart that another request created at this moment is a VersionConflict."""
        try:
            return super().commit()
        except NotUniqueError as duplicate:
            raise VersionConflict() from duplicate
