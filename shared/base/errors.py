"""Errors that a client gets as a problem document: subclasses of `Problem`, rendered by `shared.web.problems`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """The error of one field; `pointer` is a JSON pointer (RFC 6901) into the request body."""

    pointer: str
    detail: str


class Problem(Exception):
    """
    An error that is answered as a problem document (RFC 9457).

    The class name is its type: `OrderNotCancellable` becomes `/problems/order-not-cancellable`.
    Keyword arguments become extension members of the problem document.
    """

    status = 500
    title = "Internal server error"
    # What the page of the type says (`/docs/problems/<name>` at the gateway): what it means, and what to do.
    meaning = "The service failed; the failure is in its log, under the request_id."
    advice = "Send the request again with the same Idempotency-Key; report the request_id if it fails again."
    # False for a type whose answers each have the status of another service.
    has_own_status = True
    # Header fields that each answer of this type has.
    always_sends: tuple[str, ...] = ()

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.extra = extra

    @property
    def type(self) -> str:
        return problem_type(type(self))


def problem_type(kind: type[Problem]) -> str:
    """Return the type of a problem class: `/problems/order-not-cancellable`."""
    return "/problems/" + re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()


class BadRequest(Problem):
    status = 400
    title = "Bad request"
    meaning = "The request is not valid HTTP, or its body is not valid JSON."
    advice = "Correct the request as the detail says."


class HostUnknown(BadRequest):
    title = "Unknown host"
    meaning = "The request names a host that this installation does not know."
    advice = "Use an address of this installation; its operator can allow further names (ALLOWED_HOSTS)."


def bearer_challenge(**attributes: str) -> dict[str, str]:
    """Return the header field that says how to authenticate (RFC 6750, section 3)."""
    shown = {"realm": "tradepost", **attributes}
    return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in shown.items())}


class Unauthorized(Problem):
    status = 401
    title = "Authentication is required"
    meaning = "The address needs an access token, and none was sent."
    advice = "Sign in (POST /api/v1/auth/login) and send the access token as Authorization: Bearer."
    always_sends = ("WWW-Authenticate",)

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail, headers=headers or bearer_challenge(), **extra)


class AccessTokenInvalid(Unauthorized):
    title = "The access token is invalid or expired"
    meaning = "The access token has expired, was revoked, or is not one of this installation."
    advice = "Continue the session (POST /api/v1/auth/refresh), or sign in again; then repeat the request."

    def __init__(self, detail: str = "", **extra: Any) -> None:
        described = {"error_description": detail} if detail else {}
        super().__init__(detail, headers=bearer_challenge(error="invalid_token", **described), **extra)


class Forbidden(Problem):
    status = 403
    title = "Permission denied"
    meaning = "The caller is known, and may not do this; `permission` names what is missing."
    advice = "Ask an administrator for a role with this permission."
    always_sends = ("WWW-Authenticate",)

    def __init__(self, detail: str = "", *, permission: str = "", **extra: Any) -> None:
        needed = {"scope": permission} if permission else {}
        super().__init__(detail, headers=bearer_challenge(error="insufficient_scope", **needed), **extra)
        if permission:
            self.extra["permission"] = permission


class NotFound(Problem):
    status = 404
    title = "Not found"
    meaning = "Nothing is at this address, or it belongs to another company."
    advice = "Check the id or SKU and the company that the token is for."


class Conflict(Problem):
    status = 409
    title = "Conflict with the current state"
    meaning = "The request does not fit the present state."
    advice = "Read the resource again, and decide anew."


class VersionConflict(Conflict):
    title = "Another request changed this at the same time; read it again and retry"
    meaning = "Another request changed the same resource at the same moment. Nothing was done."
    advice = "Read it again and repeat the request; the same Idempotency-Key may be used."


class UriTooLong(Problem):
    status = 414
    title = "URI too long"
    meaning = "The request line is longer than 8190 bytes."
    advice = "Shorten the query."


class HeaderFieldsTooLarge(Problem):
    status = 431
    title = "Request header fields too large"
    meaning = "There are more than 64 header fields, or one is longer than 8190 bytes."
    advice = "Send fewer or shorter header fields."


class UnsupportedMediaType(Problem):
    status = 415
    title = "Unsupported media type"
    meaning = "The body is in another format than the address takes."
    advice = "Send the body as the documentation says, mostly as application/json with that Content-Type."


class InvalidInput(Problem):
    status = 422
    title = "Some fields are invalid"
    meaning = "`errors` points at each field that is wrong and says what to change."
    advice = "Correct these fields and send the request again."


class CursorInvalid(InvalidInput):
    title = "Invalid cursor"
    meaning = "The cursor is not one that this list gave with these filters."
    advice = "Begin with the first page, and follow next_cursor unchanged."


class Unavailable(Problem):
    """A dependency is unavailable; `retry_after_seconds` becomes the header Retry-After."""

    status = 503
    title = "Temporarily unavailable"
    meaning = "Something that the service needs is unavailable. Nothing was done."
    advice = "Wait for the seconds in Retry-After and send the request again, with the same Idempotency-Key."
    always_sends = ("Retry-After",)

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 2, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)}, **extra)


class HandedBack(BaseException):
    """
    Raised inside a job when its machine is about to stop: the job is put back into its queue.

    A BaseException, so that `except Exception` does not catch it. A job may clean up and must raise it again.
    """


class SettingsInvalid(Exception):
    """Environment variables are missing or malformed; the message names each of them."""
