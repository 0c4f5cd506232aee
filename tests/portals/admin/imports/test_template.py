"""The template of a product file."""

from __future__ import annotations

from portals.admin.imports.presenter import IMPORT_TEMPLATE


def test_every_row_has_the_columns_of_the_header():
    head, *rows = IMPORT_TEMPLATE.strip().split("\r\n")

    assert {row.count(",") for row in rows} == {head.count(",")}
