"""No text that a request may bring is stored with a card number in it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

import pytest
from marshmallow import ValidationError, fields, validate

import services
from shared.web.lists import PageArgs
from shared.web.schemas import InputSchema, Sku

CARD = "4111 1111 1111 1111"


def _bodies(base: type[InputSchema] = InputSchema) -> Iterator[type[InputSchema]]:
    """Yield the schemas of all request bodies; the arguments of queries are not stored."""
    for schema in base.__subclasses__():
        if not issubclass(schema, PageArgs) and not schema.__name__.endswith("Query"):
            yield schema
            yield from _bodies(schema)


def _texts() -> list[tuple[str, fields.String]]:
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if module.name.endswith(".schemas"):
            import_module(module.name)
    return [
        (f"{schema.__name__}.{name}", field)
        for schema in sorted(set(_bodies()), key=lambda each: each.__name__)
        for name, field in schema().fields.items()
        if isinstance(field, fields.String) and not isinstance(field, Sku) and not _is_closed(field)
    ]


def _is_closed(field: fields.String) -> bool:
    """Return whether a field takes some words only, or a secret that is stored as a hash."""
    return field.load_only or any(isinstance(check, validate.OneOf) for check in field.validators)


def test_there_are_texts() -> None:
    names = {name for name, _ in _texts()}

    assert {"PlaceOrderInput.po_number", "PaymentInput.token", "ProductInput.description"} <= names


@pytest.mark.parametrize(("name", "field"), _texts(), ids=lambda value: value if isinstance(value, str) else "")
def test_refuses_a_card_number(name: str, field: fields.String) -> None:
    with pytest.raises(ValidationError, match="card number"):
        field.deserialize(CARD)
