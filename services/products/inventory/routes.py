"""The inventory API, under /v1/inventory."""

from __future__ import annotations

from flask.views import MethodView

from services.products.errors import StockBelowReserved, StockContended
from services.products.inventory import examples, operations
from services.products.inventory.rules import Inventory
from services.products.inventory.schemas import (
    InventoryCount,
    InventoryInput,
    InventoryPageSchema,
    InventoryQuery,
    InventorySchema,
)
from shared.base.pages import ChangesRequest
from shared.data.pagination import Page
from shared.web.auth import requires
from shared.web.conditional import conditional, precondition
from shared.web.converters import accept_skus
from shared.web.service import ApiBlueprint

inventory_blp = ApiBlueprint("inventory", __name__, url_prefix="/v1/inventory", description="The stock of products.")
accept_skus(inventory_blp)


@inventory_blp.route("")
class InventoryList(MethodView):
    @requires("inventory:write")
    @inventory_blp.arguments(InventoryQuery, location="query")
    @inventory_blp.response(200, InventoryPageSchema, example=examples.PAGE)
    @inventory_blp.operation("listInventory")
    def get(self, wanted: ChangesRequest) -> Page[Inventory]:
        """
        List inventory.

        The SKUs that are stocked, or were, by SKU. Reservations, shipments, counts and imports change `updated_at`; a
        SKU that is not stocked any more is listed once more with `is_stocked` false. With `updated_after`, a program
        gets what was changed since.
        """
        return operations.list_inventory(wanted)


@inventory_blp.route("/<sku:sku>")
class ProductInventory(MethodView):
    @requires("products:read")
    @inventory_blp.response(200, InventorySchema, example=examples.INVENTORY)
    @inventory_blp.operation("getInventory")
    @conditional
    def get(self, sku: str) -> Inventory:
        """
        Read the stock of a product.

        Orders reserve units (`reserved`) until they are shipped; `available` is what can still be ordered.
        """
        return operations.get_inventory(sku)

    @requires("inventory:write")
    @inventory_blp.arguments(InventoryInput, example=examples.COUNT)
    @inventory_blp.response(200, InventorySchema, example=examples.INVENTORY)
    @inventory_blp.operation("setInventory", StockBelowReserved, StockContended)
    @conditional
    def put(self, count: InventoryCount, sku: str) -> Inventory:
        """
        Set the units counted in the warehouse.

        `on_hand` includes reserved units and cannot be set below them. Null: the product is not stocked, and never
        runs out.
        """
        return operations.set_inventory(sku, count.on_hand, precondition())
