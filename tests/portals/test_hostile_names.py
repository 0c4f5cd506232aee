"""Names from files and forms are text, whatever they contain."""

from __future__ import annotations

import pytest

from tests.portals.fake_gateway import FakeGateway
from tests.portals.fake_shapes import BUYER
from tests.portals.pages import Page, Visitor

CORPUS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus='alert(1)",
    "</title><svg/onload=alert(1)>",
    "javascript:alert(1)//",
    "{{ 7 * 7 }}{% raw %}",
    "<!-- --><style>*{display:none}</style>",
    "&lt;b&gt; &amp; &quot;",
    "\u202egnp.exe \u0000-free",
]


def assert_harmless(page: Page, hostile: str) -> None:
    """The page checker refuses foreign scripts, handlers and styles; here: the text is shown as it is."""
    assert page.status == 200
    assert " ".join(hostile.split()) in " ".join(page.source_text().split())


@pytest.mark.parametrize("hostile", [text.replace("\u0000", "") for text in CORPUS])
class TestHostileNames:
    def test_in_a_product(self, buyer: Visitor, staff: Visitor, gateway: FakeGateway, hostile: str):
        changes = {"name": hostile, "description": hostile, "category": hostile}
        gateway.shop.add_product("BOLT-M8", **changes)
        gateway.shop.fill_cart(BOLT_M8=1)
        order = gateway.shop.book.add(("BOLT-M8", 1), reference=hostile, po_number=hostile)

        for path in ("/catalog", "/products/BOLT-M8", "/cart", "/checkout", f"/orders/{order['id']}"):
            assert_harmless(buyer.get(path), hostile)
        for path in ("/admin/products", f"/admin/orders/{order['id']}"):
            assert_harmless(staff.get(path), hostile)

    def test_in_a_company_and_a_person(self, visitor: Visitor, staff: Visitor, gateway: FakeGateway, hostile: str):
        gateway.shop.add_company("com_hostile", hostile, "REF")
        company = {"id": "com_hostile", "name": hostile}
        gateway.shop.users["buyer@acme.example"] = BUYER | {"company": company, "name": hostile}

        assert_harmless(visitor.sign_in("buyer@acme.example"), hostile)
        assert_harmless(staff.get("/admin/companies"), hostile)

    def test_in_what_is_searched(self, buyer: Visitor, hostile: str):
        page = buyer.get("/catalog", query={"q": hostile})

        assert page.status == 200
        assert page.form("/catalog") is not None

    def test_in_an_import(self, staff: Visitor, gateway: FakeGateway, hostile: str):
        errors = [{"row": 2, "kind": "fault", "field": hostile, "detail": hostile}]
        gateway.shop.add_import("imp_1", hostile, status="succeeded", rows_read=1, failed=1, errors=errors)

        assert_harmless(staff.get("/admin/imports/imp_1"), hostile)
