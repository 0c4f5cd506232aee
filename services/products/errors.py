"""Refusals of the products service."""

from __future__ import annotations

from shared.base.errors import Conflict, InvalidInput, Problem, Unavailable


class SkuTaken(Conflict):
    title = "A product with this SKU already exists"


class PriceBreaksInvalid(InvalidInput):
    title = "Invalid price breaks"


class CurrencyInUse(Conflict):
    title = "Products are sold in this currency"


class OutOfStock(Conflict):
    """`shortages` lists {sku, requested, available} of the SKUs that cannot be reserved."""

    title = "Insufficient stock"


class ReservationDiffers(Conflict):
    title = "The order is already reserved with other quantities"


class ReservationReleased(Conflict):
    title = "The reservation of this order was already released"


class OrderNumberTaken(Conflict):
    title = "The number belongs to another order"


class ReservationInFlight(Unavailable):
    """Not final: another request is making the same reservation; the client retries."""

    title = "Another request is making the same reservation"


class StockBelowReserved(Conflict):
    """`reserved` is the number of units that orders reserve."""

    title = "Stock cannot be set below the reserved quantity"


class StockContended(Unavailable):
    """Every attempt met a change by another request; the client retries."""

    title = "Too many concurrent changes of this stock"


class ImportNotRepeatable(Conflict):
    title = "Only a dry run that succeeded can be carried out"


class ImportUnreadable(Problem):
    """The whole file cannot be imported; shown as row 0 of the import. `field` is the option that would help."""

    status = 422
    title = "The file cannot be imported"

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.field = field
