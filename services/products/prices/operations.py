"""Pricing the lines of a cart or an order."""

from __future__ import annotations

from collections.abc import Sequence

from services.products.catalog.documents import Product
from services.products.prices.rules import Offers, offer, units_per_sku
from services.products.stock.documents import Stock
from services.products.stock.rules import SkuQuantity


def list_prices(line_items: Sequence[SkuQuantity]) -> Offers:
    """
    Return an offer per line, in the requested order, and the unknown SKUs.

    The lines of one SKU are bought together: each has the price for the sum of their units. It runs two queries
    whatever the number of lines.
    """
    units = units_per_sku(line_items)
    skus = list(units)
    products = Product.priced_by_sku(skus)
    levels = Stock.levels(products)
    return Offers(
        items=[
            offer(products[line.sku], units[line.sku], levels.get(line.sku))
            for line in line_items
            if line.sku in products
        ],
        unknown=[sku for sku in skus if sku not in products],
    )
