"""The fields of a product are declared once: what derives from them has them all."""

from __future__ import annotations

from typing import get_type_hints

import msgspec

from services.products.catalog.documents import Product
from services.products.catalog.rules import TEXTS, ProductFields
from services.products.catalog.schemas import ProductChanges, ProductInput, ProductSchema
from services.products.rows.rules import COLUMNS
from shared.events.catalog.products import ProductState

NAMES = set(ProductFields.__struct_fields__)


def test_events_and_documents_have_every_field() -> None:
    assert set(ProductState.__struct_fields__) == NAMES
    assert set(Product._fields) >= NAMES


def test_every_text_has_a_limit() -> None:
    assert {name for name, kind in get_type_hints(ProductFields).items() if kind is str} - {"sku"} == set(TEXTS)


def test_every_field_after_the_first_version_has_a_default() -> None:
    required = {field.name for field in msgspec.structs.fields(ProductFields) if field.required}
    assert required == {"sku", "name", "unit_price"}


def test_schemas_have_every_field() -> None:
    assert set(ProductInput().fields) == NAMES
    assert set(ProductChanges().fields) == NAMES - {"sku"}
    assert set(ProductSchema().fields) >= NAMES


def test_imports_have_a_column_for_every_text() -> None:
    assert set(COLUMNS) >= {"sku", *TEXTS}
