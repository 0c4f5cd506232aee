"""Files as other programs write them: their kind, encoding, separator and decimals are found and named."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import openpyxl
import pytest

from services.products.catalog.documents import Product
from services.products.imports import operations
from tests.factories.products import csv_file, csv_row

Import = Callable[..., dict[str, Any]]
COLUMNS = ("sku", "name", "unit_price", "currency", "stock")


def text_file(rows: Sequence[tuple[str, ...]], separator: str = ";", columns: tuple[str, ...] = COLUMNS) -> str:
    return "\r\n".join(separator.join(cells) for cells in [columns, *rows]) + "\r\n"


def workbook(rows: Sequence[tuple[Any, ...]], columns: tuple[Any, ...] = COLUMNS, **formats: str) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in [columns, *rows]:
        book.active.append(row)
    for cell, number_format in formats.items():
        book.active[cell].number_format = number_format
    return saved(book)


def without(content: bytes, text: bytes, instead: bytes = b"") -> bytes:
    """Return a workbook whose parts have `instead` in place of `text`."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(changed, "w") as target:
        for each in source.infolist():
            target.writestr(each.filename, source.read(each).replace(text, instead))
    return changed.getvalue()


def saved(book: Any) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def named(finished: dict[str, Any]) -> tuple[str, ...]:
    found = finished["file_format"]
    return tuple(found[name] for name in ("kind", "encoding", "separator", "decimal_mark"))


def prices() -> dict[str, str]:
    return {each["sku"]: each["unit_price"]["amount"] for each in Product.collection().find()}


class TestSeparators:
    @pytest.mark.parametrize(("separator", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
    def test_are_detected_and_named(self, imported: Import, separator: str, name: str) -> None:
        finished = imported(text_file([("A", "Nut", "2.55", "EUR", "5")], separator).encode())

        assert (finished["created"], finished["errors"]) == (1, [])
        assert named(finished) == ("csv", "UTF-8", name, "point")

    @pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;"])
    def test_are_named_by_a_line_that_excel_writes(self, imported: Import, line: str) -> None:
        finished = imported((line + "\r\n" + text_file([("A", "Nut", "x", "EUR", "5")])).encode())

        assert named(finished)[2] == "semicolon"
        assert [(error["row"], error["field"]) for error in finished["errors"]] == [(2, "unit_price")]

    def test_in_rows_of_nothing_else_are_empty_rows(self, imported: Import) -> None:
        content = ";;;;\n" + text_file([("A", "Nut", "2.55", "EUR", "5"), ("", "", "", "", ""), (" ", "", "", "", "")])

        finished = imported((content + ";;;;\n" * 50).encode())

        assert (finished["rows_read"], finished["created"], finished["errors"]) == (1, 1, [])

    def test_of_empty_columns_are_left_out(self, imported: Import) -> None:
        columns = (*COLUMNS[:2], "", *COLUMNS[2:], "", "")

        finished = imported(
            text_file(
                [
                    ("A", "Nut", "", "2.55", "EUR", "5", "", ""),
                    ("B", "Nut", "", "2.55", "EUR", "5", "", "", "", ""),
                    ("C", "Nut", "seen?", "2.55", "EUR", "5", "", ""),
                ],
                columns=columns,
            ).encode()
        )

        assert finished["created"] == 2
        (error,) = finished["errors"]
        assert (error["row"], error["detail"]) == (4, "A cell stands in a column without a heading.")


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "name"),
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8"),
            ("cp1252", "Windows-1252"),
            ("utf-16", "UTF-16"),
            ("utf-16-le", "UTF-16"),
            ("utf-16-be", "UTF-16"),
        ],
    )
    def test_are_detected_and_named(self, buyer: Any, imported: Import, encoding: str, name: str) -> None:
        name_of_product = "Muttern \u201eM8\u201c \u2013 Gr\u00f6\u00dfe 5 \u20ac"
        content = text_file([("A", name_of_product, "2.55", "EUR", "5")]).encode(encoding)

        finished = imported(content)

        assert named(finished)[:2] == ("csv", name)
        assert buyer.get("/v1/products/A").json["name"] == name_of_product

    def test_of_utf16_with_a_tab_is_what_excel_calls_unicode_text(self, imported: Import) -> None:
        finished = imported(text_file([("A", "Gr\u00f6\u00dfe", "2,55", "EUR", "5")], "\t").encode("utf-16"))

        assert named(finished) == ("csv", "UTF-16", "tab", "comma")
        assert prices() == {"A": "255"}

    def test_far_into_the_file_count_too(self, buyer: Any, imported: Import) -> None:
        rows = [(f"S{number}", "Nut", "2.55", "EUR", "5") for number in range(4_000)]

        finished = imported(text_file([*rows, ("LAST", "Gr\u00f6\u00dfe", "2.55", "EUR", "5")]).encode("cp1252"))

        assert named(finished)[1] == "Windows-1252"
        assert buyer.get("/v1/products/LAST").json["name"] == "Gr\u00f6\u00dfe"

    def test_of_a_damaged_utf8_file_is_not_guessed(self, imported: Import) -> None:
        rows = [(f"S{number}", "Gr\u00f6\u00dfe", "2.55", "EUR", "5") for number in range(10)]
        content = text_file(rows).encode().replace("\u00f6".encode(), b"\xc3", 1)

        finished = imported(content)

        assert finished["status"] == "failed"
        assert "1 of its bytes are damaged" in finished["errors"][0]["detail"]


class TestDecimalMarks:
    def test_comma_is_detected_from_all_prices(self, imported: Import) -> None:
        rows = [
            ("A", "Nut", "1.234,50", "EUR", "1.000"),
            ("B", "Nut", "1,50", "EUR", "5"),
            ("C", "Nut", "1.234", "EUR", ""),
        ]

        finished = imported(text_file(rows).encode())

        assert (named(finished)[3], finished["errors"]) == ("comma", [])
        assert prices() == {"A": "123450", "B": "150", "C": "123400"}

    def test_is_never_guessed_for_one_cell(self, imported: Import) -> None:
        rows = [("A", "Nut", "1.50", "EUR", "5"), ("B", "Nut", "1,50", "EUR", "5")]

        finished = imported(text_file(rows).encode())

        assert named(finished)[3] == "point"
        assert [(error["row"], error["field"]) for error in finished["errors"]] == [(3, "unit_price")]

    @pytest.mark.parametrize("price", ["1,234", "1.234"])
    def test_that_could_be_either_has_to_be_chosen(self, merchant: Any, imported: Import, price: str) -> None:
        content = text_file([("A", "Nut", price, "EUR", "5"), ("B", "Nut", "7", "EUR", "5")]).encode()

        finished = imported(content)

        assert finished["status"] == "failed"
        assert "choose the decimal mark" in finished["errors"][0]["detail"]
        assert finished["errors"][0]["field"] == "decimal_mark"
        assert prices() == {}

    @pytest.mark.parametrize(
        ("mark", "price", "stored"),
        [
            ("comma", "1,234", "123.4"),
            ("point", "1,234", "123400"),
            ("comma", "1.234", "123400"),
            ("point", "1.234", "123.4"),
        ],
    )
    def test_that_is_chosen_is_used(self, imported: Import, mark: str, price: str, stored: str) -> None:
        finished = imported(text_file([("A", "Nut", price, "EUR", "5")]).encode(), decimal_mark=mark)

        assert (named(finished)[3], prices()) == (mark, {"A": stored})

    def test_that_is_unknown_is_refused(self, merchant: Any) -> None:
        data = {"file": (io.BytesIO(b"x"), "a.csv")}

        refused = merchant.post("/v1/products/imports?decimal_mark=dot", data=data)

        assert (refused.status_code, refused.json["errors"][0]["pointer"]) == (422, "/decimal_mark")

    def test_comma_holds_for_price_breaks(self, buyer: Any, imported: Import) -> None:
        content = text_file([("A", "Nut", "2,55", "EUR", '"12:2,10;48:1,95"')], columns=(*COLUMNS[:4], "breaks"))

        imported(content.encode())

        amounts = [step["unit_price"]["amount"] for step in buyer.get("/v1/products/A").json["price_breaks"]]
        assert amounts == ["210", "195"]

    def test_comma_stays_in_the_file_of_failed_rows(self, merchant: Any, imported: Import) -> None:
        rows = [("A", "Nut", "1,234", "EUR", "x"), ("B", "Nut", "2,5", "EUR", "5")]
        finished = imported(text_file(rows).encode())
        content = merchant.get(f"/v1/products/imports/{finished['id']}/failed-rows").get_data()
        assert content.startswith("\ufeffreason;sku;name".encode())

        assert imported(content.replace(b";x", b";5"))["status"] == "failed"
        again = imported(content.replace(b";x", b";5"), decimal_mark="comma")

        assert again["created"] == 1
        assert prices() == {"A": "123.4", "B": "250"}


class TestWorkbooks:
    def test_are_read_by_their_content_whatever_their_name(self, buyer: Any, imported: Import) -> None:
        rows = [("BOLT", "Bolt\nM8", 2.55, "EUR", 100), (12345, "Nut", 0.1 + 0.2, "eur", None), (None,) * 5]
        columns = ("SKU", "description", "unit_price", "currency", "stock", None, "name")

        finished = imported(workbook([(*row, None, "Named") for row in rows[:2]], columns), filename="products.xlsx")

        assert (finished["created"], finished["errors"]) == (2, [])
        assert named(finished) == ("xlsx", "", "", "point")
        assert finished["file_format"]["sheet"] == "Sheet"
        assert prices() == {"BOLT": "255", "12345": "30"}
        assert buyer.get("/v1/products/BOLT").json["description"] == "Bolt\nM8"
        assert buyer.get("/v1/products/12345").json["is_stocked"] is False

    def test_have_faults_at_the_rows_of_the_spreadsheet(self, merchant: Any, imported: Import) -> None:
        rows = [("A", "Nut", 2.55, "EUR", 1.5), (None,) * 5, ("B", "Nut", date(2026, 5, 1), "EUR", True)]

        finished = imported(workbook(rows))

        faults = [(error["row"], error["field"]) for error in finished["errors"]]
        assert faults == [(2, "stock"), (4, "unit_price"), (4, "stock")]
        content = merchant.get(f"/v1/products/imports/{finished['id']}/failed-rows").get_data(as_text=True)
        assert "A,Nut,2.55,EUR,1.5" in content

    def test_keep_leading_zeros_that_a_format_shows(self, imported: Import) -> None:
        imported(workbook([(123, "Nut", 1, "EUR", 5), ("00124", "Nut", 1, "EUR", 5)], A2="00000"))

        assert set(prices()) == {"00123", "00124"}

    def test_mix_numbers_with_texts_of_a_decimal_comma(self, imported: Import) -> None:
        finished = imported(workbook([("A", "Nut", 2.55, "EUR", 5), ("B", "Nut", "1.234,50", "EUR", 5)]))

        assert (finished["errors"], prices()) == ([], {"A": "255", "B": "123450"})

    def test_show_the_first_visible_sheet(self, imported: Import) -> None:
        book = openpyxl.Workbook()
        assert book.active is not None
        book.active.sheet_state = "hidden"
        sheet = book.create_sheet("Artikel")
        for row in (COLUMNS, ("A", "Nut", 2.55, "EUR", 5)):
            sheet.append(row)

        assert imported(saved(book))["file_format"]["sheet"] == "Artikel"

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "XLS"),
            (b"PK\x03\x04" + b"\x00" * 600, "damaged"),
            (workbook([("A",)])[:-300], "damaged"),
            (without(workbook([("A",)]), b"spreadsheetml.sheet.main+xml"), "damaged"),
            (without(workbook([("A",)]), b'<row r="2"', b'<row r="99999999"'), "at most 1,048,576 rows"),
        ],
    )
    def test_that_cannot_be_read_say_what_to_save(self, imported: Import, content: bytes, said: str) -> None:
        finished = imported(content)

        assert finished["status"] == "failed"
        assert said in finished["errors"][0]["detail"]

    @pytest.mark.parametrize(
        ("part", "written", "size", "start"),
        [
            ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml", 520, b""),
            ("xl/sharedStrings.xml", "xl/sharedStrings.xml", 65, b""),
            ("xl/sharedStrings.xml", "xl/texts.bin", 9, b""),
            ("xl/styles.xml", "xl/styles.xml", 9, b""),
            ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.xml", 5, b"<worksheet><sheetData><row>"),
            ("xl/worksheets/sheet1.xml", "xl/worksheets/sheet1.bin", 5, b"<worksheet><sheetData><row>"),
        ],
    )
    def test_that_would_fill_the_memory_are_refused(
        self, merchant: Any, part: str, written: str, size: int, start: bytes
    ) -> None:
        content = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(workbook([("A",)]))) as source,
            zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as bomb,
        ):
            for each in source.infolist():
                if each.filename != part:
                    known, renamed = (path.rpartition("/")[2].encode() for path in (part, written))
                    bomb.writestr(each.filename, source.read(each).replace(known, renamed))
            with bomb.open(written, "w", force_zip64=True) as target:
                target.write(start)
                for _ in range(size):
                    target.write(b"<c/>" * (256 * 1024))

        content.seek(0)
        wanted = operations.start_import(filename="bomb.xlsx", content=content)
        operations.run_import(wanted.id)

        finished = merchant.get(f"/v1/products/imports/{wanted.id}").json
        assert finished["status"] == "failed"
        assert "unpacks to" in finished["errors"][0]["detail"]


def test_a_comma_file_of_an_older_release_reads_as_before(imported: Import) -> None:
    finished = imported(csv_file([csv_row(unit_price="1,234.50")]))

    assert named(finished) == ("csv", "UTF-8", "comma", "point")
    assert prices() == {"BOLT-M8": "123450"}
