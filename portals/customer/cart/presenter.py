"""What the cart's page shows: lines that cannot be delivered as they are, and quantities within stock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from portals.customer.cart.client import QUANTITY_ADVICE, Cart, CartLine, SkuQuantity
from shared.portal.answers import Price
from shared.portal.faults import Faults


@dataclass(frozen=True)
class ShownLine:
    """
    A line of the cart; `warning` says why it cannot be delivered as it is, "" when it can.

    `typed` is what the quantity's field shows, `fault` what is wrong with it; `lowered_to` is how much can be delivered
    instead, None when all of it can.
    """

    sku: str
    name: str
    quantity: int
    typed: str
    fault: str
    unit_price: Price | None
    total: Price | None
    warning: str
    lowered_to: int | None


def shown_lines(
    cart: Cart,
    unread: Mapping[str, str] = MappingProxyType({}),
    *,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> list[ShownLine]:
    """
    Return the cart's lines with their warnings; `unread` are quantities that could not be read, by SKU.

    `typed` are fields of quantities (`quantity-<sku>`) that were not sent yet.
    """
    return [
        ShownLine(
            sku=line.sku,
            name=line.name,
            quantity=line.quantity,
            typed=unread.get(line.sku) or typed.get(f"quantity-{line.sku}", str(line.quantity)),
            fault=QUANTITY_ADVICE if line.sku in unread else "",
            unit_price=line.unit_price,
            total=line.total,
            warning=_warning(line),
            lowered_to=_deliverable(line) if _warning(line) else None,
        )
        for line in cart.line_items
    ]


def faults_of(lines: Sequence[ShownLine]) -> Faults:
    """Return what is wrong with quantities, for the summary."""
    return {f"quantity-{line.sku}": f"{line.sku}: {line.fault}" for line in lines if line.fault}


def beside_typed(lines: list[ShownLine], typed: Mapping[str, str]) -> list[ShownLine]:
    """Return the lines of a cart that was changed meanwhile: what the buyer typed, and what is in the cart now."""
    return [_beside(line, typed.get(f"quantity-{line.sku}", "")) for line in lines]


def _beside(line: ShownLine, typed: str) -> ShownLine:
    if not typed or typed.strip() == str(line.quantity):
        return line
    return replace(line, typed=typed, fault=f"{line.quantity:,} in the cart now.")


def _warning(line: CartLine) -> str:
    if line.problem or line.is_available:
        return line.problem or ""
    if line.available is None or _is_off(line):
        return "No longer sold"
    return "Out of stock" if line.available <= 0 else f"Only {line.available:,} available"


def _is_off(line: CartLine) -> bool:
    """Return whether no quantity of the line can be delivered, although there is stock: the product is switched off."""
    return not line.is_available and (line.available is None or line.available >= line.quantity)


def lock_of(cart: Cart) -> str:
    """Return why the cart cannot be checked out as it stands, "" when it can."""
    if cart.problem:
        return cart.problem
    is_fine = cart.total is not None and not any(_warning(line) for line in cart.line_items)
    return "" if is_fine else "Some lines cannot be delivered as they stand. Change them before you check out."


def within_stock(cart: Cart, sku: str = "") -> list[SkuQuantity]:
    """
    Return the lines with quantities lowered to what can be delivered, without those of which nothing can.

    With `sku` only that line is lowered.
    """
    kept = (
        SkuQuantity(line.sku, _deliverable(line) if sku in ("", line.sku) else line.quantity)
        for line in cart.line_items
    )
    return [line for line in kept if line.quantity > 0]


def _deliverable(line: CartLine) -> int:
    if line.is_available:
        return line.quantity
    return 0 if _is_off(line) else line.available or 0


@dataclass(frozen=True)
class ChangedLine:
    """A line of the cart whose total is not the one that the buyer reviewed; `before` is None for a new line."""

    sku: str
    name: str
    before: Price | None
    total: Price | None


def changed_lines(cart: Cart, reviewed: str) -> list[ChangedLine]:
    """Return the lines that cost something else than in the fingerprint `reviewed`."""
    amounts = {part.partition(":")[0]: part.rpartition(":")[2] for part in reviewed.split("|")}
    return [
        ChangedLine(line.sku, line.name, _price_before(line, amounts.get(line.sku, "")), line.total)
        for line in cart.line_items
        if line.total is not None and amounts.get(line.sku) != str(line.total.amount)
    ]


def _price_before(line: CartLine, amount: str) -> Price | None:
    return Price(int(amount), line.total.currency) if line.total is not None and amount.isdecimal() else None


def has_same_units(cart: Cart, reviewed: str) -> bool:
    """Return whether the cart has the SKUs and quantities of the fingerprint `reviewed`, at whatever price."""
    return _units(fingerprint(cart)) == _units(reviewed)


def units_digest(reviewed: str) -> str:
    """Return a short text that identifies the SKUs and quantities of the fingerprint `reviewed`."""
    return hashlib.sha256("|".join(_units(reviewed)).encode()).hexdigest()[:32]


def _units(reviewed: str) -> list[str]:
    return [part.rpartition(":")[0] for part in reviewed.split("|")]


def fingerprint(cart: Cart) -> str:
    """Return a text that identifies the lines and prices that a buyer has reviewed."""
    parts = (f"{line.sku}:{line.quantity}:{line.total.amount if line.total else None}" for line in cart.line_items)
    return "|".join(parts)
