"""What the page of an import shows, and the template file."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.imports.client import ProductImport
from portals.admin.products.client import TEXTS

IMPORT_TEMPLATE = (
    "sku,name,description,category,unit_price,currency,stock,breaks\r\n"
    "BOLT-M8,Hex bolt M8 x 40,Zinc plated,Fasteners,2.55,GBP,1200,12:2.10;48:1.95\r\n"
    "POSTAGE,Postage,A fee: leave stock empty and it is never reserved,Fees,18.00,GBP,,\r\n"
)


@dataclass(frozen=True)
class Column:
    """A column of an import file, with what to write in it."""

    name: str
    advice: str


COLUMNS = (
    Column("sku", "Required. Names the product; upper case."),
    Column("name", "Required. What buyers read."),
    *(Column(name, "Optional.") for name in TEXTS if name != "name"),
    Column("unit_price", "Required. As in 2.55."),
    Column("currency", "Required. As in GBP."),
    Column("stock", "Optional. Units on hand; empty: not stocked, never runs out."),
    Column("breaks", "Optional. Price from a quantity on: 12:2.10;48:1.95"),
)


@dataclass(frozen=True)
class Progress:
    """`counts` are (label, rows); `hidden_errors` are rows with errors beyond those listed."""

    is_over: bool
    is_unreadable: bool
    counts: list[tuple[str, int]]
    hidden_errors: int


def import_progress(found: ProductImport) -> Progress:
    """Return how far an import is."""
    return Progress(
        is_over=found.status in ("succeeded", "failed"),
        is_unreadable=found.status == "failed",
        counts=[
            ("Rows read", found.rows_read),
            ("Created", found.created),
            ("Updated", found.updated),
            ("Unchanged", found.unchanged),
            ("With errors", found.failed),
        ],
        hidden_errors=max(0, found.failed - len(found.errors)),
    )
