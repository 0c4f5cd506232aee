"""Example bodies of imports in the API's document."""

from __future__ import annotations

from typing import Any

from shared.web.lists import example_page

Json = dict[str, Any]

FILE: Json = {"file": "sku,name,unit_price,currency,stock\nBOLT-M8,Hex bolt M8 x 40,0.255,GBP,5000\n"}
SUMMARY: Json = {
    "id": "imp_01k3v7a2b4c6d8e0f2g4h6j8k0",
    "filename": "bolts.csv",
    "status": "succeeded",
    "is_dry_run": False,
    "rows_total": 3,
    "rows_read": 3,
    "created": 1,
    "updated": 1,
    "unchanged": 0,
    "failed": 1,
    "created_at": "2026-11-28T09:00:00.000Z",
    "finished_at": "2026-11-28T09:00:01.500Z",
}
FORMAT: Json = {"kind": "csv", "encoding": "UTF-8", "separator": "comma", "sheet": "", "decimal_mark": "point"}
FAULT: Json = {"row": 4, "kind": "fault", "field": "unit_price", "detail": "Give a number with at most four decimals."}
IMPORT: Json = SUMMARY | {"file_format": FORMAT, "has_failed_rows": True, "errors": [FAULT], "changes": []}
QUEUED: Json = IMPORT | {
    "status": "queued",
    "rows_total": None,
    "rows_read": 0,
    "created": 0,
    "updated": 0,
    "failed": 0,
    "finished_at": None,
    "file_format": None,
    "has_failed_rows": False,
    "errors": [],
}
PAGE: Json = example_page(SUMMARY, is_of_changes=False)
FAILED_ROWS = (
    "reason,sku,name,unit_price,currency\n"
    "unit_price: Give a number with at most four decimals.,NUT-M8,Hex nut M8,0.00001,GBP\n"
)
