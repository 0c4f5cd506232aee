"""The OpenAPI document of a service: flask-smorest's, with our components, problems and headers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from flask_smorest import Api, Blueprint
from flask_smorest.spec.plugins import FlaskPlugin
from marshmallow import Schema, fields

from shared.base.errors import BadRequest, CursorInvalid, InvalidInput, NotFound, Problem, UnsupportedMediaType
from shared.web import components
from shared.web.arrivals import BodyTooLarge
from shared.web.converters import SkuConverter
from shared.web.documented import PART, document
from shared.web.lists import PageArgs
from shared.web.schemas import InputSchema, MoneyField, OutputSchema, UnitPriceField

Route = TypeVar("Route", bound=Callable[..., Any])
Json = dict[str, Any]

_OF_BODY = (BadRequest, BodyTooLarge, UnsupportedMediaType, InvalidInput)
_LOCATIONS: Mapping[str, tuple[type[Problem], ...]] = {"json": _OF_BODY, "files": _OF_BODY, "query": (InvalidInput,)}


class DocumentedBlueprint(Blueprint):
    """A blueprint whose routes document what their decorators do."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._prepare_doc_cbks.append(_prepare_part)

    def arguments(self, schema: Any, *, location: str = "json", **options: Any) -> Callable[[Route], Route]:
        """Decode and validate a part of the request, and document it with the problems it may have."""
        problems = list(_LOCATIONS[location])
        if isinstance(schema, type) and issubclass(schema, PageArgs):
            problems.append(CursorInvalid)
        decorate = super().arguments(schema, location=location, **options)
        return lambda route: document(decorate(route), problems=problems)

    def operation(self, operation_id: str, *problems: type[Problem]) -> Callable[[Route], Route]:
        """Name the operation in generated clients, and list the problems that no decorator of the route lists."""
        name = self.doc(operationId=operation_id)
        return lambda route: document(name(route), problems=problems)


class DocumentedApi(Api):
    """flask-smorest's API object with our components and without its own error schema."""

    DEFAULT_ERROR_RESPONSE_NAME = ""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, spec_kwargs={"flask_plugin": _Paths(), "marshmallow_plugin": _Schemas()})
        self.register_converter(SkuConverter, _sku_in_path)
        for name, schema in components.SCHEMAS.items():
            self.spec.components.schema(name, schema)
        for name, header in components.HEADERS.items():
            self.spec.components.header(name, header)

    def _register_responses(self) -> None:
        """Register nothing: every operation lists its own."""

    def _register_error_handlers(self) -> None:
        """Register nothing: `shared.web.problems` renders the errors."""


class _Converter(OpenAPIConverter):
    """Documents schemas with their docstrings, and answers as they are: whole, and open for further members."""

    def schema2jsonschema(self, schema: Any) -> Json:
        found: Json = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        kind = schema if isinstance(schema, type) else type(schema)
        if text := kind.__dict__.get("__doc__"):
            found = {"description": inspect.cleandoc(text), **found}
        if issubclass(kind, OutputSchema):
            found["required"] = sorted(found["properties"])
            found.pop("additionalProperties", None)
        else:
            # openapi-typescript would demand each field that has a default from its caller.
            for each in found["properties"].values():
                each.pop("default", None)
        return found

    def field2property(self, field: fields.Field[Any]) -> Json:
        if isinstance(field, MoneyField | UnitPriceField):
            return _reference(_money_name(field), field)
        return super().field2property(field)

    def _field2parameter(self, field: fields.Field[Any], *, name: str, location: str) -> Json:
        """Return a parameter without `null`, which no query can hold."""
        parameter: Json = super()._field2parameter(field, name=name, location=location)
        schema = parameter["schema"]
        if isinstance(schema.get("type"), list):
            (schema["type"],) = [each for each in schema["type"] if each != "null"]
        if "enum" in schema:
            schema["enum"] = [each for each in schema["enum"] if each is not None]
        if schema.get("default", "") is None:
            del schema["default"]
        return parameter


class _Schemas(MarshmallowPlugin):
    Converter = _Converter


def _money_name(field: MoneyField | UnitPriceField) -> str:
    if isinstance(field, MoneyField):
        return "Money"
    return "UnitPriceInput" if isinstance(_top(field), InputSchema) else "UnitPrice"


def _top(field: fields.Field[Any]) -> Schema | None:
    """Return the schema of a field, also of one inside a list."""
    parent = field.parent
    while isinstance(parent, fields.Field):
        parent = parent.parent
    return parent if isinstance(parent, Schema) else None


def _reference(name: str, field: fields.Field[Any]) -> Json:
    reference: Json = {"$ref": f"#/components/schemas/{name}"}
    described = {key: field.metadata[key] for key in ("description",) if key in field.metadata}
    if not field.allow_none:
        return reference | described
    return {"anyOf": [reference, {"type": "null"}]} | described


def _prepare_part(doc: Json, doc_info: Json, **_: Any) -> Json:
    """Hand what the decorators documented to `_Paths`, which knows the path as well."""
    return doc | {PART: doc_info.get(PART, {"problems": [], "parameters": [], "headers": []})}


class _Paths(FlaskPlugin):
    """Completes the operations of a path: its parameters, and the problems under their status."""

    def path_helper(self, rule: Any, operations: Json, parameters: list[Json], **options: Any) -> str:
        path: str = super().path_helper(rule, operations, parameters, **options)
        for each in parameters:
            each.setdefault("description", _described(each["name"]))
        for operation in operations.values():
            _complete(operation, (InvalidInput, NotFound) if parameters else (InvalidInput,))
        return path


def _complete(operation: Json, problems: tuple[type[Problem], ...]) -> None:
    part = operation.pop(PART)
    responses = {
        str(status): dict(response)
        for status, response in operation.get("responses", {}).items()
        if isinstance(response, Mapping)
    }
    for response in responses.values():
        _add_headers(response, part["headers"])
    for status, listed in components.by_status([*part["problems"], *problems]).items():
        responses[str(status)] = components.problem_response(listed)
    operation["responses"] = dict(sorted(responses.items())) | {"default": components.DEFAULT_RESPONSE}
    if part["parameters"]:
        operation["parameters"] = [*part["parameters"], *operation.get("parameters", [])]


def _add_headers(response: Json, optional: list[str]) -> None:
    """Let an answer of 2xx name the headers that decorators documented, beside its own."""
    headers = {name: components.header(name, is_always_sent=False) for name in optional}
    headers |= response.get("headers", {})
    if headers:
        response["headers"] = headers


def _described(parameter: str) -> str:
    """Return what a parameter of a path is: `order_id` is "The id of the order."."""
    noun = parameter.removesuffix("_id").replace("_", " ")
    return f"The id of the {noun}." if parameter.endswith("_id") else f"The {noun}."


def _sku_in_path(_: Any) -> Json:
    return {"type": "string", "pattern": r"^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,63}$", "example": "BOLT-M8"}
