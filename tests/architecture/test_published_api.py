"""The check of fakes finds an answer that the services would not give."""

from __future__ import annotations

from typing import Any

import pytest
from openapi_spec_validator import validate

from tests.openapi import published_api

NOW = "2026-11-24T09:30:00Z"
COMPANY = {"id": "cmp_1", "name": "Acme", "reference": None, "created_at": NOW, "updated_at": NOW}
INVENTORY = {"sku": "BOLT", "is_stocked": True, "on_hand": 5, "reserved": 1, "available": 4, "updated_at": NOW}


class TestDocument:
    def test_is_valid_openapi_and_documents_every_route(self) -> None:
        document = published_api().document
        validate(document)
        assert "x-undocumented" not in document

    def test_has_the_shape_of_money(self) -> None:
        schemas = published_api().document["components"]["schemas"]
        assert schemas["Order"]["properties"]["total"] == {"$ref": "#/components/schemas/Money"}
        assert schemas["OrderLine"]["properties"]["unit_price"] == {"$ref": "#/components/schemas/UnitPrice"}
        assert schemas["Money"]["properties"]["amount"]["type"] == "integer"
        assert schemas["UnitPrice"]["properties"]["amount"]["type"] == "string"

    def test_says_what_of_an_order_only_staff_read(self) -> None:
        schemas = published_api().document["components"]["schemas"]
        assert schemas["Order"]["properties"]["settlement_note"]["description"] == "Shown to staff only."
        assert "buyers always read `refused`" in schemas["Failure"]["properties"]["reason"]["description"]


class TestAnswers:
    def test_of_the_published_shape_pass(self) -> None:
        assert published_api().faults("GET", "/companies/cmp_1", 200, COMPANY) == []
        assert published_api().faults("GET", "/inventory/BOLT%2FM8", 200, INVENTORY) == []
        assert published_api().faults("POST", "/auth/logout", 204, None) == []

    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"reserved": "1"}, '$.reserved "1" is not of type "integer"'),
            ({"location": "main"}, "'location' was unexpected"),
            ({"sku": None}, '$.sku null is not of type "string"'),
        ],
    )
    def test_of_another_shape_are_found(self, changes: dict[str, Any], fault: str) -> None:
        (found,) = published_api().faults("GET", "/inventory/BOLT", 200, INVENTORY | changes)
        assert fault in found

    def test_without_a_published_field_are_found(self) -> None:
        body = {name: value for name, value in INVENTORY.items() if name != "on_hand"}
        (found,) = published_api().faults("GET", "/inventory/BOLT", 200, body)
        assert '"on_hand" is a required property' in found

    def test_with_money_of_another_shape_are_found(self) -> None:
        total = {"amount": "2.50", "currency": "GBP"}
        cart: dict[str, Any] = {"line_items": [], "total": total, "problem": None, "updated_at": None}
        (found,) = published_api().faults("GET", "/cart", 200, cart)
        assert "$.total" in found

    def test_with_another_status_or_address_are_found(self) -> None:
        (found,) = published_api().faults("POST", "/companies", 202, COMPANY)
        assert found == "POST /companies 202: the status 202 is not documented"
        assert published_api().faults("GET", "/company", 200, COMPANY) == ["GET /company is not published"]


class TestProblems:
    def test_of_a_known_type_and_status_pass(self) -> None:
        assert published_api().problem_faults(409, "/problems/sku-taken") == []

    def test_of_an_unknown_type_or_another_status_are_found(self) -> None:
        assert published_api().problem_faults(409, "/problems/sku-exists") != []
        assert published_api().problem_faults(404, "/problems/sku-taken") != []
