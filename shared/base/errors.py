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


class HostUnknown(BadRequest):
    title = "Unknown host"


def bearer_challenge(**attributes: str) -> dict[str, str]:
    """Return the header field that says how to authenticate (RFC 6750, section 3)."""
    shown = {"realm": "tradepost", **attributes}
    return {"WWW-Authenticate": "Bearer " + ", ".join(f'{name}="{value}"' for name, value in shown.items())}


class Unauthorized(Problem):
    status = 401
    title = "Authentication is required"
    always_sends = ("WWW-Authenticate",)

    def __init__(self, detail: str = "", *, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail, headers=headers or bearer_challenge(), **extra)


class AccessTokenInvalid(Unauthorized):
    title = "The access token is invalid or expired"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        described = {"error_description": detail} if detail else {}
        super().__init__(detail, headers=bearer_challenge(error="invalid_token", **described), **extra)


class Forbidden(Problem):
    status = 403
    title = "Permission denied"
    always_sends = ("WWW-Authenticate",)

    def __init__(self, detail: str = "", *, permission: str = "", **extra: Any) -> None:
        needed = {"scope": permission} if permission else {}
        super().__init__(detail, headers=bearer_challenge(error="insufficient_scope", **needed), **extra)
        if permission:
            self.extra["permission"] = permission


class NotFound(Problem):
    status = 404
    title = "Not found"


class Conflict(Problem):
    status = 409
    title = "Conflict with the current state"


class VersionConflict(Conflict):
    title = "Another request changed this at the same time; read it again and retry"


class UriTooLong(Problem):
    status = 414
    title = "URI too long"


class HeaderFieldsTooLarge(Problem):
    status = 431
    title = "Request header fields too large"


class UnsupportedMediaType(Problem):
    status = 415
    title = "Unsupported media type"


class InvalidInput(Problem):
    status = 422
    title = "Some fields are invalid"


class CursorInvalid(InvalidInput):
    title = "Invalid cursor"


class Unavailable(Problem):
    """A dependency is unavailable; `retry_after_seconds` becomes the header Retry-After."""

    status = 503
    title = "Temporarily unavailable"
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
