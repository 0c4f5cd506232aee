"""Refusals of the products service."""

from __future__ import annotations

from shared.base.errors import Conflict, InvalidInput, Problem, Unavailable


class SkuTaken(Conflict):
    title = "A product with this SKU already exists"
    meaning = "Another product has this SKU."
    advice = "Change that product with PATCH, or choose another SKU."


class PriceBreaksInvalid(InvalidInput):
    title = "Invalid price breaks"
    meaning = (
        "The price breaks do not fit the product: a quantity is repeated, or a currency is not that of the unit price."
    )
    advice = "Correct price_breaks as the detail says."


class CurrencyInUse(Conflict):
    title = "Products are sold in this currency"
    meaning = "A currency that the new list leaves out is that of products on sale; the detail names one."
    advice = "Keep the currency, or change the prices of these products or stop selling them first."


class OutOfStock(Conflict):
    """`shortages` lists {sku, requested, available} of the SKUs that cannot be reserved."""

    title = "Insufficient stock"
    meaning = "Fewer units can be reserved than were asked for; `shortages` lists each SKU with what is available."
    advice = "Reserve at most what is available."


class ReservationDiffers(Conflict):
    title = "The order is already reserved with other quantities"
    meaning = "The order has reserved other quantities before."
    advice = "Repeat the reservation as it was made, or release it first."


class ReservationReleased(Conflict):
    title = "The reservation of this order was already released"
    meaning = "The reservation of this order was released, and an order reserves once."
    advice = "Place a new order."


class OrderNumberTaken(Conflict):
    title = "The number belongs to another order"
    meaning = "Another order has this number."
    advice = "Give the order another number."


class ReservationInFlight(Unavailable):
    """Not final: another request is making the same reservation; the client retries."""

    title = "Another request is making the same reservation"
    meaning = "The same reservation is being made by another request."
    advice = "Wait for the seconds in Retry-After and send the request again."


class StockBelowReserved(Conflict):
    """`reserved` is the number of units that orders reserve."""

    title = "Stock cannot be set below the reserved quantity"
    meaning = "Orders reserve more units than the new count; `reserved` is how many."
    advice = "Set at least the reserved quantity, or cancel orders first."


class StockContended(Unavailable):
    """Every attempt met a change by another request; the client retries."""

    title = "Too many concurrent changes of this stock"
    meaning = "Other requests changed this stock at each attempt."
    advice = "Wait for the seconds in Retry-After and send the request again."


class ImportNotRepeatable(Conflict):
    title = "Only a dry run that succeeded can be carried out"
    meaning = "Only a dry run that succeeded can be carried out."
    advice = "Upload the file again, as a dry run or at once."


class ImportUnreadable(Problem):
    """The whole file cannot be imported; shown as row 0 of the import. `field` is the option that would help."""

    status = 422
    title = "The file cannot be imported"
    meaning = "No row of the file can be read; the detail says what is wrong with the file."
    advice = "Correct the file, or choose the option in the detail, and upload it again."

    def __init__(self, detail: str, *, field: str = "") -> None:
        super().__init__(detail)
        self.field = field
