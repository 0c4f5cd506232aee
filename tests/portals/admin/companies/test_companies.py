"""Companies at the admin portal."""

from __future__ import annotations

from tests.portals.fake_gateway import FakeGateway
from tests.portals.pages import Visitor


class TestCompanies:
    def test_adds_one(self, staff: Visitor, gateway: FakeGateway):
        page = staff.get("/admin/companies").submit("/companies", name="Initech Stores", reference="C-9")

        assert "Initech Stores is added" in page.text
        assert any("Initech Stores" in row for row in page.rows())

    def test_tells_of_a_reference_that_is_known(self, staff: Visitor):
        page = staff.get("/admin/companies").submit("/companies", name="Another", reference="C-1001")

        assert "belongs to Acme Trading already; nothing was added" in page.text

    def test_asks_for_a_name(self, staff: Visitor):
        page = staff.get("/admin/companies").submit("/companies", name=" ", reference="C-9")

        assert page.status == 422
        assert "Enter the company's name" in page.text
        assert 'value="C-9"' in page.source

    def test_finds_by_reference(self, staff: Visitor, gateway: FakeGateway):
        gateway.shop.add_company("com_globex", "Globex Retail", "C-2")

        assert len(staff.get("/admin/companies?q=C-2").rows()) == 1
        assert "No companies found" in staff.get("/admin/companies?q=C-3").text
