"""What a request may not contain: query parameters and form fields that are not declared, and keys given twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson
from flask import Flask, current_app, request
from marshmallow import Schema, ValidationError, fields

from shared.base.errors import BadRequest, FieldError, InvalidInput
from shared.observe.redaction import redact_text

QUERY_ATTRIBUTE = "__query__"
UNKNOWN = "Unknown field."
REPEATED = "Give this once."


def declare_query(route: Callable[..., Any], schema: Schema) -> None:
    """Note on a route the query parameters it takes, and which of them may be repeated; `wraps` keeps the note."""
    own = {field.data_key or name: isinstance(field, fields.List) for name, field in schema.fields.items()}
    setattr(route, QUERY_ATTRIBUTE, getattr(route, QUERY_ATTRIBUTE, {}) | own)


def register_strict_queries(app: Flask) -> None:
    """Refuse, before a route runs, query parameters that it does not declare, or repeated ones that take one value."""

    @app.before_request
    def require_declared_query() -> None:
        if request.query_string and request.url_rule is not None:
            declared = declared_query(current_app.view_functions[request.endpoint or ""], request.method)
            faults = faults_of_names(request.args.lists(), declared)
            if faults:
                raise InvalidInput(errors=faults, location="query")


def declared_query(view: Any, method: str) -> Mapping[str, bool]:
    """Return the query parameters that a view function declares for a method, and whether each may be repeated."""
    name = "get" if method == "HEAD" else method.lower()
    route = getattr(view.view_class, name, None) if hasattr(view, "view_class") else view
    declared: Mapping[str, bool] = getattr(route, QUERY_ATTRIBUTE, {})
    return declared


def faults_of_names(given: Iterable[tuple[str, list[Any]]], declared: Mapping[str, bool]) -> list[FieldError]:
    """Return an error for each name that is not declared, or that has more values than it takes."""
    faults = []
    for name, values in given:
        if name not in declared:
            known = f" Known: {', '.join(sorted(declared))}." if declared else " None is taken here."
            faults.append(FieldError(f"/{pointer_step(name)}", UNKNOWN + known))
        elif len(values) > 1 and not declared[name]:
            faults.append(FieldError(f"/{pointer_step(name)}", REPEATED))
    return faults


def require_declared_parts(files: Any, form: Any, schema: Schema) -> None:
    """Raise ValidationError for parts of a multipart body besides the files that `schema` declares, each once."""
    wrong = {name: [REPEATED] for name, values in files.lists() if len(values) > 1}
    wrong |= {name: [UNKNOWN] for name in (*form, *files) if name in form or name not in schema.fields}
    if wrong:
        missing = {name for name, field in schema.fields.items() if field.required} - wrong.keys() - set(files)
        raise ValidationError(wrong | {name: [schema.fields[name].error_messages["required"]] for name in missing})


def pointer_step(name: str) -> str:
    """Return a name as a step of a JSON pointer; an unknown name is the caller's and may hold what is not logged."""
    return redact_text(name).replace("~", "~0").replace("/", "~1")


def require_unrepeated_keys(body: bytes, value: Any) -> None:
    """
    Raise BadRequest when an object in a JSON body has a key twice; `value` is the body as orjson reads it.

    orjson keeps the last of equal keys. Written again, `value` then has fewer colons than the body: a key has one
    after it, and none can be hidden but by an escape, `\\u003a`. Only such bodies are read again, slowly.
    """
    if b"\\u003" not in body and _written(value).count(b":") == body.count(b":"):
        return
    for pointer, key in _repeated(_read_pairs(body)):
        detail = f"The key {redact_text(key)!r} is given twice."
        raise BadRequest(detail, errors=[FieldError(pointer, "Give each key of an object once.")])


def _written(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # deeper than orjson writes
        return b""


class _Repeating(dict[str, Any]):
    """An object of a JSON body that has the key `repeated` twice."""

    repeated = ""


def _read_pairs(body: bytes) -> Any:
    try:
        return json.loads(body, object_pairs_hook=_object)
    except RecursionError as deep:
        raise BadRequest("The body is nested too deeply.") from deep


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = _Repeating()
    for key, value in pairs:
        if key in found:
            found.repeated = found.repeated or key
        found.setdefault(key, value)
    return found


def _repeated(value: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """Return the pointers to keys that are given twice, outermost first, and the keys."""
    if isinstance(value, _Repeating) and value.repeated:
        yield f"{pointer}/{pointer_step(value.repeated)}", value.repeated
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from _repeated(member, f"{pointer}/{pointer_step(str(name))}")
