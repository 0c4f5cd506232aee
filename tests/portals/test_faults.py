"""All faults of a form at once: in a summary that leads to the fields, and at the fields."""

from __future__ import annotations

import pytest
from flask import Flask, render_template_string
from werkzeug.datastructures import MultiDict
from wtforms.validators import DataRequired

from shared.portal.faults import field_id
from shared.portal.forms import PortalForm, TextField, UnitsField
from tests.portals.fake_gateway import FakeGateway, refused
from tests.portals.pages import Page, Visitor


class RowsForm(PortalForm):
    """A form whose second row is the request's first line."""

    name = TextField(validators=[DataRequired("Enter the name.")])
    units = UnitsField()

    def pointers(self) -> dict[str, str]:
        return {"name": "name", "line_items/0": "units"}


def summary_of(page: Page) -> list[tuple[str, str]]:
    """Return the address and the text of each line of the summary; "" for a fault of no field."""
    (summary,) = [each for each in page.tree.iter() if each.get("id") == "error-summary"]
    return [
        (next((link.get("href", "") for link in line.iter("a")), ""), "".join(line.itertext()))
        for line in summary.iter("li")
    ]


class TestFieldIds:
    def test_stay_apart_and_can_be_linked_to(self):
        names = [f"quantity-A{between}B" for between in (" ", ".20.", ".20", "#", "\u2013", "-", "")]

        ids = [field_id(name) for name in names]

        assert len(set(ids)) == len(names)
        assert all(character.isascii() and character not in " #%\"'" for each in ids for character in each)


class TestRefusals:
    @pytest.mark.parametrize(
        ("pointer", "name"),
        [
            ("/name", "name"),
            ("/line_items/0/quantity", "units"),
            ("/line_items/0", "units"),
            ("/line_items/1/quantity", ""),
            ("/line_items", ""),
            ("/nameless", ""),
            ("", ""),
        ],
    )
    def test_belong_to_the_field_that_their_pointer_means(self, pointer: str, name: str):
        form = RowsForm(MultiDict())

        refusal = refused(422, "invalid-input", errors=[{"pointer": pointer, "detail": "Too long"}])

        assert form.refused(refusal) == {name: "Too long."}

    def test_keep_every_detail_of_a_field(self):
        errors = [{"pointer": "/name", "detail": text} for text in ("Too long.", "No digits", "Too long.")]

        assert RowsForm(MultiDict()).refused(refused(422, "invalid-input", errors=errors)) == {
            "name": "Too long. No digits."
        }

    def test_without_a_pointer_belong_to_the_form(self):
        refusal = refused(409, "version-conflict", detail="It changed meanwhile")

        assert RowsForm(MultiDict()).refused(refusal) == {"": "It changed meanwhile."}
        assert RowsForm(MultiDict()).refused(refusal, whole="name") == {"name": "It changed meanwhile."}

    def test_that_no_input_corrects_are_raised(self):
        refusal = refused(403, "forbidden")

        with pytest.raises(type(refusal)):
            RowsForm(MultiDict()).refused(refusal)


class TestSummary:
    @pytest.mark.parametrize(
        ("path", "action", "typed", "names"),
        [
            ("/products/new", "/products/new", {"unit_price": "x", "price_breaks": "1"}, ["sku", "name", "unit_price"]),
            ("/companies", "/companies", {"name": " "}, ["name"]),
            ("/people", "/people", {}, ["email", "name"]),
            ("/people", "/people", {"email": "\u00fc-x@acme.example"}, ["email", "name"]),
            ("/currencies", "/currencies", {"codes": "ABC"}, ["codes"]),
            ("/imports", "/imports", {}, ["file"]),
        ],
    )
    def test_has_all_faults_at_once(
        self, staff: Visitor, path: str, action: str, typed: dict[str, str], names: list[str]
    ):
        page = staff.get(f"/admin{path}").submit(action, **typed)

        assert page.status == 422
        assert "There is a problem" in page.text
        assert {f"#field-{name}" for name in names} <= {address for address, _ in summary_of(page)}

    def test_leads_to_the_rows_of_an_order(self, staff: Visitor, gateway: FakeGateway):
        gateway.shop.add_product("BOLT-M8")
        gateway.shop.add_product("NUT-M8")
        order = gateway.shop.book.add(("BOLT-M8", 10), ("NUT-M8", 4))
        page = staff.get(f"/admin/orders/{order['id']}").submit("/shipments", **{"ship-1": "1,5", "ship-2": "-1"})
        assert [address for address, _ in summary_of(page)] == ["#field-ship-1", "#field-ship-2"]

        errors = [{"pointer": "/line_items/0/quantity", "detail": "Only 3 are left"}]
        gateway.fail_next(f"/orders/{order['id']}/shipments", refused(422, "invalid-input", errors=errors))
        page = page.submit("/shipments", **{"ship-1": "", "ship-2": "4"}).confirm()
        assert summary_of(page) == [("#field-ship-2", "NUT-M8: Only 3 are left.")]

    def test_has_what_is_wrong_with_no_field(self, staff: Visitor, gateway: FakeGateway):
        page = staff.get("/admin/companies")
        gateway.fail_next("/companies", refused(422, "invalid-input", errors=[{"pointer": "/other", "detail": "Odd"}]))

        page = page.submit("/companies", name="Initech")

        assert summary_of(page) == [("", "Odd.")]

    @pytest.mark.parametrize("typed", [{}, {"email": "buyer@acme.example"}, {"password": "x"}])
    def test_of_the_sign_in_names_what_is_empty(self, visitor: Visitor, gateway: FakeGateway, typed: dict[str, str]):
        page = visitor.get("/sign-in").submit("/sign-in", **typed)

        assert page.status == 422
        assert [address for address, _ in summary_of(page)] == [
            f"#field-{name}" for name in ("email", "password") if name not in typed
        ]
        assert not gateway.sent("POST", "/auth/login")

    def test_of_the_sign_in_does_not_tell_which_of_the_two_is_wrong(self, visitor: Visitor):
        page = visitor.get("/sign-in").submit("/sign-in", email="buyer@acme.example", password="x")

        assert summary_of(page) == [("", "That e-mail address and password do not belong together.")]

    def test_escapes_what_was_typed(self, admin_app: Flask):
        source = '{% from "components/errors.html" import error_summary %}{{ error_summary({"a b": "<b>no</b>"}) }}'
        with admin_app.test_request_context():
            shown = render_template_string(source)

        assert '<a href="#field-a.20.b">&lt;b&gt;no&lt;/b&gt;</a>' in shown
