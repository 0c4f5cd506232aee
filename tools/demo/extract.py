"""Makes the demo catalog and two days of trade out of the wholesaler's file: `python -m tools.demo.extract FILE`."""

from __future__ import annotations

import argparse
import csv
import io
import lzma
from collections.abc import Sequence
from pathlib import Path

from tools.replay.catalog import CatalogEntry, catalog_of
from tools.replay.import_file import import_csv
from tools.replay.reading import TradeRow, read_rows

FOLDER = Path(__file__).parent
PRODUCTS_FILE = FOLDER / "products.csv"
TRADE_FILE = FOLDER / "first-two-days.csv.xz"
PRODUCTS = 400
POSTAGE = "POST"
DAYS = 2


def best_sellers(entries: Sequence[CatalogEntry]) -> list[CatalogEntry]:
    """Return the items of most invoice lines, goods and postage with a price, in order of SKU."""
    sold = [entry for entry in entries if entry.unit_price > 0 and (entry.is_stocked or entry.sku == POSTAGE)]
    chosen = sorted(sold, key=lambda entry: (-entry.rows_sold, entry.sku))[:PRODUCTS]
    return sorted(chosen, key=lambda entry: entry.sku)


def opening_stock(entries: Sequence[CatalogEntry]) -> dict[str, int]:
    """Return a quarter's sales per SKU, rounded up to the next ten."""
    return {entry.sku: -(-entry.units_sold // 10) * 10 for entry in entries if entry.is_stocked}


def first_days(source: Path, days: int) -> bytes:
    """Return the source's records of its first `days` dates as CSV.xz, every column kept as it was."""
    content = lzma.decompress(source.read_bytes()).decode()
    reader = csv.DictReader(io.StringIO(content, newline=""))
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=reader.fieldnames or (), lineterminator="\n")
    writer.writeheader()
    dates: set[str] = set()
    for record in reader:
        dates.add(record["InvoiceDate"][:10])
        if len(dates) > days:
            break
        writer.writerow(record)
    return lzma.compress(text.getvalue().encode(), preset=9 | lzma.PRESET_EXTREME)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="the wholesaler's trade as .csv.xz")
    source = parser.parse_args().file
    entries = best_sellers(catalog_of(row for row in read_rows(source) if isinstance(row, TradeRow)))
    PRODUCTS_FILE.write_text(import_csv(entries, opening_stock(entries)), encoding="utf-8")
    TRADE_FILE.write_bytes(first_days(source, DAYS))
    print(f"{PRODUCTS_FILE}: {len(entries)} products")
    print(f"{TRADE_FILE}: {TRADE_FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
