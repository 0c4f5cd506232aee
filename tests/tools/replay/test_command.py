"""What `python -m tools.replay` prints, leaves behind and ends with."""

from __future__ import annotations

import csv

import pytest

from tests.factories.fake_gateway import FakeGateway
from tests.factories.fake_platform import FakePlatform
from tests.factories.trade import make_trade, write_file
from tools.replay.__main__ import DIFFERENT, EQUAL, NOT_RUN, main


@pytest.fixture
def gateway():
    gateway = FakeGateway(FakePlatform())
    yield gateway
    gateway.stop()


@pytest.fixture
def trade_file(tmp_path):
    return write_file(tmp_path / "trade.csv", *make_trade())


def command(gateway, file, tmp_path, *more):
    return main([str(file), "--gateway", gateway.url, "--folder", str(tmp_path / "lists"), *more])


class TestCommand:
    def test_prints_an_equal_reconciliation_and_what_the_calls_took(self, gateway, trade_file, tmp_path, capsys):
        assert command(gateway, trade_file, tmp_path) == EQUAL

        printed = capsys.readouterr().out
        assert "The file and the platform are EQUAL." in printed
        assert "2010-12-01 3 6 32 95.28 95.28 0.00 equal" in " ".join(printed.split())
        assert "5 orders placed by this run" in printed
        assert "place order            5" in printed

    def test_groups_what_was_left_out_and_leaves_the_whole_list(self, gateway, trade_file, tmp_path, capsys):
        command(gateway, trade_file, tmp_path)

        printed = capsys.readouterr().out
        assert "1 rows         10 units            0.00  quantity of 0 or less outside C invoices" in printed
        with (tmp_path / "lists/left-out.csv").open(newline="") as file:
            assert [(row["line"], row["invoice"], row["amount"]) for row in csv.DictReader(file)] == [
                ("11", "C536371", "2750"),
                ("12", "C536372", "300"),
                ("13", "536373", "0"),
            ]

    def test_names_the_day_and_the_order_that_differ(self, tmp_path, trade_file, capsys):
        gateway = FakeGateway(FakePlatform(captures_after=1_000_000))

        assert command(gateway, trade_file, tmp_path, "--patience", "0.3") == DIFFERENT

        gateway.stop()
        printed = capsys.readouterr().out
        assert "PLATFORM DIFFERS" in printed
        assert "17850 C536369: the platform was not ready for it within 0 s" in printed
        assert "platform 2010-12-01 4 lines, 23 units, 84.18, captured 0.00" in printed

    def test_refuses_a_file_that_is_none_in_one_sentence(self, gateway, tmp_path, capsys):
        (tmp_path / "trade.csv").write_text("a,b\n")

        assert command(gateway, tmp_path / "trade.csv", tmp_path) == NOT_RUN

        assert capsys.readouterr().err.startswith("The file has no column InvoiceNo")
