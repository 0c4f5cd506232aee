"""The comparison of event schemas finds each kind of change that breaks a subscriber, at any depth."""

from __future__ import annotations

from dataclasses import make_dataclass
from typing import Any

import msgspec
import pytest

from shared.data.events import Event
from tests.architecture.event_schemas import breaking_changes

LINE: dict[str, Any] = {"sku": str, "quantity": int}
PRODUCT: dict[str, Any] = {"name": str, "steps": int, "note": str | None}


def schema(*, line: dict[str, Any] = LINE, product: dict[str, Any] = PRODUCT, **fields: Any) -> dict[str, Any]:
    """Return the JSON Schema of an event with a list of lines, a product, a map and the `fields`."""
    standard = {
        "order_id": str,
        "po_number": str | None,
        "lines": list[msgspec.defstruct("Line", _given(line))],  # type: ignore[misc]
        "product": msgspec.defstruct("Product", _given(product)),
        "counts": dict[str, int],
    }
    present = {name: kind for name, kind in {**standard, **fields}.items() if kind is not None}
    event = make_dataclass("Toy", _given(present), bases=(Event,), frozen=True, kw_only=True)
    return msgspec.json.schema(event)


def _given(kinds: dict[str, Any]) -> list[Any]:
    """Return fields for a class: a tuple (type, default) is an optional field."""
    return [(name, *kind) if isinstance(kind, tuple) else (name, kind) for name, kind in kinds.items()]


def without(kinds: dict[str, Any], name: str) -> dict[str, Any]:
    return {known: kind for known, kind in kinds.items() if known != name}


class TestAllowedChanges:
    def test_none(self) -> None:
        assert breaking_changes(schema(), schema()) == []

    @pytest.mark.parametrize(
        "changed",
        [
            {"reference": (str | None, None)},
            {"line": {**LINE, "unit": (str, "each")}},
            {"product": {**PRODUCT, "manufacturer_part_number": (str | None, None)}},
        ],
        ids=["in_the_event", "in_a_list", "in_a_nested_value"],
    )
    def test_an_optional_field_is_added(self, changed: dict[str, Any]) -> None:
        assert breaking_changes(schema(), schema(**changed)) == []

    def test_a_nested_type_is_renamed(self) -> None:
        """The class has no name on the wire."""
        renamed = schema(product=PRODUCT)
        renamed["$defs"]["Other"] = renamed["$defs"].pop("Product")
        renamed["$defs"]["Toy"]["properties"]["product"]["$ref"] = "#/$defs/Other"
        assert breaking_changes(schema(), renamed) == []


class TestBreakingChanges:
    @pytest.mark.parametrize(
        ("changed", "found"),
        [
            ({"order_id": None}, ["order_id: removed"]),
            ({"order_id": None, "order": str}, ["order_id: removed", "order: added as required"]),
            ({"order_id": int}, ["order_id: string became integer"]),
            ({"order_id": str | None}, ["order_id: string became null or string"]),
            ({"order_id": (str, "")}, ["order_id: became optional"]),
            ({"po_number": str}, ["po_number: null or string became string"]),
            ({"reference": str}, ["reference: added as required"]),
            ({"lines": dict[str, int]}, ["lines: array became object"]),
            ({"lines": list[str]}, ["lines[]: object became string"]),
            ({"counts": dict[str, str]}, ["counts.*: integer became string"]),
        ],
    )
    def test_are_found_in_the_event(self, changed: dict[str, Any], found: list[str]) -> None:
        assert breaking_changes(schema(), schema(**changed)) == found

    @pytest.mark.parametrize(
        ("line", "found"),
        [
            (without(LINE, "quantity"), ["lines[].quantity: removed"]),
            ({"sku": str, "units": int}, ["lines[].quantity: removed", "lines[].units: added as required"]),
            ({**LINE, "quantity": str}, ["lines[].quantity: integer became string"]),
            ({**LINE, "unit": str}, ["lines[].unit: added as required"]),
            ({**LINE, "quantity": (int, 1)}, ["lines[].quantity: became optional"]),
        ],
    )
    def test_are_found_in_a_list(self, line: dict[str, Any], found: list[str]) -> None:
        assert breaking_changes(schema(), schema(line=line)) == found

    @pytest.mark.parametrize(
        ("product", "found"),
        [
            (without(PRODUCT, "note"), ["product.note: removed"]),
            ({**PRODUCT, "name": bytes}, ["product.name: string became string {'contentEncoding': 'base64'}"]),
            ({**PRODUCT, "note": int | None}, ["product.note: null or string became integer or null"]),
            ({**PRODUCT, "brand": str}, ["product.brand: added as required"]),
        ],
    )
    def test_are_found_in_a_nested_value(self, product: dict[str, Any], found: list[str]) -> None:
        assert breaking_changes(schema(), schema(product=product)) == found

    def test_are_found_behind_a_value_that_may_be_null(self) -> None:
        before, now = (schema(buyer=msgspec.defstruct("Buyer", [("name", kind)]) | None) for kind in (str, int))
        assert breaking_changes(before, now) == ["buyer.name: string became integer"]

    def test_are_found_when_an_optional_field_becomes_required(self) -> None:
        assert breaking_changes(schema(note=(str, "")), schema(note=str)) == ["note: became required"]
