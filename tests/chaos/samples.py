"""A sample of every event, and every pair of an event and a subscriber."""

from __future__ import annotations

import types
import typing
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import Any

import msgspec

from shared.base.workloads import WORKLOADS, Kind
from shared.data.events import SUBSCRIBERS, Event
from tools.docs.events import events

EVENTS = {event.name: event for event in events()}


def pairs() -> list[tuple[type[Event], str]]:
    """Return each event with each service that has a handler for it."""
    for each in WORKLOADS:
        if each.kind is Kind.WORKER:
            import_module(f"{each.package}.handlers")
    services = {name: sorted({each.service for each in SUBSCRIBERS[name]}) for name in EVENTS}
    return [(EVENTS[name], service) for name in sorted(EVENTS) for service in services[name]]


def sample(kind: type[Event]) -> Event:
    """Return an event with some value in each field."""
    event: Event = _value(kind)
    return event


def _value(kind: Any) -> Any:
    if typing.get_origin(kind) is list:
        return [_value(typing.get_args(kind)[0])]
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return _value(typing.get_args(kind)[0])
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{each.name: _value(hints[each.name]) for each in fields(kind)})  # type: ignore[operator]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _value(hints[name]) for name in kind.__struct_fields__})
    return {str: "x", int: 1, bool: True}[kind]
