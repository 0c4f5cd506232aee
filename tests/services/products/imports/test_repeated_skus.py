"""Rows of a product file with the same SKU: the last valid one counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.factories.products import csv_file, csv_row

Import = Callable[..., dict[str, Any]]
COUNTS = ("rows_read", "created", "updated", "unchanged", "failed")


def counts(finished: dict[str, Any]) -> tuple[int, ...]:
    return tuple(finished[name] for name in COUNTS)


class TestRowsOfOneSku:
    def test_count_once_the_last(self, buyer: Any, imported: Import) -> None:
        rows = [csv_row("a", name="First"), csv_row("B"), csv_row("A", name="Last")]

        finished = imported(csv_file(rows))

        assert counts(finished) == (3, 2, 0, 1, 0)
        detail = "Row 4 has the same SKU and replaces this row."
        assert finished["errors"] == [{"row": 2, "field": "sku", "detail": detail, "kind": "notice"}]
        assert buyer.get("/v1/products/A").json["name"] == "Last"

    @pytest.mark.parametrize("dry_run", ["false", "true"])
    def test_that_are_faulty_replace_none(self, buyer: Any, imported: Import, dry_run: str) -> None:
        rows = [csv_row("DS-1"), csv_row("ds-1", name="Last"), csv_row("DS-1 ", unit_price="x")]
        rows.append(csv_row("ds-1", currency="ABC"))

        finished = imported(csv_file(rows), dry_run=dry_run)

        assert counts(finished) == (4, 1, 0, 1, 2)
        assert [(each["row"], each["field"], each["kind"]) for each in finished["errors"]] == [
            (4, "unit_price", "fault"),
            (5, "currency", "fault"),
            (2, "sku", "notice"),
        ]
        assert finished["errors"][2]["detail"] == "Row 3 has the same SKU and replaces this row."
        if dry_run == "false":
            assert buyer.get("/v1/products/DS-1").json["name"] == "Last"

    def test_that_are_all_faulty_are_all_faults(self, imported: Import) -> None:
        finished = imported(csv_file([csv_row("A", unit_price="x"), csv_row("a", unit_price="y")]))

        assert counts(finished) == (2, 0, 0, 0, 2)
        assert [(each["row"], each["kind"]) for each in finished["errors"]] == [(2, "fault"), (3, "fault")]

    def test_are_read_with_the_decimal_mark_of_the_file(self, buyer: Any, imported: Import) -> None:
        rows = [csv_row("A", unit_price="2,55", breaks=""), csv_row("A", unit_price="1,5,0", breaks="")]

        finished = imported(csv_file(rows), decimal_mark="comma")

        assert counts(finished) == (2, 1, 0, 0, 1)
        assert buyer.get("/v1/products/A").json["unit_price"]["amount"] == "255"
