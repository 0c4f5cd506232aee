"""The gateway's own refusals."""

from __future__ import annotations

from shared.base.errors import Problem, Unavailable


class MethodNotAllowed(Problem):
    status = 405
    title = "Method not allowed"


class RateLimited(Problem):
    status = 429
    title = "Too many requests"


class UpstreamUnavailable(Unavailable):
    """The upstream service cannot be reached, or its breaker is open."""

    title = "Service unavailable"


class UpstreamBusy(Unavailable):
    """The upstream's bulkhead is full, and its queue too long: so the other routes stay fast."""

    title = "Service overloaded"


class UpstreamBroken(Problem):
    status = 502
    title = "Bad gateway"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamTimedOut(Problem):
    status = 504
    title = "Gateway timeout"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamRefused(Problem):
    """An upstream's 4xx response without a problem document; it keeps its status."""

    title = "Request refused"

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
