"""Imports at the admin portal."""

from __future__ import annotations

import io
from typing import Any

from flask import Flask

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
        assert gateway.sent("POST", "/products/imports")[0].query == {"decimal_mark": None, "dry_run": None}
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

        assert "This is not UTF-8 Nothing was changed." in page.text
        assert page.rows() == []
        assert "Rows read" not in page.text
        assert "Send the file again" not in page.text
        (row,) = staff.get("/admin/imports").rows()
        assert row.endswith("Failed \u2013 \u2013")

    def test_tells_what_was_changed_before_a_file_failed(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        error = {"row": None, "field": "", "detail": "The import failed 10 times.", "kind": "fault"}
        found |= {"status": "failed", "errors": [error], "rows_read": 500, "created": 400}

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "400 products had been changed before." in page.text
        assert "500 Rows read" in page.text

    def test_asks_for_the_decimal_mark_of_a_file_that_was_refused_for_it(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        detail = "Prices such as 1,234 can be read in two ways: choose the decimal mark of the file."
        error = {"row": None, "field": "decimal_mark", "detail": detail, "kind": "fault"}
        found |= {"status": "failed", "errors": [error]}

        page = staff.get(f"/admin/imports/{found['id']}")
        page.submit("/imports", file=(io.BytesIO(b"x"), "again.csv"), decimal_mark="comma")

        assert "can be read in two ways" in page.text
        assert gateway.sent("POST", "/products/imports")[-1].query == {"decimal_mark": "comma", "dry_run": None}

    def test_with_left_out_rows_are_finished_with_errors(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        found |= {"status": "succeeded", "rows_read": 3, "created": 2, "failed": 1}

        assert '<span class="status status-warn">Finished with errors</span>' in staff.get("/admin/imports").source
        page = staff.get(f"/admin/imports/{found['id']}")
        assert '<span class="status status-warn">Finished with errors</span>' in page.source
        found |= {"created": 0, "failed": 3}
        page = staff.get(f"/admin/imports/{found['id']}")
        assert "Every row has an error; nothing was changed." in page.text
        found |= {"rows_read": 0, "failed": 0}
        page = staff.get(f"/admin/imports/{found['id']}")
        assert "no rows below the heading" in page.text

    def test_sends_the_decimal_mark_and_names_how_the_file_was_read(self, staff: Visitor, gateway: FakeGateway):
        form = staff.get("/admin/imports").form("/imports")
        token = form.findall("input")[0].get("value")
        values = {"csrf_token": token, "file": (io.BytesIO(b"x"), "a.csv"), "decimal_mark": "comma"}

        staff.post("/admin/imports", values)

        assert gateway.sent("POST", "/products/imports")[0].query == {"decimal_mark": "comma", "dry_run": None}
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

    def test_lead_to_the_currencies_when_one_was_refused(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        error = {"row": 2, "field": "currency", "detail": "This shop sells in GBP.", "kind": "fault"}
        found |= {"status": "succeeded", "rows_read": 1, "failed": 1, "errors": [error]}

        page = staff.get(f"/admin/imports/{found['id']}")

        assert page.links().count("/admin/currencies") == 2, "the menu and the text"

    def test_asks_for_a_file(self, staff: Visitor):
        page = staff.get("/admin/imports").submit("/imports")

        assert page.status == 422
        assert "Choose a file first" in page.text

    def test_shows_why_the_gateway_refused_it(self, staff: Visitor):
        page = self.upload(staff, b"")

        assert page.status == 422
        assert "The file is empty" in page.text

    def test_lists_those_of_all_people_in_pages(self, staff: Visitor, gateway: FakeGateway):
        assert "No imports yet" in staff.get("/admin/").text
        for number in range(25):
            self.upload(staff, b"x", f"file-{number}.csv")
        next(iter(gateway.shop.imports.values()))["filename"] = "first.csv"

        page = staff.get("/admin/imports")

        assert page.rows()[0].startswith("file-24.csv")
        assert len(page.rows()) == 20
        (older,) = [link for link in page.links() if "cursor=" in link]
        assert staff.get(older).rows()[-1].startswith("first.csv")
        assert [row.split(" ")[0] for row in staff.get("/admin/").rows()][-5:][0] == "file-24.csv"

    def test_are_not_for_a_sales_rep_whose_overview_goes_without(self, admin_app: Flask, gateway: FakeGateway):
        rep = Visitor(admin_app, "/admin")
        rep.arrive_signed_in("rep@tradepost.example")

        page = rep.get("/admin/")

        assert page.status == 200
        assert not [link for link in page.links() if "imports" in link]
        assert rep.get("/admin/imports").status == 403

    def test_shows_how_far_it_is(self, staff: Visitor, gateway: FakeGateway):
        self.upload(staff, b"x")
        found = next(iter(gateway.shop.imports.values()))
        found |= {"status": "running", "rows_read": 1_500, "rows_total": 6_000}

        (bar,) = staff.get(f"/admin/imports/{found['id']}").all("progress")

        assert (bar.get("value"), bar.get("max")) == ("1500", "6000")
        state = staff.client.get(f"/admin/imports/{found['id']}/state").get_json()
        assert (state["rows_read"], state["rows_total"]) == (1_500, 6_000)
        assert "1,500 of 6,000" in staff.get("/admin/imports").text

    def test_offers_a_template_with_every_column(self, staff: Visitor):
        response = staff.client.get("/admin/imports/template.csv")

        assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert response.text.startswith("sku,name,description,category,unit_price,currency,stock,breaks\r\n")


class TestDryRuns:
    def checked(self, staff: Visitor, gateway: FakeGateway, **changes: Any) -> dict[str, Any]:
        token = staff.get("/admin/imports").form("/imports").findall("input")[0].get("value")
        values = {"csrf_token": token, "file": (io.BytesIO(b"x"), "plan.csv"), "part": "check"}
        staff.post("/admin/imports", values)
        found: dict[str, Any] = next(iter(gateway.shop.imports.values()))
        found |= {"status": "succeeded", "rows_read": 3, "created": 1, "updated": 1, "unchanged": 1} | changes
        return found

    def test_show_what_would_change(self, staff: Visitor, gateway: FakeGateway):
        change = {"row": 3, "sku": "NUT", "outcome": "updated"}
        price = {"field": "unit_price", "before": "£2.55", "after": "£2.60"}
        found = self.checked(staff, gateway, changes=[change | {"changes": [price]}])

        page = staff.get(f"/admin/imports/{found['id']}")

        assert gateway.sent("POST", "/products/imports")[0].query["dry_run"] == "true"
        assert "nothing was changed" in page.text
        assert "1 To create" in page.text
        assert page.rows() == ["3 NUT unit_price : £2.55 \u2192 £2.60"]
        assert "and 1 more product" in page.text
        assert "dry run" in staff.get("/admin/imports").rows()[0]

    def test_with_nothing_but_errors_are_not_carried_out(self, staff: Visitor, gateway: FakeGateway):
        found = self.checked(staff, gateway, created=0, updated=0, unchanged=0, failed=3)

        page = staff.get(f"/admin/imports/{found['id']}")

        assert "Every row has an error" in page.text
        assert "Import this file now" not in page.text

    def test_are_carried_out_by_a_button(self, staff: Visitor, gateway: FakeGateway):
        found = self.checked(staff, gateway)

        page = staff.get(f"/admin/imports/{found['id']}").submit("/execution").confirm()

        assert page.heading() == "plan.csv"
        assert "has begun" in page.text
        assert [one["is_dry_run"] for one in gateway.shop.imports.values()] == [True, False]
        assert not [form for form in page.all("form") if form.get("action", "").endswith("/execution")]
