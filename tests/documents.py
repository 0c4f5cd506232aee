"""An OpenAPI document as a judge of answers: status, media type, headers and body."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema_rs import Draft202012Validator

Json = dict[str, Any]

PROBLEM = "application/problem+json"
_TYPE = re.compile(r"`(/problems/[a-z-]+)`")
# Refusals of the server or the framework, which every address may answer; the document has them as its default.
UNLISTED = frozenset({405, 408, 414, 417, 431, *range(500, 600)})


@dataclass(frozen=True)
class Answer:
    """One documented answer: its body's validator by media type, its required headers, and its types of problems."""

    bodies: Mapping[str, Draft202012Validator] = field(default_factory=dict)
    headers: tuple[str, ...] = ()
    types: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    answers: Mapping[str, Answer]


class ApiDocument:
    """An OpenAPI document whose validators are compiled once; answers may hold nothing that is not documented."""

    def __init__(self, document: Json) -> None:
        self.document = document
        self._components = closed(document.get("components", {}))
        self._validators: dict[str, Draft202012Validator] = {}
        self._operations = {(each.method, each.path): each for each in self._read()}
        self._addresses = sorted(
            ((_address(each.path), each) for each in self._operations.values()),
            key=lambda pair: pair[1].path.count("{"),
        )

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation that answers a request to this path."""
        wanted = "GET" if method == "HEAD" else method
        found = (each for address, each in self._addresses if each.method == wanted and address.fullmatch(path))
        return next(found, None)

    def operation(self, method: str, template: str) -> Operation | None:
        """Return the operation of a path's template, such as `/v1/orders/{order_id}`."""
        return self._operations.get(("GET" if method == "HEAD" else method, template))

    def validator(self, schema: Json) -> Draft202012Validator:
        """Return the validator of a schema of this document."""
        key = repr(schema)
        if key not in self._validators:
            whole = closed(schema) | {"components": self._components}
            self._validators[key] = Draft202012Validator(whole, validate_formats=True)
        return self._validators[key]

    def problem_faults(self, body: Any) -> list[str]:
        """Return what is wrong with a problem document of any type."""
        return body_faults(self.validator({"$ref": "#/components/schemas/Problem"}), body)

    def _read(self) -> Iterator[Operation]:
        for path, methods in self.document["paths"].items():
            for method, operation in methods.items():
                if isinstance(operation, dict) and "responses" in operation:
                    answers = {status: self._answer(each) for status, each in operation["responses"].items()}
                    yield Operation(method.upper(), path, answers)

    def _answer(self, response: Json) -> Answer:
        bodies = {kind: self.validator(media["schema"]) for kind, media in response.get("content", {}).items()}
        headers = {name: self._resolved(each) for name, each in response.get("headers", {}).items()}
        required = tuple(name for name, each in headers.items() if each.get("required"))
        return Answer(bodies, required, frozenset(_TYPE.findall(response["description"])))

    def _resolved(self, node: Json) -> Json:
        if "$ref" not in node:
            return node
        _, _, kind, name = node["$ref"].split("/")
        found: Json = self.document["components"][kind][name]
        return found


def answer_faults(
    operation: Operation,
    status: int,
    *,
    media_type: str | None = None,
    body: Any = None,
    headers: Iterable[str] | None = None,
) -> list[str]:
    """
    Return what is wrong with an answer of an operation, empty when nothing is.

    `body` is the JSON value, None without one. Without `media_type` (empty: the answer has none) the body is not
    checked, without `headers` these are not.
    """
    answer = operation.answers.get(str(status))
    if answer is None and status in UNLISTED:
        answer = operation.answers.get("default")
    if answer is None:
        return [f"the status {status} is not documented"]
    faults = [] if headers is None else _header_faults(answer, headers)
    if media_type is None or (status == 304 and body is None):
        return faults
    if not media_type:
        return [*faults, "the documented body is missing"] if answer.bodies else faults
    validator = answer.bodies.get(media_type)
    if validator is None:
        return [*faults, f"the media type {media_type!r} is not documented, but {sorted(answer.bodies)}"]
    if "json" in media_type:
        faults += body_faults(validator, body)
        faults += _type_faults(answer, body) if media_type == PROBLEM and status not in UNLISTED else []
    return faults


def body_faults(validator: Draft202012Validator, body: Any) -> list[str]:
    return [f"{_place(each.instance_path)} {each.message[:300]}" for each in validator.iter_errors(body)]


def _header_faults(answer: Answer, headers: Iterable[str]) -> list[str]:
    sent = {name.lower() for name in headers}
    return [f"the header {name} is missing" for name in answer.headers if name.lower() not in sent]


def _type_faults(answer: Answer, body: Any) -> list[str]:
    type_ = body.get("type") if isinstance(body, dict) else None
    return [f"the problem {type_} is not listed"] if answer.types and type_ not in answer.types else []


def _place(path: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)


def _address(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(path)))


def closed(node: Any) -> Any:
    """Return a schema whose objects hold no members beside those that are documented, unless it says so."""
    if isinstance(node, list):
        return [closed(each) for each in node]
    if not isinstance(node, dict):
        return node
    whole = {name: closed(value) for name, value in node.items()}
    if isinstance(whole.get("properties"), dict) and whole.get("type") == "object":
        whole.setdefault("additionalProperties", False)
    return whole
