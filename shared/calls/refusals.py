"""An upstream's refusal (4xx) as a `Problem` of ours: to be inspected, or to be passed on unchanged."""

from __future__ import annotations

from typing import Any

from shared.base.errors import FieldError, Problem
from shared.calls.exchange import PROBLEM_TYPE, Response

_STANDARD_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "request_id", "errors"})
_PASSED_HEADERS = ("Retry-After", "WWW-Authenticate", "Allow")


class UpstreamRefused(Problem):
    """
    The upstream's own refusal (4xx), with its status, type, title, detail, errors and extension members.

    Inspect it (`refusal.status`, `refusal.kind == "out-of-stock"`, `refusal.extra`) or let it pass to the client.
    `body` is the parsed response body whatever its shape, None when it is not JSON.
    """

    title = "Request refused"
    has_own_status = False
    meaning = "A service refused a call of another service without saying why; the status is that service's."
    advice = "Check the request against the documentation; report the request_id if it is as described."

    def __init__(self, upstream_name: str, response: Response) -> None:
        self.body = _parsed(response)
        document = self.body if isinstance(self.body, dict) else {}
        is_problem = response.header("content-type").startswith(PROBLEM_TYPE)
        passed = {name: value for name in _PASSED_HEADERS if (value := response.header(name.lower()))}
        super().__init__(str(document.get("detail", "")) if is_problem else "", headers=passed)
        self.upstream = upstream_name
        self.status = response.status
        self._type = "/problems/upstream-refused"
        if is_problem:
            self.title = str(document.get("title", self.title))
            self.errors = _field_errors(document.get("errors"))
            self.extra = {name: value for name, value in document.items() if name not in _STANDARD_MEMBERS}
            self._type = str(document.get("type", self._type))

    @property
    def type(self) -> str:
        return self._type

    @property
    def kind(self) -> str:
        """The last part of the type, for example `out-of-stock`."""
        return self._type.rpartition("/")[2]


def _parsed(response: Response) -> Any:
    try:
        return response.json()
    except ValueError:
        return None


def _field_errors(errors: Any) -> tuple[FieldError, ...]:
    found = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
    return tuple(FieldError(str(error.get("pointer", "")), str(error.get("detail", ""))) for error in found)
