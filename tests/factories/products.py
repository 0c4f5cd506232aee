"""Products, stock and import files as tests need them: saved, realistic, one line to call."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from services.products.catalog.documents import Product
from services.products.catalog.rules import ProductFields, price
from services.products.counts.documents import set_on_hand
from services.products.reservations.operations import reserve_stock
from services.products.rows.rules import COLUMNS
from services.products.stock.documents import Stock
from services.products.stock.rules import SkuQuantity, StockHold
from shared.data.struct_fields import stored_as
from shared.events.catalog.products import Price, PriceBreak

SKU = "BOLT-M8"


def gbp(amount: str) -> Price:
    """A unit price in pence."""
    return price(Decimal(amount), "GBP")


def price_break(min_quantity: int, amount: str) -> PriceBreak:
    return PriceBreak(min_quantity, gbp(amount))


def make_product(sku: str = SKU, *, stock: int | None = None, **changes: Any) -> Product:
    """A saved product; `stock` is on hand, None for what is not stocked."""
    defaults: dict[str, Any] = {
        "sku": sku,
        "name": "Hex bolt M8",
        "description": "Zinc plated steel bolt.",
        "category": "Fasteners",
        "unit_price": gbp("255"),
        "price_breaks": [],
        "is_active": True,
    }
    product = Product()
    product.change(ProductFields(**(defaults | changes)))
    product.commit()
    if stock is not None:
        set_on_hand(sku, stock)
    return product


def level_of(sku: str = SKU) -> tuple[int, int, int]:
    """The SKU's on hand, reserved and available; fails when it is not stocked."""
    level = Stock.levels([sku])[sku]
    return level.on_hand, level.reserved, level.available


def reserve(order_id: str, quantities: Mapping[str, int]) -> None:
    """Reserve stock for an order."""
    reserve_stock(order_id, [SkuQuantity(sku, quantity) for sku, quantity in quantities.items()])


def open_ops(sku: str = SKU) -> list[StockHold]:
    found = Stock.collection().find_one({"sku": sku})
    assert found is not None
    return [stored_as(StockHold, each) for each in found["ops"]]


def csv_row(sku: str = SKU, **changes: str) -> dict[str, str]:
    defaults = {
        "sku": sku,
        "name": "Hex bolt M8",
        "description": "Zinc plated steel bolt.",
        "category": "Fasteners",
        "unit_price": "2.55",
        "currency": "GBP",
        "stock": "100",
        "breaks": "12:2.10;48:1.95",
    }
    return defaults | changes


def csv_file(rows: Iterable[Mapping[str, str]], columns: Iterable[str] = COLUMNS) -> bytes:
    """An import file of these rows."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
