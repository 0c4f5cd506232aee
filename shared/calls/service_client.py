"""HTTP calls to other services: JSON, identity, request id, deadline, metrics, and one retry where it does no harm."""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import orjson

from shared.base import deadline
from shared.calls.exchange import HttpUpstream, Request, Response
from shared.calls.failures import NoResponse
from shared.calls.multipart import FilePart, multipart_body
from shared.calls.refusals import UpstreamRefused
from shared.calls.resilience import UpstreamUnavailable, attempt_number, upstream, with_retries
from shared.calls.wire import Body, header_lines
from shared.observe.metrics import histogram
from shared.observe.observability import get_logger
from shared.observe.tracing import call_span, export_span, follow_decision, outgoing_headers, with_current_flags

__all__ = ["Identity", "Response", "ServiceClient", "UpstreamRefused", "UpstreamUnavailable", "segment"]

log = get_logger()
_call_seconds = histogram("upstream_call_duration_seconds", "Time of a call to an upstream.", ("upstream", "outcome"))
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_USER_AGENT = {"User-Agent": "tradepost"}
_NOT_IN_TARGET = re.compile(r"[^!-~]")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


class Identity(Protocol):
    """The identity a client calls with."""

    def headers(self, audience: str) -> dict[str, str]:
        """Return the headers that name the caller to the service `audience`."""

    def renew(self, audience: str) -> bool:
        """Return True when, after a 401, the next `headers` differ, so that one more attempt makes sense."""


class Anonymous:
    """No identity, for public addresses."""

    def headers(self, audience: str) -> dict[str, str]:
        return {}

    def renew(self, audience: str) -> bool:
        return False


def segment(value: object) -> str:
    """Return `value` as one path segment: a SKU may hold slashes and spaces."""
    return quote(str(value), safe="")


def _encodable(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    target: str
    headers: dict[str, str]
    body: Body | None
    timeout: float
    may_repeat: bool
    is_streamed: bool = False


class ServiceClient:
    """
    Base of every client of a service, one per process; safe to share between threads.

    Methods return the parsed JSON (None for an empty body) or raise UpstreamRefused (4xx), UpstreamUnavailable
    (5xx or no response) or DeadlineExceeded. `timeout` is seconds; the limit of the dependency and the request's
    deadline shorten it. `service` names the dependency in `shared.base.limits` and the audience of our token.
    """

    service: str = ""

    def __init__(self, base_url: str, *, identity: Identity | None = None, service: str = "") -> None:
        if service:
            self.service = service
        if not self.service:
            raise ValueError("A client needs the name of the service it calls")
        self._identity: Identity = identity or Anonymous()
        self._upstream = upstream(self.service)
        self._limits = self._upstream.limits
        self._http = HttpUpstream(self._upstream, base_url)
        self._prefix = "" if base_url.startswith("cloudmap://") else urlsplit(base_url).path.rstrip("/")

    def get(self, path: str, *, timeout: float | None = None, **params: Any) -> Any:
        """Return the body of the response to GET; keyword arguments are the query, lists repeat, None is left out."""
        return self._json(self.request("GET", path, params=params, timeout=timeout))

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Return the body of the response to POST; `options` as for `request`."""
        return self._json(self.request("POST", path, body, **options))

    def put(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._json(self.request("PUT", path, body, **options))

    def patch(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._json(self.request("PATCH", path, body, **options))

    def delete(self, path: str, body: Any = None, **options: Any) -> Any:
        return self._json(self.request("DELETE", path, body, **options))

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        idempotency_key: str | None = None,
        content_type: str = "",
        files: Mapping[str, FilePart] | None = None,
        is_streamed: bool = False,
    ) -> Response:
        """
        Return the whole response (status, headers, content) where the parsed body is not enough.

        `body` is JSON unless it is bytes or a binary stream, sent as they are under `content_type`; `files` maps a
        form field to (filename, content, content type) and is sent as multipart. A stream is never sent twice.
        `is_streamed` leaves a large response to be read by the caller, who closes it.
        """
        sent = dict(headers or {})
        if idempotency_key:
            sent["Idempotency-Key"] = idempotency_key
        encoded = _encoded(body, files, content_type, sent)
        is_keyed = method in _SAFE_TO_REPEAT or "Idempotency-Key" in sent
        call = _Call(
            method,
            self._target(path, params),
            sent,
            Body(0) if encoded is None and method in _WITH_BODY else encoded,
            self._limits.read_timeout if timeout is None else min(timeout, self._limits.read_timeout),
            is_keyed and (encoded is None or encoded.can_rewind),
            is_streamed,
        )
        number = attempt_number.get()
        if number:
            response = self._send(call, number)
        else:
            attempts = self._limits.attempts if call.may_repeat else 1
            response = with_retries(self._upstream, attempts, functools.partial(self._send, call))
        if response.status >= 400:
            response.close()
            raise UpstreamRefused(self.service, response)
        return response

    def _target(self, path: str, params: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in params.items() if value is not None} if params else None
        query = "?" + urlencode(given, doseq=True) if given else ""
        target = self._prefix + path + query
        return quote(target, safe=_PRINTABLE) if _NOT_IN_TARGET.search(target) else target

    def _json(self, response: Response) -> Any:
        try:
            return response.json()
        except ValueError as error:
            raise UpstreamUnavailable(self.service, "unreadable_answer", is_retryable=False) from error

    def _send(self, call: _Call, attempt: int) -> Response:
        response = self._send_as(call, attempt)
        can_send_again = call.body is None or call.body.can_rewind
        if response.status == 401 and can_send_again and self._identity.renew(self.service):
            return self._send_as(call, attempt)
        return response

    def _send_as(self, call: _Call, attempt: int) -> Response:
        """Send with our identity and measure the call; a 5xx or no response at all is UpstreamUnavailable."""
        span = call_span()
        headers = {**_USER_AGENT, **call.headers, **outgoing_headers(span), **self._identity.headers(self.service)}
        granted = deadline.within(call.timeout)
        if granted <= deadline.HOP_SECONDS:
            raise deadline.DeadlineExceeded(f"No time is left to call {self.service}")
        if attempt > 1:
            headers["X-Retried"] = "1"
        started_at = time.perf_counter()
        outcome = "connection"
        try:
            response = self._exchange(call, headers, granted)
            outcome = f"{response.status // 100}xx"
            return response
        except UpstreamUnavailable as failure:
            outcome = failure.reason
            log.warning("upstream_failed", upstream=self.service, reason=outcome, method=call.method, attempt=attempt)
            raise
        finally:
            seconds = time.perf_counter() - started_at
            _observed(self.service, outcome).observe(seconds)
            attributes = {"http.request.method": call.method, "peer.service": self.service}
            has_failed = outcome[1:] != "xx"
            export_span(
                with_current_flags(span), "client", self.service, seconds, has_failed=has_failed, attributes=attributes
            )

    def _exchange(self, call: _Call, headers: dict[str, str], granted: float) -> Response:
        request = Request(
            call.method,
            call.target,
            header_lines(headers),
            expires_at=time.monotonic() + granted,
            body=call.body,
            may_repeat=call.may_repeat,
            is_hurried=granted < call.timeout / 2,
            is_streamed=call.is_streamed,
        )
        try:
            response = self._http.call(request)
        except NoResponse as failure:
            raise UpstreamUnavailable.after(self.service, failure) from failure
        follow_decision(response.header("traceresponse"))
        if response.status >= 500:
            raise _unavailable(self.service, response)
        return response


@functools.lru_cache(maxsize=512)
def _observed(service: str, outcome: str) -> Any:
    return _call_seconds.labels(service, outcome)


def _unavailable(service: str, response: Response) -> UpstreamUnavailable:
    """Return the problem for a 5xx: not retryable when it names a Retry-After or was already retried (X-Retried)."""
    wait = response.header("retry-after")
    seconds = min(int(wait), 60) if wait.isascii() and wait.isdigit() and len(wait) < 9 else 0
    return UpstreamUnavailable(
        service,
        f"status_{response.status}",
        is_retryable=not seconds,
        was_retried=bool(response.header("x-retried")),
        retry_after_seconds=max(seconds, 1) if wait else 2,
    )


def _encoded(
    body: Any, files: Mapping[str, FilePart] | None, content_type: str, headers: dict[str, str]
) -> Body | None:
    """Return the body as it is sent and set its media type in `headers`."""
    if files:
        multipart, headers["Content-Type"] = multipart_body(body or {}, files)
        return multipart
    if body is None:
        return None
    if isinstance(body, bytes) or hasattr(body, "read"):
        headers.setdefault("Content-Type", content_type or "application/octet-stream")
        return Body(len(body), body) if isinstance(body, bytes) else Body(None, file=body)
    headers["Content-Type"] = content_type or "application/json"
    content = orjson.dumps(body, default=_encodable)
    return Body(len(content), content)
