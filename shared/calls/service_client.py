"""HTTP calls to other services: pooled, with identity, request id, remaining time, breaker and one careful retry."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import orjson
from urllib3.filepost import encode_multipart_formdata

from shared.base import deadline
from shared.calls.connections import Answer, ConnectionBroken, exchange, pools_for
from shared.calls.refusals import UpstreamRefused
from shared.calls.resilience import UpstreamUnavailable, Verdict, attempt_number, upstream, with_retries
from shared.observe.metrics import histogram
from shared.observe.observability import get_logger
from shared.observe.tracing import as_decided, call_span, finished, follow, outgoing_headers

__all__ = ["Answer", "Identity", "ServiceClient", "UpstreamRefused", "UpstreamUnavailable", "segment"]

log = get_logger()
_call_seconds = histogram("upstream_call_duration_seconds", "Time of a call to an upstream.", ("upstream", "outcome"))
_SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


class Identity(Protocol):
    """As whom we call."""

    def headers(self, audience: str) -> dict[str, str]:
        """Return the headers that say who calls the service `audience`."""

    def renew(self, audience: str) -> bool:
        """Answer a 401: True when the next `headers` are others, so that one more try makes sense."""


class Anonymous:
    """Calls as nobody, for public addresses."""

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
    body: bytes | IO[bytes] | None
    timeout: float
    may_repeat: bool


class ServiceClient:
    """
    Base of every client of a service, one per process; safe to share between threads.

    Methods return the parsed JSON (None for an empty answer) or raise UpstreamRefused (4xx), UpstreamUnavailable
    (anything that is not an answer) or DeadlineExceeded. `timeout` is seconds; the limit of the dependency and the
    request's deadline shorten it. `service` names the dependency in `shared.base.limits` and the audience of our token.
    """

    service: str = ""

    def __init__(self, base_url: str, *, identity: Identity | None = None, service: str = "") -> None:
        if service:
            self.service = service
        if not self.service:
            raise ValueError("A client needs to know which service it calls")
        self._identity: Identity = identity or Anonymous()
        self._upstream = upstream(self.service)
        self._limits = self._upstream.limits
        self._next_pool = pools_for(base_url, size=self._limits.pool)
        self._prefix = "" if base_url.startswith("cloudmap://") else urlsplit(base_url).path.rstrip("/")

    def get(self, path: str, *, timeout: float | None = None, **params: Any) -> Any:
        """Return the answer to GET; keyword arguments are the query, lists repeat, None is left out."""
        return self._json(self.request("GET", path, params=params, timeout=timeout))

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        """Return the answer to POST; `options` as for `request`."""
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
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Answer:
        """
        Return the whole answer (status, headers, content) where the parsed body is not enough.

        `body` is JSON unless it is bytes or a binary stream, sent as they are under `content_type`; `files` maps a
        form field to (filename, content, content type) and is sent as multipart. A stream is never sent twice.
        """
        sent = dict(headers or {})
        if idempotency_key:
            sent["Idempotency-Key"] = idempotency_key
        raw = _encoded(body, files, content_type, sent)
        is_keyed = method in _SAFE_TO_REPEAT or "Idempotency-Key" in sent
        call = _Call(
            method,
            self._target(path, params),
            sent,
            raw,
            self._limits.read_timeout if timeout is None else min(timeout, self._limits.read_timeout),
            is_keyed and (raw is None or isinstance(raw, bytes)),
        )
        number = attempt_number.get()
        if number:
            answer = self._send(call, number)
        else:
            attempts = self._limits.attempts if call.may_repeat else 1
            answer = with_retries(self._upstream, attempts, functools.partial(self._send, call))
        if answer.status >= 400:
            raise UpstreamRefused(self.service, answer)
        return answer

    def _target(self, path: str, params: Mapping[str, Any] | None) -> str:
        given = {name: value for name, value in params.items() if value is not None} if params else None
        query = "?" + urlencode(given, doseq=True) if given else ""
        return self._prefix + path + query

    def _json(self, answer: Answer) -> Any:
        try:
            return answer.json()
        except ValueError as error:
            raise UpstreamUnavailable(self.service, "unreadable_answer", is_retryable=False) from error

    def _send(self, call: _Call, attempt: int) -> Answer:
        answer = self._send_as(call, attempt)
        if answer.status == 401 and not hasattr(call.body, "read") and self._identity.renew(self.service):
            return self._send_as(call, attempt)
        return answer

    def _send_as(self, call: _Call, attempt: int) -> Answer:
        """Send as our identity, guarded and measured; a 5xx or no answer at all is UpstreamUnavailable."""
        span = call_span()
        headers = {**call.headers, **outgoing_headers(span), **self._identity.headers(self.service)}
        granted = deadline.within(call.timeout)
        if granted <= deadline.HOP_SECONDS:
            raise deadline.DeadlineExceeded(f"No time is left to ask {self.service}")
        headers[deadline.HEADER] = deadline.header_value(granted)
        if attempt > 1:
            headers["X-Retried"] = "1"
        started_at = time.perf_counter()
        outcome = "connection"
        try:
            answer = self._upstream.call(
                functools.partial(self._exchange, call, headers, granted),
                judge=functools.partial(_judge, had_time=granted >= call.timeout / 2),
            )
            outcome = f"{answer.status // 100}xx"
            return answer
        except UpstreamUnavailable as refusal:
            outcome = refusal.reason
            log.warning("upstream_failed", upstream=self.service, reason=outcome, method=call.method, attempt=attempt)
            raise
        finally:
            seconds = time.perf_counter() - started_at
            _observed(self.service, outcome).observe(seconds)
            asked = {"http.request.method": call.method, "peer.service": self.service}
            has_failed = outcome[1:] != "xx"
            finished(as_decided(span), "client", self.service, seconds, has_failed=has_failed, attributes=asked)

    def _exchange(self, call: _Call, headers: dict[str, str], granted: float) -> Answer:
        try:
            answer = self._on_live_connection(call, headers, granted)
        except ConnectionBroken as broken:
            raise UpstreamUnavailable(self.service, broken.reason) from broken
        follow(answer.headers.get("traceresponse"))
        if answer.status >= 500:
            raise _unavailable(self.service, answer)
        return answer

    def _on_live_connection(self, call: _Call, headers: dict[str, str], granted: float) -> Answer:
        """Ask once more on a fresh connection when the pooled one had gone stale unnoticed, if asking twice is safe."""
        expires_at = time.monotonic() + granted
        ask = functools.partial(
            exchange,
            self._next_pool(),
            call.method,
            call.target,
            headers=headers,
            body=call.body,
            connect_seconds=self._limits.connect_timeout,
        )
        try:
            return ask(total_seconds=granted)
        except ConnectionBroken as broken:
            left = expires_at - time.monotonic()
            if not broken.is_stale or not call.may_repeat or left <= 0:
                raise
            return ask(total_seconds=left, on_fresh=True)


@functools.lru_cache(maxsize=512)
def _observed(service: str, outcome: str) -> Any:
    return _call_seconds.labels(service, outcome)


def _unavailable(service: str, answer: Answer) -> UpstreamUnavailable:
    """A 503 that names a time asks not to be called before; one marked X-Retried was tried twice already."""
    wait = answer.headers.get("Retry-After", "")
    seconds = min(int(wait), 60) if wait.isascii() and wait.isdigit() and len(wait) < 9 else 0
    was_retried = "X-Retried" in answer.headers
    return UpstreamUnavailable(
        service,
        f"status_{answer.status}",
        is_retryable=not seconds,
        was_retried=was_retried,
        retry_after_seconds=max(seconds, 1) if wait else 2,
    )


def _judge(error: Exception, *, had_time: bool) -> Verdict:
    """
    Return whether an upstream failed.

    A timeout counts only if it was given a fair part of its time. A 503 is an answer: whoever gives it lives, and may
    only be passing on, as the gateway does, that one of many services behind it is away.
    """
    if not isinstance(error, UpstreamUnavailable) or error.reason == "status_503":
        return Verdict.UNKNOWN
    return Verdict.UNKNOWN if error.reason == "timeout" and not had_time else Verdict.FAILED


def _encoded(
    body: Any, files: Mapping[str, tuple[str, bytes, str]] | None, content_type: str, headers: dict[str, str]
) -> bytes | IO[bytes] | None:
    """Return the body as it is sent and name its media type in `headers`."""
    if files:
        encoded, kind = encode_multipart_formdata({**(body or {}), **files})
        headers["Content-Type"] = kind
        return encoded
    if body is None:
        return None
    if isinstance(body, bytes) or hasattr(body, "read"):
        headers.setdefault("Content-Type", content_type or "application/octet-stream")
        raw: bytes | IO[bytes] = body
        return raw
    headers["Content-Type"] = content_type or "application/json"
    return orjson.dumps(body, default=_encodable)
