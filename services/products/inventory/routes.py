"""The inventory API, under /v1/inventory."""

from __future__ import annotations

from flask.views import MethodView

from services.products.errors import StockBelowReserved, StockContended
from services.products.inventory import operations
from services.products.inventory.rules import Inventory
from services.products.inventory.schemas import InventoryCount, InventoryInput, InventorySchema
from shared.web.auth import requires
from shared.web.conditional import conditional, precondition
from shared.web.converters import accept_skus
from shared.web.service import ApiBlueprint

inventory_blp = ApiBlueprint("inventory", __name__, url_prefix="/v1/inventory", description="Stock of a product")
accept_skus(inventory_blp)


@inventory_blp.route("/<sku:sku>")
class ProductInventory(MethodView):
    @requires("products:read")
    @inventory_blp.response(200, InventorySchema)
    @inventory_blp.operation("getInventory")
    @conditional
    def get(self, sku: str) -> Inventory:
        """Read what is on hand, reserved and available."""
        return operations.get_inventory(sku)

    @requires("inventory:write")
    @inventory_blp.arguments(InventoryInput)
    @inventory_blp.response(200, InventorySchema)
    @inventory_blp.operation("setInventory", StockBelowReserved, StockContended)
    @conditional
    def put(self, count: InventoryCount, sku: str) -> Inventory:
        """Set the units counted in the warehouse; null: not stocked, never reserved."""
        return operations.set_inventory(sku, count.on_hand, precondition())
