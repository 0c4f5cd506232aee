"""A batch of rows, and what each of them would change."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec
from msgspec import UNSET

from services.products.catalog.rules import TEXTS, ProductFields
from services.products.rows.rules import ImportedRow, RowFault
from shared.base.money import unit_price_text
from shared.events.catalog.products import Price

_LONGEST_SHOWN = 200
NOT_STOCKED = "not stocked"


@dataclass
class Batch:
    """Rows to apply, faults of invalid rows, and rows superseded by a later one of the same SKU; `raw` are all rows."""

    rows: list[ImportedRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    superseded: list[RowFault] = field(default_factory=list)
    raw: dict[int, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.raw)


class FieldChange(msgspec.Struct, frozen=True):
    """A field of a product before and after, as text; `before` is empty in a new product."""

    field: str
    before: str
    after: str


class RowChange(msgspec.Struct, frozen=True):
    """What one row would change; `outcome` is created or updated."""

    row: int
    sku: str
    outcome: str
    changes: list[FieldChange]


def change_of(
    row: ImportedRow, before: ProductFields | None, after: ProductFields, on_hand: int | None
) -> RowChange | None:
    """Return what the row would change of a product and its units on hand; None when nothing."""
    old = {} if before is None else _texts(before)
    changes = [FieldChange(name, old.get(name, ""), text) for name, text in _texts(after).items()]
    changes = [change for change in changes if change.before != change.after]
    if row.stock is not UNSET and (row.stock != on_hand):
        changes.append(FieldChange("stock", "" if before is None else _stock(on_hand), _stock(row.stock)))
    if before is not None and not changes:
        return None
    shown = [FieldChange(each.field, each.before[:_LONGEST_SHOWN], each.after[:_LONGEST_SHOWN]) for each in changes]
    return RowChange(row.row, row.sku, "created" if before is None else "updated", shown)


def _texts(fields: ProductFields) -> dict[str, str]:
    breaks = "; ".join(f"{step.min_quantity}: {_price(step.unit_price)}" for step in fields.price_breaks)
    return {
        **{name: getattr(fields, name) for name in TEXTS},
        "unit_price": _price(fields.unit_price),
        "breaks": breaks,
    }


def _price(price: Price) -> str:
    return unit_price_text(Decimal(price.amount), price.currency)


def _stock(units: int | msgspec.UnsetType | None) -> str:
    return NOT_STOCKED if units is None or units is UNSET else f"{units:,}"
