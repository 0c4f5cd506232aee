"""Every event with its fields, publisher, subscribers and an example, from the catalog and the registered handlers."""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

from shared.base.workloads import SERVICES
from shared.data.events import SUBSCRIBERS, Event
from shared.events import catalog

ROOT = Path(__file__).parents[2]
Schema = Mapping[str, Any]


class FieldUndescribed(ValueError):
    """A field of an event has no description, or no example of its value."""


def describe_events() -> str:
    """Return a table of all events and a chapter for each, in the order of the catalog."""
    for service in SERVICES:
        if (ROOT / "services" / service / "handlers.py").exists():
            import_module(f"services.{service}.handlers")
    rows = [f"| [{each.name}](#{_anchor(each.name)}) | {_subscribers(each)} |" for each in events()]
    table = "\n".join(["| event | subscribers and their handlers |", "|---|---|", *rows, "", ""])
    return table + "\n".join(chapter(event) for event in events())


def events() -> list[type[Event]]:
    """Return every event of the catalog."""
    modules = [import_module(f"{catalog.__name__}.{each.name}") for each in pkgutil.iter_modules(catalog.__path__)]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, Event) and each is not Event
    ]


def chapter(event: type[Event]) -> str:
    """Return the heading, fields and example of one event; raise FieldUndescribed when the catalog lacks a text."""
    schema = msgspec.json.schema(event)
    definitions = schema["$defs"]
    root = definitions[event.__name__]
    rows = [f"| `{name}` | {kind} | {text} |" for name, kind, text in _fields("", root, definitions)]
    shown = json.dumps(example_of(event), indent=2, ensure_ascii=False)
    return "\n".join(
        [
            f"## {event.name}",
            "",
            _one_line(root["description"]),
            "",
            "| field | type | meaning |",
            "|---|---|---|",
            *rows,
            "",
            "```json",
            shown,
            "```",
            "",
        ]
    )


def example_of(event: type[Event]) -> dict[str, Any]:
    """Return the fields of an event with the examples of the catalog."""
    definitions = msgspec.json.schema(event)["$defs"]
    fields: dict[str, Any] = _example(definitions[event.__name__], definitions)
    return fields


def _subscribers(event: type[Event]) -> str:
    return ", ".join(sorted(f"{each.service} (`{each.run.__name__}`)" for each in SUBSCRIBERS[event.name]))


def _anchor(heading: str) -> str:
    """Return the anchor that forges give a heading."""
    return heading.replace(".", "")


def _fields(prefix: str, schema: Schema, definitions: Schema) -> Iterator[tuple[str, str, str]]:
    """Yield (name, type, meaning) of each field, at any depth: `quantities[].sku`, `product.name`."""
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        value, nullable = _value(field)
        path = prefix + name
        target = _resolved(value, definitions)
        kind = _type(target) + (" or null" if nullable else "") + ("" if name in required else ", optional")
        yield path, kind, _description(path, field, value)
        items = _resolved(target.get("items", {}), definitions)
        inner, mark = (items, "[].") if "properties" in items else (target, ".")
        if "properties" in inner:
            yield from _fields(path + mark, inner, definitions)


def _value(field: Schema) -> tuple[Schema, bool]:
    """Return the schema of a field's value, and whether the value may be null."""
    kinds = field.get("anyOf", (field,))
    value = next(each for each in kinds if each.get("type") != "null")
    return value, len(kinds) > 1


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    reference = schema.get("$ref") or next((each["$ref"] for each in schema.get("allOf", ())), None)
    resolved: Schema = definitions[reference.removeprefix("#/$defs/")] if reference else schema
    return resolved


def _type(schema: Schema) -> str:
    return "list" if schema["type"] == "array" else str(schema["type"])


def _description(path: str, field: Schema, value: Schema) -> str:
    text = field.get("description") or value.get("description")
    if not text:
        raise FieldUndescribed(f"{path} has no description: see shared/events/catalog/fields.py")
    return _one_line(text)


def _example(schema: Schema, definitions: Schema) -> Any:
    """Return an example of a value: the first named one, or one made of those of its parts."""
    value, _ = _value(schema)
    if value.get("examples"):
        return value["examples"][0]
    target = _resolved(value, definitions)
    if "items" in target:
        return [_example(target["items"], definitions)]
    if "properties" in target:
        return {name: _example(field, definitions) for name, field in target["properties"].items()}
    raise FieldUndescribed(f"A {target.get('type')} ({value.get('description')}) has no example of its value")


def _one_line(text: str) -> str:
    return " ".join(text.split())
