"""What client generators need of the published document, beside what linters check."""

from __future__ import annotations

from tests.openapi import published_api


def test_no_field_of_a_request_has_a_default():
    """openapi-typescript makes a field with a default one that its caller must give."""
    schemas = published_api().document["components"]["schemas"]
    assert [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, facts in schema.get("properties", {}).items()
        if "default" in facts
    ] == []


def test_no_schema_is_named_as_one_of_its_own_fields():
    """openapi-python-client reads an answer into a variable of the schema's name, and its fields into theirs."""
    schemas = published_api().document["components"]["schemas"]
    assert [name for name, schema in schemas.items() if name.lower() in schema.get("properties", {})] == []
