"""Trade files as they come: compressed, saved by spreadsheets, or not trade files at all."""

from __future__ import annotations

import lzma
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.factories.trade import make_file, make_record, make_trade, write_file
from tools.demo.extract import TRADE_FILE
from tools.replay.plan import plan_replay
from tools.replay.planned import company_reference
from tools.replay.reading import TradeRow, UnreadableFile, read_rows
from tools.replay.returns import CAPPED, UNMATCHED

WHOLE_FILE = Path(__file__).parents[4] / "shared/data/online-retail/2010-12_to_2011-02.csv.xz"


@cache
def whole_file():
    return list(read_rows(WHOLE_FILE))


@cache
def whole_plan():
    return plan_replay(whole_file())


class TestReading:
    def test_reads_compressed_files_alike(self, tmp_path):
        plain = write_file(tmp_path / "trade.csv", *make_trade())
        compressed = tmp_path / "trade.csv.xz"
        compressed.write_bytes(lzma.compress(plain.read_bytes()))

        assert list(read_rows(plain)) == list(read_rows(compressed))

    def test_reads_what_a_spreadsheet_saved(self, tmp_path):
        path = tmp_path / "trade.csv"
        path.write_bytes(make_file(make_record(at="12/1/2010 8:26", name="£20 VOUCHER")).encode("cp1252"))

        (row,) = read_rows(path)

        assert isinstance(row, TradeRow)
        assert (row.traded_on.isoformat(), row.description, row.customer) == ("2010-12-01", "£20 VOUCHER", "17850")

    @pytest.mark.parametrize(
        ("name", "content", "message"),
        [
            ("trade.csv", b"a,b\n1,2\n", "The file has no column InvoiceNo"),
            ("trade.csv.xz", b"not xz", "cannot be read"),
        ],
    )
    def test_refuses_what_is_no_trade_file(self, tmp_path, name, content, message):
        path = tmp_path / name
        path.write_bytes(content)

        with pytest.raises(UnreadableFile, match=message):
            list(read_rows(path))

    def test_refuses_a_file_that_is_not_there(self, tmp_path):
        with pytest.raises(UnreadableFile, match="cannot be read"):
            list(read_rows(tmp_path / "absent.csv"))


class TestFirstTwoDays:
    def test_are_the_trade_of_two_dates(self):
        plan = plan_replay(read_rows(TRADE_FILE))

        assert {order.ordered_on.isoformat() for order in plan.orders()} == {"2010-12-01", "2010-12-02"}
        assert sum(1 for _ in plan.orders()) == 279
        assert sum(order.total for order in plan.orders()) == 10_670_917


@pytest.mark.skipif(not WHOLE_FILE.exists(), reason="the wholesaler's whole file is not beside the project")
class TestWholeFile:
    @pytest.fixture
    def rows(self):
        return whole_file()

    @pytest.fixture
    def plan(self):
        return whole_plan()

    def test_has_the_orders_and_write_offs_that_its_readme_counts(self, rows, plan):
        listed = Counter(entry.reason for entry in plan.left_out)
        orders = list(plan.orders())

        assert plan.rows_read == 105_335
        assert len(orders) == 3_875
        assert max(len(order.lines) for order in orders) == 675
        assert listed.pop("quantity of 0 or less outside C invoices") == 214
        assert listed.keys() <= {CAPPED, UNMATCHED}
        assert sum(len(order.lines) for order in orders) + 214 + sum(row.is_return for row in rows) == plan.rows_read
        assert (len(plan.companies), len(plan.products)) == (1_750, 3_080)

    def test_has_the_returns_that_its_readme_counts(self, rows):
        returns = [row for row in rows if row.is_return]
        sold, with_an_earlier_invoice = set(), 0
        for row in rows:
            key = (company_reference(row.customer), row.sku)
            if row.is_return:
                with_an_earlier_invoice += key in sold
            elif row.quantity > 0:
                sold.add(key)

        assert (len({row.invoice for row in returns}), len(returns)) == (805, 1_904)
        assert with_an_earlier_invoice == 1_183

    def test_takes_back_what_has_an_earlier_invoice(self, rows, plan):
        """A row is listed as unmatched only when nothing is left of it; 34 of the 1,183 find it all taken."""
        wholly = {entry.line for entry in plan.left_out if entry.reason == UNMATCHED}
        returned_rows = sum(row.is_return and row.line not in wholly for row in rows)

        assert 1_100 <= returned_rows <= 1_183
