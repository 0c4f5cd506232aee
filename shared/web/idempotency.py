"""`Idempotency-Key`: the first answer is stored and replayed (draft-ietf-httpapi-idempotency-key-header-07)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from flask import current_app, g, make_response, request
from pymongo import ReturnDocument
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from shared.base.card_numbers import holds_card_number
from shared.base.clock import now
from shared.base.errors import BadRequest, Conflict, InvalidInput, VersionConflict
from shared.base.ids import new_id
from shared.base.preconditions import PreconditionFailed
from shared.data.encryption import PERSONAL, FieldContext, cipher_of, is_encrypted
from shared.data.persistence import building_indexes, database, retry_on_failover
from shared.web.auth import current_principal
from shared.web.documented import document

Route = TypeVar("Route", bound=Callable[..., Any])

KEPT_FOR = timedelta(hours=24)
IN_FLIGHT_FOR = timedelta(seconds=30)
MAX_KEY_LENGTH = 255
KEPT_HEADERS = frozenset({"Content-Type", "Location", "Retry-After", "WWW-Authenticate"})
# Nothing was done, and a retry may succeed: with a new total, a new If-Match, or a moment later.
NOT_STORED = (VersionConflict, PreconditionFailed)
BODY = FieldContext(PERSONAL, "idempotency_keys.body")


class IdempotencyKeyMissing(BadRequest):
    title = "The header Idempotency-Key is missing or too long"
    meaning = "The address does its work once per Idempotency-Key, and none of 1 to 255 characters was sent."
    advice = "Send a new UUID as Idempotency-Key, and the same one when the request is repeated."


class IdempotencyKeyRefused(BadRequest):
    title = "The Idempotency-Key looks like a card number"
    meaning = "Keys are stored, and card numbers must not be."
    advice = "Send another key, such as a UUID."


class IdempotencyKeyReused(InvalidInput):
    title = "The Idempotency-Key was used with another request"
    meaning = "The key belongs to a request with another body or address."
    advice = "Send a new key for a new request."


class RequestInFlight(Conflict):
    title = "A request with this Idempotency-Key is in progress"
    meaning = "The first request with this key is still in progress."
    advice = "Wait for the seconds in Retry-After and send the request again: it gets the first one's answer."
    always_sends = ("Retry-After",)


PROBLEMS = (IdempotencyKeyMissing, IdempotencyKeyRefused, IdempotencyKeyReused, RequestInFlight)


def ensure_indexes(service: str) -> None:
    """Create the index by which MongoDB deletes keys after 24 hours."""
    with building_indexes():
        _keys(service).create_index("created_at", expireAfterSeconds=int(KEPT_FOR.total_seconds()))


def idempotency_key() -> str:
    """Return the Idempotency-Key of the current request, prefixed by its owner; natural keys are built from it."""
    return cast(str, g.idempotency_key)


def idempotent(route: Route) -> Route:
    """
    Run the route once per Idempotency-Key and company (staff: per user).

    400 without a key or with a card number as one, 422 when the key was used with another body, 409 and Retry-After
    while the first request is in progress; then the stored answer, with `Idempotent-Replayed: true`. A 5xx answer is
    not stored, so a retry runs.
    A retry of a request that crashed runs after 30 seconds, and the operation must find what the first run created
    (by `idempotency_key()`).
    """

    @wraps(route)
    def keyed(*args: Any, **kwargs: Any) -> Any:
        key = request.headers.get("Idempotency-Key", "").strip()
        if not key or len(key) > MAX_KEY_LENGTH:
            raise IdempotencyKeyMissing(f"Send 1 to {MAX_KEY_LENGTH} characters; {len(key)} were sent")
        if holds_card_number(key):
            raise IdempotencyKeyRefused("A card number must not be stored: send another key, such as a UUID")
        g.idempotency_key = f"{_owner()}:{key}"
        stored = _claim(g.idempotency_key, _fingerprint())
        if stored is not None:
            return _replayed(stored)
        try:
            response = make_response(current_app.ensure_sync(route)(*args, **kwargs))
        except Exception as failure:
            response = make_response(current_app.handle_user_exception(failure))
            if isinstance(failure, NOT_STORED):
                _forget(g.idempotency_key)
                return response
        _settle(g.idempotency_key, response)
        return response

    return document(cast(Route, keyed), problems=PROBLEMS, parameters=[parameter()], headers=["Idempotent-Replayed"])


def parameter(*, is_required: bool = True) -> dict[str, Any]:
    """Return the OpenAPI parameter of the header."""
    return {
        "in": "header",
        "name": "Idempotency-Key",
        "required": is_required,
        "description": "A new value for each thing to be done, such as a UUID. A repeated request with the same key and"
        " body gets the first answer again for 24 hours, and nothing is done twice.",
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_KEY_LENGTH},
        "example": "7f6c1c0e-3f0a-4d7e-9d5e-0c1b2a394857",
    }


def _owner() -> str:
    principal = current_principal()
    return principal.company_id or principal.id


def _fingerprint() -> str:
    return hashlib.sha256(b"\n".join([request.method.encode(), request.path.encode(), request.get_data()])).hexdigest()


def _keys(service: str | None = None) -> Collection[dict[str, Any]]:
    return database(service or current_app.name)["idempotency_keys"]


def _claim(key: str, fingerprint: str) -> dict[str, Any] | None:
    """Reserve the key for this request and return None, or return the stored answer."""
    claim = {"_id": key, "fingerprint": fingerprint, "claim_id": new_id("clm")}
    try:
        retry_on_failover(lambda: _keys().insert_one({**claim, "created_at": now()}))
    except DuplicateKeyError:
        return _answer_of(key, fingerprint, claim["claim_id"])
    return None


def _answer_of(key: str, fingerprint: str, claim_id: str) -> dict[str, Any] | None:
    stored = _keys().find_one({"_id": key})
    if stored is None:
        return _claim(key, fingerprint)
    if stored.get("claim_id") == claim_id:  # written by our first try, whose answer was lost
        return None
    if stored["fingerprint"] != fingerprint:
        raise IdempotencyKeyReused()
    if "status" in stored:
        return stored
    abandoned_before = now() - IN_FLIGHT_FOR
    taken_over = _keys().find_one_and_update(
        {"_id": key, "status": {"$exists": False}, "created_at": {"$lt": abandoned_before}},
        {"$set": {"created_at": now()}},
        return_document=ReturnDocument.AFTER,
    )
    if taken_over is None:
        raise RequestInFlight(headers={"Retry-After": "1"})
    return None


def _settle(key: str, response: Any) -> None:
    if response.status_code >= 500:
        _forget(key)
        return
    kept = {name: value for name, value in response.headers if name in KEPT_HEADERS}
    body = cipher_of(current_app.name).encrypt(response.get_data(), BODY)
    answer = {"status": response.status_code, "headers": kept, "body": body}
    retry_on_failover(lambda: _keys().update_one({"_id": key}, {"$set": answer}))


def _forget(key: str) -> None:
    _keys().delete_one({"_id": key})


def _replayed(stored: dict[str, Any]) -> Any:
    body = stored["body"]
    if is_encrypted(body):
        body = cipher_of(current_app.name).decrypt(body, BODY)
    response = current_app.response_class(body, status=stored["status"], headers=stored["headers"])
    response.headers["Idempotent-Replayed"] = "true"
    return response
