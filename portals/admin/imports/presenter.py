"""What the page of an import shows, and the template file."""

from __future__ import annotations

from dataclasses import dataclass

from portals.admin.imports.client import FileFormat, ProductImport, RowError
from portals.admin.products.client import TEXTS
from shared.portal.formatting import plural
from shared.portal.questions import Question

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
    """
    `message` and `tone` say how it ended, `counts` are (label, rows), and `is_cut` says that rows failed beyond those
    that `faults` names. `can_execute`: a dry run's file has something to import. `is_mark_unclear`: the file was
    refused because its decimal mark is not known. `names_currency`: a row's currency was refused.

    `rows_total` is None until the whole file was checked; `more_changes` are rows of a dry run beyond those listed.
    """

    is_over: bool
    message: str
    tone: str
    can_execute: bool
    is_mark_unclear: bool
    counts: list[tuple[str, int]]
    rows_read: int
    rows_total: int | None
    more_changes: int
    reading: str
    faults: list[RowError]
    notices: list[RowError]
    is_cut: bool
    names_currency: bool


def import_progress(found: ProductImport) -> Progress:
    """Return how far an import is, and what was wrong."""
    faults = [error for error in found.errors if error.kind == "fault" and error.row]
    message, tone = _outcome(found)
    return Progress(
        is_over=found.status in ("succeeded", "failed"),
        message=message,
        tone=tone,
        can_execute=found.is_dry_run and found.status == "succeeded" and _rows_taken(found) > 0,
        is_mark_unclear=any(error.field == "decimal_mark" and not error.row for error in found.errors),
        counts=[
            ("Rows read", found.rows_read),
            ("To create" if found.is_dry_run else "Created", found.created),
            ("To update" if found.is_dry_run else "Updated", found.updated),
            ("Unchanged", found.unchanged),
            ("With errors", found.failed),
        ],
        rows_read=found.rows_read,
        rows_total=found.rows_total,
        more_changes=max(0, found.created + found.updated - len(found.changes)) if found.is_dry_run else 0,
        reading=_reading(found.file_format),
        faults=faults,
        notices=[error for error in found.errors if error.kind != "fault"],
        names_currency=any(error.field == "currency" for error in faults),
        is_cut=found.failed > len({error.row for error in faults}),
    )


def import_question(found: ProductImport, back: str) -> Question:
    """Return the question before the file of a dry run is imported."""
    left_out = [f"{plural(found.failed, 'row')} with errors are left out."] if found.failed else []
    return Question(
        f"Import {found.filename} now?",
        [
            f"{plural(found.created, 'product')} created, {found.updated:,} updated, {found.unchanged:,} unchanged.",
            *left_out,
            "Prices and stock of products that changed meanwhile become those of the file.",
            "An import cannot be undone.",
        ],
        "Yes, import the file",
        back,
        is_danger=False,
    )


def _rows_taken(found: ProductImport) -> int:
    return found.created + found.updated + found.unchanged


def _outcome(found: ProductImport) -> tuple[str, str]:
    """Return how an import ended and the tone of it; empty while it runs."""
    if found.status == "failed":
        return _refusal(found), "bad"
    if found.status != "succeeded":
        return "", ""
    if not found.rows_read:
        return "The file has no rows below the heading; nothing was changed.", "warn"
    if not _rows_taken(found):
        return "Every row has an error; nothing was changed. Correct the rows and upload the file again.", "warn"
    if found.is_dry_run:
        end = "The rows below have errors and would be left out." if found.failed else "No row has an error."
        return f"This was a dry run: nothing was changed. {end}", "warn" if found.failed else "good"
    if found.failed:
        advice = "Download the failed rows, correct them and upload that file."
        return f"The rows below were left out; all others are in. {advice}", "warn"
    return "Everything is in. The search shows it in a moment.", "good"


def _refusal(found: ProductImport) -> str:
    """Return why the file was refused as a whole, and what of it was imported before."""
    why = " ".join(error.detail for error in found.errors if error.kind == "fault" and not error.row)
    changed = 0 if found.is_dry_run else found.created + found.updated
    before = f"{plural(changed, 'product')} had been changed before." if changed else "Nothing was changed."
    return f"{why or 'The file could not be read.'} {before}"


def _reading(found: FileFormat | None) -> str:
    """Return how the file is read, in words; "" until it was checked."""
    if found is None:
        return ""
    mark = f"a decimal {found.decimal_mark}"
    if found.kind == "xlsx":
        return f"Read as a workbook: sheet “{found.sheet}”, {mark} in texts."
    separator = "bars" if found.separator == "bar" else f"{found.separator}s"
    return f"Read as CSV: {found.encoding}, {separator} between the columns, {mark}."
