"""Response bodies by functions that are compiled once from the declared fields of a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol, runtime_checkable

from marshmallow import Schema, fields

Read = Callable[[Any], Any]


@runtime_checkable
class EncodedField(Protocol):
    """A field that says itself how a value is written."""

    def encode(self, value: Any) -> Any: ...


_compiled: dict[type[Schema], Read] = {}


def compiled(schema: type[Schema]) -> Read:
    """Return the function from one document to the response body of `schema`."""
    if schema not in _compiled:
        _compiled[schema] = _compile(schema)
    return _compiled[schema]


def _compile(schema: type[Schema]) -> Read:
    steps = [
        (field.data_key or name, field.attribute or name, _encoder(field))
        for name, field in schema().fields.items()
        if not field.load_only
    ]

    def mapper(source: Any) -> dict[str, Any]:
        is_mapping = isinstance(source, Mapping)
        result = {}
        for key, attribute, encode in steps:
            value = source.get(attribute) if is_mapping else getattr(source, attribute, None)
            result[key] = encode(value) if encode is not None and value is not None else value
        return result

    return mapper


def _encoder(field: fields.Field[Any]) -> Read | None:
    """Return the function that encodes a value of this field; None if the value is written unchanged."""
    if isinstance(field, fields.Nested):
        nested = compiled(type(field.schema))
        return (lambda values: [nested(each) for each in values]) if field.many else nested
    if isinstance(field, fields.List):
        inner = _encoder(field.inner)
        return list if inner is None else (lambda values: [inner(each) for each in values])
    if isinstance(field, fields.DateTime):
        return _timestamp
    if isinstance(field, fields.Date):
        return lambda value: value.isoformat()[:10] if isinstance(value, date) else str(value)
    if isinstance(field, EncodedField):
        return field.encode
    return str if isinstance(field, fields.String) else None


def _timestamp(value: datetime | str) -> str:
    if isinstance(value, str):
        return value
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
