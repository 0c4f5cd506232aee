"""Refusals of the products service."""

from __future__ import annotations

from shared.base.errors import Conflict, InvalidInput, Problem, Unavailable


class SkuTaken(Conflict):
    title = "There is a product with this SKU"


class PriceBreaksInvalid(InvalidInput):
    title = "The price breaks do not fit the price"


class OutOfStock(Conflict):
    """`shortages` lists {sku, requested, available} of what cannot be reserved."""

    title = "Not enough in stock"


class ReservationDiffers(Conflict):
    title = "This order is reserved with other quantities"


class ReservationReleased(Conflict):
    title = "This order's reservation was released before"


class ReservationInFlight(Unavailable):
    """Not a refusal: the same reservation is being made, ask again."""

    title = "The same reservation is being made"


class StockBelowReserved(Conflict):
    title = "Orders hold more than that"


class StockContended(Unavailable):
    title = "This stock changes too fast at the moment"


class ImportUnreadable(Problem):
    """The whole file cannot be imported; shown as row 0 of the import."""

    status = 422
    title = "The file cannot be read"
