"""Compares two JSON Schemas of an event: which changes a subscriber of the version before cannot read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def breaking_changes(before: Schema, now: Schema) -> list[str]:
    """
    Return what breaks a reader of `before`, one line per field, empty when nothing does.

    A field, at any depth, may be added when it is optional. A field that is removed (renamed is removed and added),
    of another type, newly optional or newly required is a break: events of both versions are under way at once.
    """
    return list(_changes("", before, now, before.get("$defs", {}), now.get("$defs", {})))


def _changes(path: str, before: Schema, now: Schema, known: Schema, new: Schema) -> Iterator[str]:
    before, now = _resolved(before, known), _resolved(now, new)
    if _shape(before, known) != _shape(now, new):
        yield f"{path or '(event)'}: {_shape(before, known)} became {_shape(now, new)}"
        return
    yield from _field_changes(path, before, now, known, new)
    if "items" in before or "items" in now:
        yield from _changes(f"{path}[]", before.get("items", {}), now.get("items", {}), known, new)
    for one, other in zip(_sorted_kinds(before, known), _sorted_kinds(now, new), strict=True):
        yield from _changes(path, one, other, known, new)


def _field_changes(path: str, before: Schema, now: Schema, known: Schema, new: Schema) -> Iterator[str]:
    fields, present = before.get("properties", {}), now.get("properties", {})
    needed, needs = set(before.get("required", ())), set(now.get("required", ()))
    for name, schema in fields.items():
        where = f"{path}.{name}".lstrip(".")
        if name not in present:
            yield f"{where}: removed"
            continue
        if (name in needed) != (name in needs):
            yield f"{where}: became {'required' if name in needs else 'optional'}"
        yield from _changes(where, schema, present[name], known, new)
    yield from (f"{path}.{name}: added as required".lstrip(".") for name in sorted(needs - fields.keys()))
    if "additionalProperties" in before or "additionalProperties" in now:
        one, other = (each.get("additionalProperties", {}) for each in (before, now))
        yield from _changes(f"{path}.*", one or {}, other or {}, known, new)


def _shape(schema: Schema, definitions: Schema) -> str:
    """Return a schema's own type in one line, without what is inside of it: `integer`, `null or string`, `array`."""
    kinds = schema.get("anyOf")
    if kinds is not None:
        return " or ".join(sorted(_shape(_resolved(each, definitions), definitions) for each in kinds))
    limits = {name: schema[name] for name in ("enum", "const", "format", "contentEncoding") if name in schema}
    return f"{schema.get('type', 'any')}{' ' + str(limits) if limits else ''}"


def _sorted_kinds(schema: Schema, definitions: Schema) -> list[Schema]:
    kinds = [_resolved(each, definitions) for each in schema.get("anyOf", ())]
    return sorted(kinds, key=lambda each: _shape(each, definitions))


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref")
    resolved: Schema = definitions[reference.removeprefix("#/$defs/")] if reference else schema
    return resolved
