"""The components of every OpenAPI document of ours: the problem, money, and the headers of answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shared.base.errors import Problem, problem_type
from shared.base.money import MAX_AMOUNT

Json = dict[str, Any]

CURRENCY: Json = {
    "type": "string",
    "description": "The code of the currency by ISO 4217.",
    "pattern": "^[A-Z]{3}$",
    "example": "GBP",
}
PROBLEM_TYPE = "application/problem+json"
_MINOR_UNITS = (
    "An amount is in minor units of its currency: ISO 4217 gives each currency an exponent, and the amount is"
    " multiplied by ten to the power of it. `1234` with `GBP` (exponent 2) is 12.34 GBP, `500` with `JPY` (exponent 0)"
    " is 500 JPY, and `1234` with `OMR` (exponent 3) is 1.234 OMR."
)
UNIT_AMOUNT_PATTERN = r"^[0-9]{1,13}(\.[0-9]{1,4})?$"

SCHEMAS: dict[str, Json] = {
    "Money": {
        "type": "object",
        "description": f"A sum of money. {_MINOR_UNITS}",
        "properties": {
            "amount": {
                "type": "integer",
                "format": "int64",
                "description": f"Whole minor units; in requests at most {MAX_AMOUNT:,}.",
                "minimum": 0,
                "example": 8400,
            },
            "currency": CURRENCY,
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "example": {"amount": 8400, "currency": "GBP"},
    },
    "UnitPrice": {
        "type": "object",
        "description": f"The price of one unit, which may have decimals of a minor unit. {_MINOR_UNITS}",
        "properties": {
            "amount": {
                "type": "string",
                "description": "Minor units as a decimal number; `25.5` with `GBP` is 0.255 GBP.",
                "pattern": UNIT_AMOUNT_PATTERN,
                "example": "25.5",
            },
            "currency": CURRENCY,
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "example": {"amount": "25.5", "currency": "GBP"},
    },
    "UnitPriceInput": {
        "type": "object",
        "description": f"The price of one unit, which may have decimals of a minor unit. {_MINOR_UNITS}",
        "properties": {
            "amount": {
                "description": "Minor units as a decimal number with at most four decimals; a whole number of minor"
                " units may also be a JSON integer.",
                "anyOf": [
                    {"type": "string", "pattern": UNIT_AMOUNT_PATTERN},
                    {"type": "integer", "format": "int64", "minimum": 0, "maximum": 10**12},
                ],
                "example": "25.5",
            },
            "currency": CURRENCY,
        },
        "required": ["amount", "currency"],
        "additionalProperties": False,
        "example": {"amount": "25.5", "currency": "GBP"},
    },
    "ProblemError": {
        "type": "object",
        "description": "What is wrong with one field of the request.",
        "properties": {
            "pointer": {
                "type": "string",
                "description": "A JSON pointer (RFC 6901) to the field: in the body, or in the query as `/limit`.",
                "example": "/line_items/0/sku",
            },
            "detail": {
                "type": "string",
                "description": "What to change, for people.",
                "example": "The catalog has no product with this SKU.",
            },
        },
        "required": ["pointer", "detail"],
    },
    "Problem": {
        "type": "object",
        "description": "Why a request was refused (RFC 9457). A problem may have further members, which are described"
        " beside its type.",
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "description": "The kind of problem. Programs compare this.",
                "example": "/problems/invalid-input",
            },
            "title": {
                "type": "string",
                "description": "The kind of problem in words, equal for all problems of a type.",
                "example": "Some fields are invalid",
            },
            "status": {
                "type": "integer",
                "format": "int32",
                "description": "The HTTP status.",
                "minimum": 400,
                "maximum": 599,
                "example": 422,
            },
            "detail": {
                "type": "string",
                "description": "What happened this time, for people.",
                "example": "The query contains characters that must be percent-encoded",
            },
            "instance": {
                "type": "string",
                "description": "The path of the request, as it was sent.",
                "example": "/api/v1/orders",
            },
            "request_id": {
                "type": "string",
                "description": "The request's id, as in `X-Request-ID`. Logs and traces are found by it.",
                "example": "req_01k3v8m0c2x4y6z8a0b2d4f6h8",
            },
            "errors": {
                "type": "array",
                "description": "The invalid fields.",
                "items": {"$ref": "#/components/schemas/ProblemError"},
            },
        },
        "required": ["type", "title", "status"],
        "additionalProperties": True,
    },
}


def _header(description: str, example: Any, *, is_required: bool = True, **schema: Any) -> Json:
    kind = {"type": "string"} | schema
    return {"description": description, "required": is_required, "schema": kind, "example": example}


HEADERS: dict[str, Json] = {
    "ETag": _header(
        "The tag of this state and representation of the resource, for `If-Match` and `If-None-Match`.",
        '"7-b2d4f6h8.x1yZ-3fKq0aB"',
    ),
    "Idempotent-Replayed": _header(
        "Present when this is the stored answer of an earlier request with the same `Idempotency-Key`.",
        "true",
        is_required=False,
        enum=["true"],
    ),
    "Link": _header(
        "The pages beside this one (RFC 8288): `next` and `prev`, as queries of the same address.",
        '<?limit=20&cursor=WyI4>; rel="next"',
        is_required=False,
    ),
    "Location": _header(
        "The address of the resource.", "/api/v1/orders/ord_01k3v8m0c2x4y6z8a0b2d4f6h8", format="uri-reference"
    ),
    "RateLimit": _header(
        "What is left of the limit: calls that may come at once (`r`), and seconds until all may (`t`).",
        '"read";r=299;t=1',
    ),
    "RateLimit-Policy": _header("The limit: calls (`q`) in a window of seconds (`w`).", '"read";q=300;w=6'),
    "Retry-After": _header("Seconds to wait before the request is sent again.", 2, type="integer", minimum=0),
    "WWW-Authenticate": _header(
        "How to authenticate, and what is wrong with the token (RFC 6750).",
        'Bearer realm="tradepost", error="invalid_token"',
    ),
    "X-Request-ID": _header("The request's id. Logs and traces are found by it.", "req_01k3v8m0c2x4y6z8a0b2d4f6h8"),
}


# The headers of an answer that names what was created, or where its progress is read.
LOCATED: dict[str, Json] = {"Location": {"$ref": "#/components/headers/Location"}}


def header(name: str, *, is_always_sent: bool = True) -> Json:
    """Return a header of an answer: a reference, or where it is not always sent, the header without `required`."""
    if is_always_sent or not HEADERS[name]["required"]:
        return {"$ref": f"#/components/headers/{name}"}
    return {key: value for key, value in HEADERS[name].items() if key != "required"}


def problem_response(problems: Sequence[type[Problem]]) -> Json:
    """Return the OpenAPI response of problems that share a status."""
    listed = sorted({(problem_type(each), each.title) for each in problems})
    names = sorted({name for each in problems for name in each.always_sends})
    headers = {name: header(name, is_always_sent=all(name in each.always_sends for each in problems)) for name in names}
    response: Json = {
        "description": "\n".join(f"- `{type_}`: {title}." for type_, title in listed),
        "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    return response | ({"headers": headers} if headers else {})


def by_status(problems: Iterable[type[Problem]]) -> dict[int, list[type[Problem]]]:
    """Return the problems grouped by their status."""
    grouped: dict[int, list[type[Problem]]] = {}
    for each in problems:
        grouped.setdefault(each.status, []).append(each)
    return grouped


DEFAULT_RESPONSE: Json = {
    "description": "Any other refusal or failure.",
    "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
