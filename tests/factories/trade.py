"""Trade files as the wholesaler writes them, made row by row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from tools.replay.plan import ReplayPlan, plan_replay
from tools.replay.reading import parse_rows

HEADING = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
Record = tuple[str, str, str, str, str, str, str, str]


def make_record(
    invoice: str = "536365",
    code: str = "85123A",
    quantity: int | str = 6,
    price: str = "2.55",
    *,
    customer: str = "17850.0",
    at: str = "2010-12-01 08:26:00",
    name: str = "WHITE HANGING HEART T-LIGHT HOLDER",
) -> Record:
    return (invoice, code, name, str(quantity), at, price, customer, "United Kingdom")


def make_file(*records: Record) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(HEADING)
    writer.writerows(records)
    return text.getvalue()


def make_plan(*records: Record) -> ReplayPlan:
    return plan_replay(parse_rows(io.StringIO(make_file(*records), newline="")))


def write_file(path: Path, *records: Record) -> Path:
    path.write_text(make_file(*records), encoding="utf-8", newline="")
    return path


def make_trade() -> tuple[Record, ...]:
    """Return a small trade with everything in it: two companies, counter sales, fees, free lines and returns."""
    second_day = "2010-12-02 10:00:00"
    return (
        make_record("536365", "85123A", 6, "2.55"),
        make_record("536365", "85123a", 4, "2.55"),
        make_record("536365", "71053", 12, "3.39", name="WHITE METAL LANTERN"),
        make_record("536365", "POST", 1, "18.00", name="POSTAGE"),
        make_record("536366", "22633", 6, "1.85", customer="13047.0", name="HAND WARMER UNION JACK"),
        make_record("536367", "22633", 3, "0.0", customer="", name="HAND WARMER UNION JACK"),
        make_record("536368", "85123A", 5, "2.95", at=second_day),
        make_record("C536369", "85123A", -8, "2.55", at=second_day),
        make_record("C536370", "22633", -1, "1.85", customer="13047.0", at=second_day),
        make_record("C536371", "D", -1, "27.50", at=second_day, name="Discount"),
        make_record("C536372", "22633", -3, "1.00", customer="", at=second_day),
        make_record("536373", "22633", -10, "0.0", customer="", at=second_day, name="damaged"),
        make_record("536374", "71053", 1, "3.39", customer="13047.0", at=second_day),
    )
