"""Why a call to an upstream brought no response: one class per cause, the same for every caller."""

from __future__ import annotations


class NoResponse(Exception):
    """
    No usable response arrived; every subclass names one cause.

    `reason` is the word for logs and metrics, `is_retryable` says whether another attempt can help, and
    `retry_after_seconds` is how long a client waits before it calls again. `was_repeated`: the request was sent twice.
    """

    reason = "connection"
    is_retryable = True
    retry_after_seconds = 2.0
    was_repeated = False


class Unreachable(NoResponse):
    """No connection could be opened: refused, no known address, or no handshake within the connect timeout."""


class ConnectionBroken(NoResponse):
    """The upstream closed the connection; `is_before_response`: not one byte of a response had arrived."""

    def __init__(self, *, is_before_response: bool) -> None:
        super().__init__("the connection was closed")
        self.is_before_response = is_before_response


class MalformedResponse(NoResponse):
    """The response does not keep to HTTP/1.1 (or is too large), so the rest of its connection cannot be trusted."""


class TimedOut(NoResponse):
    """The time of the call was over before the whole response had arrived."""

    reason = "timeout"


class BulkheadFull(NoResponse):
    """The call was not made: as many calls as allowed are already under way to this upstream."""

    reason = "bulkhead_full"
    is_retryable = False
    retry_after_seconds = 1.0


class BreakerOpen(NoResponse):
    """The call was not made: the breaker is open; `retry_after_seconds` is the time until the next probe."""

    reason = "breaker_open"
    is_retryable = False

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__(f"open for another {retry_after_seconds:.1f} s")
        self.retry_after_seconds = retry_after_seconds
