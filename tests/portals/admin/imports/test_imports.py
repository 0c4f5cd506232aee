"""Imports at the admin portal."""

from __future__ import annotations

import io

from shared.portal.gateway import Upload
from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


class TestImports:
    def upload(self, staff: Visitor, content: bytes, filename: str = "catalog.csv"):
        form = staff.get("/admin/imports").form("/imports")
        token = form.findall("input")[0].get("value")
        return staff.post("/admin/imports", {"csrf_token": token, "file": (io.BytesIO(content), filename)})

    def test_uploads_and_watches(self, staff: Visitor, gateway: FakeGateway):
        page = self.upload(staff, b"sku,name\r\n")

        assert page.heading() == "catalog.csv"
        assert "Queued" in page.text
        assert gateway.sent("POST", "/products/imports")[0].upload == Upload("catalog.csv", b"sku,name\r\n")
        assert gateway.sent("POST", "/products/imports")[0].query == {"decimal_mark": None}
        assert 'http-equiv="refresh"' in page.source

    def test_shows_counts_and_every_row_that_was_refused(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        fault = {"field": "unit_price", "detail": "is no amount", "kind": "fault"}
        errors = [{"row": row} | fault for row in range(2, 102)]
        errors.append({"row": 9, "field": "sku", "detail": "Row 12 replaces this row.", "kind": "notice"})
        found |= {"status": "succeeded", "rows_read": 1500, "created": 1200, "failed": 250, "errors": errors}
        found["has_failed_rows"] = True

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "1,500 Rows read" in page.text
        assert page.rows()[0] == "2 unit_price is no amount"
        assert "the file of failed rows has all of them" in page.text
        assert page.rows()[-1] == "9 sku Row 12 replaces this row."
        assert "refresh" not in page.source
        assert staff.client.get(f"/admin/imports/{found['id']}/state").get_json()["is_over"]

    def test_tells_of_a_file_that_cannot_be_read(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        error = {"row": None, "field": "", "detail": "This is not UTF-8", "kind": "fault"}
        found |= {"status": "failed", "errors": [error]}

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "nothing was changed" in page.text
        (row,) = page.rows()
        assert row.startswith("File ")
        assert row.endswith("This is not UTF-8")

    def test_sends_the_decimal_mark_and_names_how_the_file_was_read(self, staff: Visitor, gateway: FakeGateway):
        form = staff.get("/admin/imports").form("/imports")
        token = form.findall("input")[0].get("value")
        values = {"csrf_token": token, "file": (io.BytesIO(b"x"), "a.csv"), "decimal_mark": "comma"}

        staff.post("/admin/imports", values)

        assert gateway.sent("POST", "/products/imports")[0].query == {"decimal_mark": "comma"}
        found = next(iter(gateway.shop.imports.values()))
        read = {
            "kind": "csv",
            "encoding": "Windows-1252",
            "separator": "semicolon",
            "sheet": "",
            "decimal_mark": "comma",
        }
        found["file_format"] = read
        page = staff.get(f"/admin/imports/{found['id']}")
        assert "Read as CSV: Windows-1252, semicolons between the columns, a decimal comma." in page.text

    def test_refuses_a_decimal_mark_that_is_none(self, staff: Visitor, gateway: FakeGateway):
        token = staff.get("/admin/imports").form("/imports").findall("input")[0].get("value")
        values = {"csrf_token": token, "file": (io.BytesIO(b"x"), "a.csv"), "decimal_mark": "dot"}

        assert staff.post("/admin/imports", values).status == 422
        assert gateway.sent("POST", "/products/imports") == []

    def test_hands_out_the_failed_rows(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        address = f"/admin/imports/{found['id']}/failed-rows.csv"
        assert address not in staff.get(f"/admin/imports/{found['id']}").links()
        assert staff.client.get(address).status_code == 404
        found |= {"status": "succeeded", "failed": 1, "has_failed_rows": True}

        assert address in staff.get(f"/admin/imports/{found['id']}").links()
        response = staff.client.get(address)
        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.headers["Content-Disposition"] == f'attachment; filename="failed-rows-{found["id"]}.csv"'
        assert response.text.startswith("reason,sku\r\n")

    def test_asks_for_a_file(self, staff: Visitor):
        page = staff.get("/admin/imports").submit("/imports")

        assert page.status == 422
        assert "Choose a file first" in page.text

    def test_shows_why_the_gateway_refused_it(self, staff: Visitor):
        page = self.upload(staff, b"")

        assert page.status == 422
        assert "The file is empty" in page.text

    def test_lists_those_of_this_session_only(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x", "mine.csv")
        assert "mine.csv" in staff.get("/admin/").text
        gateway.shop.imports.clear()

        assert "No imports since you signed in" in staff.get("/admin/imports").text

    def test_offers_a_template_with_every_column(self, staff: Visitor):
        response = staff.client.get("/admin/imports/template.csv")

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.text.startswith("sku,name,description,category,unit_price,currency,stock,breaks\r\n")
