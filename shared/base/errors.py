"""Refusals with a name: each is a `Problem` with a status, rendered once by `shared.web.problems`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; `pointer` is a JSON pointer (RFC 6901) into the request body."""

    pointer: str
    detail: str


class Problem(Exception):
    """
    A refusal that the client is told about (RFC 9457).

    The class name is its type: `OrderNotCancellable` becomes `/problems/order-not-cancellable`.
    Keyword arguments become extension members of the problem document.
    """

    status = 500
    title = "Something went wrong on our side"

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
        return "/problems/" + re.sub(r"(?<!^)(?=[A-Z])", "-", type(self).__name__).lower()


class BadRequest(Problem):
    status = 400
    title = "The request cannot be read"


class Unauthorized(Problem):
    status = 401
    title = "Sign in first"

    def __init__(self, detail: str = "", **extra: Any) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"}, **extra)


class Forbidden(Problem):
    status = 403
    title = "You may not do this"


class NotFound(Problem):
    status = 404
    title = "There is no such thing"


class Conflict(Problem):
    status = 409
    title = "The request does not fit the present state"


class VersionConflict(Conflict):
    title = "Somebody else changed this at the same moment; read it again and retry"


class InvalidInput(Problem):
    status = 422
    title = "Some fields are not valid"


class Unavailable(Problem):
    """A dependency is away; `retry_after_seconds` tells the client when to come back."""

    status = 503
    title = "This is not available at the moment"

    def __init__(self, detail: str = "", *, retry_after_seconds: int = 2, **extra: Any) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after_seconds)}, **extra)


class HandedBack(BaseException):
    """
    Raised inside a job when its machine is about to be taken away: the job goes back to its queue.

    No `except Exception` may swallow it; what a job has begun it may tidy up, and must raise it again.
    """


class SettingsInvalid(Exception):
    """The environment does not describe a service that can run; the message names every variable at fault."""
