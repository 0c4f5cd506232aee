"""The request of a checkout, and the prices that are frozen for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from services.orders.carts.rules import fault_of, other_currencies
from services.orders.errors import TotalChanged, invalid
from services.orders.orders.rules import Offer, OrderLine, SkuQuantity, units_per_sku
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import MAX_AMOUNT, Money, UnitPrice, line_total, money_text


class DeclineReason(StrEnum):
    """Why a card was declined, as far as a buyer may know: of a lost or a stolen card only that it was declined."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    EXPIRED_CARD = "expired_card"
    LIMIT_EXCEEDED = "limit_exceeded"
    INCORRECT_DETAILS = "incorrect_details"
    TRY_AGAIN = "try_again"
    CARD_DECLINED = "card_declined"

    @property
    def advice(self) -> str:
        """What the buyer can do."""
        return ADVICE[self]


ADVICE: Final[Mapping[DeclineReason, str]] = {
    DeclineReason.INSUFFICIENT_FUNDS: "There is not enough money on this card. Use another card, or ask your bank.",
    DeclineReason.EXPIRED_CARD: "This card has expired. Use another card.",
    DeclineReason.LIMIT_EXCEEDED: "This is above the card's limit. Use another card, or ask your bank to raise it.",
    DeclineReason.INCORRECT_DETAILS: "The number, the date or the code of the card was not right. Enter them again.",
    DeclineReason.TRY_AGAIN: "The bank did not answer this time. Try again in a moment, or use another card.",
    DeclineReason.CARD_DECLINED: "The bank declined this card and gives no reason. Use another card, or ask your bank.",
}
# The card processor's codes, and payments' own, by what a buyer may know of them.
PROCESSOR_CODES: Final[Mapping[DeclineReason, frozenset[str]]] = {
    DeclineReason.INSUFFICIENT_FUNDS: frozenset({"insufficient_funds"}),
    DeclineReason.EXPIRED_CARD: frozenset({"expired_card"}),
    DeclineReason.LIMIT_EXCEEDED: frozenset({"card_velocity_exceeded", "withdrawal_count_limit_exceeded"}),
    DeclineReason.INCORRECT_DETAILS: frozenset(
        {"incorrect_cvc", "invalid_cvc", "incorrect_number", "invalid_number", "invalid_expiry_month"}
        | {"invalid_expiry_year", "incorrect_zip", "token_unknown", "token_used", "card_token_missing"}
    ),
    DeclineReason.TRY_AGAIN: frozenset(
        {"processing_error", "processor_unavailable", "issuer_not_available", "try_again_later", "reenter_transaction"}
    ),
}

# What products can reserve of one SKU; more would be refused there as malformed, not as short.
MAX_UNITS = 1_000_000_000
# So long a cart that became an order leads to that order: a second click, a retry under another key.
REPEATED_WITHIN = timedelta(minutes=1)


class RequestedLine(SkuQuantity, frozen=True):
    """Units of one product to order; `unit_price` overrides the catalog's."""

    unit_price: UnitPrice | None = None


@dataclass(frozen=True)
class CardPayment:
    """`token` comes from the card processor's page."""

    method: str
    token: str


@dataclass(frozen=True)
class PlaceOrder:
    """
    What to order; without `line_items` the cart. `reference` is unique in the company while the order lives.

    `expected_total` is what the order costs as far as the caller knows; at another price nothing is placed.
    """

    line_items: list[RequestedLine] | None = None
    po_number: str | None = None
    reference: str | None = None
    ordered_on: date | None = None
    payment: CardPayment | None = None
    expected_total: Money | None = None

    @property
    def overrides_prices(self) -> bool:
        return any(line.unit_price is not None for line in self.line_items or [])


@dataclass(frozen=True)
class PricedLines:
    """Line items as an order keeps them, their currency and their sum in minor units."""

    line_items: list[OrderLine]
    currency: str
    total_amount: int

    @property
    def total(self) -> Money:
        return Money(self.total_amount, self.currency)


def decline_reason(code: str | None) -> DeclineReason:
    """Return what a buyer may know of the processor's code; every other code is only a decline."""
    known = (reason for reason, codes in PROCESSOR_CODES.items() if code in codes)
    return next(known, DeclineReason.CARD_DECLINED)


def require_allowed_day(ordered_on: date | None, days_of_today: tuple[date, date], *, is_staff: bool) -> None:
    """
    Refuse a day that has not begun anywhere; a buyer may also give tomorrow, and no day before yesterday.

    `days_of_today` are the first and the last day that it is now anywhere, since the API does not know the zone.
    """
    if ordered_on is None:
        return
    first, last = days_of_today
    if not is_staff:
        first, last = first - timedelta(days=1), last + timedelta(days=1)
        if not first <= ordered_on <= last:
            raise invalid("/ordered_on", f"Give today or a day beside it: {first} to {last}.")
    elif ordered_on > last:
        raise invalid("/ordered_on", f"Give a day that is not in the future: {last} or earlier.")


def require_expected_total(total: Money, expected: Money | None) -> None:
    """Raise TotalChanged when the order costs something else than the caller expects."""
    if expected is not None and expected != total:
        raise TotalChanged(expected, total)


def price_lines(requested: Sequence[RequestedLine], offers: Sequence[Offer | None]) -> PricedLines:
    """
    Return the lines with their prices frozen; `offers` is the catalog's answer line by line, None for an unknown SKU.

    Raises InvalidInput that names every line which cannot be ordered.
    """
    faults = [
        FieldError(f"/line_items/{position}/sku", fault)
        for position, offer in enumerate(offers)
        if (fault := fault_of(offer))
    ]
    if faults:
        raise InvalidInput(errors=faults)
    sellable = [offer for offer in offers if offer is not None]
    _require_catalog_currency(requested, sellable)
    prices = [line.unit_price or offer.unit_price for line, offer in zip(requested, sellable, strict=True)]
    currency = _common_currency(prices)
    line_items = [
        _frozen(position, line, offer, price)
        for position, (line, offer, price) in enumerate(zip(requested, sellable, prices, strict=True), 1)
    ]
    total = sum(line.total_amount for line in line_items)
    if total > MAX_AMOUNT:
        raise invalid("/line_items", f"The total is beyond {money_text(MAX_AMOUNT, currency)}.")
    if max(units_per_sku(line_items).values()) > MAX_UNITS:
        raise invalid("/line_items", f"At most {MAX_UNITS:,} units of one product.")
    return PricedLines(line_items, currency, total)


def _require_catalog_currency(requested: Sequence[RequestedLine], offers: Sequence[Offer]) -> None:
    """Refuse overrides in another currency than the catalog's: an override changes the price, never the currency."""
    faults = [
        FieldError(
            f"/line_items/{position}/unit_price/currency",
            f"The catalog sells this product in {offer.unit_price.currency}, not in {line.unit_price.currency}.",
        )
        for position, (line, offer) in enumerate(zip(requested, offers, strict=True))
        if line.unit_price is not None and line.unit_price.currency != offer.unit_price.currency
    ]
    if faults:
        raise InvalidInput(errors=faults)


def _common_currency(prices: Sequence[UnitPrice]) -> str:
    faults = other_currencies([price.currency for price in prices])
    if faults:
        raise InvalidInput(errors=[FieldError(f"/line_items/{line}/sku", fault) for line, fault in faults.items()])
    return prices[0].currency


def _frozen(position: int, line: RequestedLine, offer: Offer, price: UnitPrice) -> OrderLine:
    return OrderLine(
        line_id=str(position),
        sku=line.sku,
        name=offer.name,
        quantity=line.quantity,
        unit_amount=format(price.amount, "f"),
        total_amount=line_total(price.amount, line.quantity),
    )


def require_fitting_payment(total_amount: int, payment: CardPayment | None) -> None:
    """Refuse an order that costs something and names no payment, and the reverse."""
    if total_amount and payment is None:
        raise invalid("/payment", "Give a payment: the order costs something.")
    if payment is not None and not total_amount:
        raise invalid("/payment", "Leave the payment out: the order is free.")
