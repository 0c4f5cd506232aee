"""Applies one batch of an import: two reads and two bulk writes, changes only, their events in the same writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.products.documents import Product
from services.products.documents.product import STATE, wrapped_change
from services.products.documents.stock_counts import DUPLICATE_KEY, count_many
from services.products.errors import StockContended
from services.products.rules.import_rows import ImportedRow, RowFault
from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.persistence import retry_on_failover

ROUNDS = 5


@dataclass
class Batch:
    """Rows to apply, rows that cannot be, and rows that a later one supersedes; all count as read."""

    rows: list[ImportedRow] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)
    superseded: list[RowFault] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows) + len(self.faults) + len(self.superseded)


def apply_batch(import_id: str, batch: Batch) -> tuple[dict[str, int], list[RowFault]]:
    """
    Bring stock and products to what the rows say; return the counts to add and what to tell about rows, in order.

    Safe to repeat: what an earlier, killed run applied is counted as it did.
    """
    counted, refused = count_many({row.sku: row.stock for row in batch.rows})
    faults = batch.faults + [RowFault(row.row, "stock", refused[row.sku]) for row in batch.rows if row.sku in refused]
    applicable = [row for row in batch.rows if row.sku not in refused]
    outcomes = _write_products(import_id, applicable)
    counts = Counter(
        "updated" if outcomes[sku] == "unchanged" and sku in counted else outcomes[sku] for sku in outcomes
    )
    counts["unchanged"] += len(batch.superseded)
    counts["failed"] += len(faults)
    counts["rows_read"] = len(batch)
    return dict(counts), sorted(faults + batch.superseded, key=lambda fault: fault.row)


def _write_products(import_id: str, rows: Sequence[ImportedRow]) -> dict[str, str]:
    """Write what differs and return what became of each SKU: created, updated or unchanged."""
    outcomes: dict[str, str] = {}
    waiting = {row.sku: row for row in rows}
    for _ in range(ROUNDS):
        known = Product.by_sku(waiting)
        mark = new_id("com")
        writes: list[InsertOne[dict[str, Any]] | UpdateOne] = []
        for sku, row in waiting.items():
            outcome, write = decide_write(import_id, row, known.get(sku), mark)
            outcomes[sku] = outcome
            if write is not None:
                writes.append(write)
        if not writes or _written(writes) == len(writes):
            return outcomes
        # Somebody else wrote some of them meanwhile; those carry another mark and are looked at again.
        waiting = {sku: row for sku, row in waiting.items() if sku not in _marked(waiting, mark)}
    raise StockContended("The products of this batch keep changing")


def decide_write(
    import_id: str, row: ImportedRow, known: Mapping[str, Any] | None, mark: str
) -> tuple[str, InsertOne[dict[str, Any]] | UpdateOne | None]:
    """Return what becomes of the product, and its write, without effect if `known` is not the present state."""
    if known is None:
        return "created", _insert(import_id, row, mark)
    if all(known.get(name) == value for name, value in row.fields.items()):
        importer, _, outcome = (known.get("imported_by") or "").partition(":")
        return outcome if importer == import_id else "unchanged", None
    return "updated", _update(import_id, row, known, mark)


def _insert(import_id: str, row: ImportedRow, mark: str) -> InsertOne[dict[str, Any]]:
    moment = now()
    product_id = new_id(Product.id_prefix)
    state = {**row.fields, "is_active": True}
    return InsertOne(
        {
            "_id": product_id,
            **state,
            "version": 1,
            "commit_id": mark,
            "imported_by": f"{import_id}:created",
            "schema_version": 1,
            "created_at": moment,
            "updated_at": moment,
            "outbox": [wrapped_change(product_id, state, 1)],
        }
    )


def _update(import_id: str, row: ImportedRow, known: Mapping[str, Any], mark: str) -> UpdateOne:
    version = known["version"] + 1
    state = {**{name: known[name] for name in STATE}, **row.fields}
    changes = {
        **row.fields,
        "version": version,
        "commit_id": mark,
        "imported_by": f"{import_id}:updated",
        "updated_at": now(),
    }
    return UpdateOne(
        {"_id": known["_id"], "version": known["version"]},
        {"$set": changes, "$push": {"outbox": wrapped_change(known["_id"], state, version)}},
    )


def _written(writes: Sequence[InsertOne[dict[str, Any]] | UpdateOne]) -> int:
    try:
        result = retry_on_failover(lambda: Product.collection().bulk_write(writes, ordered=False)).bulk_api_result
    except BulkWriteError as failure:
        if any(each["code"] != DUPLICATE_KEY for each in failure.details["writeErrors"]):
            raise
        result = dict(failure.details)
    return int(result["nInserted"] + result["nMatched"])


def _marked(skus: Mapping[str, Any], mark: str) -> set[str]:
    query = {"sku": {"$in": list(skus)}, "commit_id": mark}
    return {each["sku"] for each in retry_on_failover(lambda: list(Product.collection().find(query, {"sku": 1})))}
