"""The gateway's own refusals."""

from __future__ import annotations

from shared.base.errors import Problem, Unavailable


class MethodNotAllowed(Problem):
    status = 405
    title = "This address does not take that method"


class BodyTooLarge(Problem):
    status = 413
    title = "The request is too large"


class BodyIncomplete(Problem):
    status = 400
    title = "The request's body ended before its announced length"


class BodyTooSlow(Problem):
    status = 408
    title = "The request's body did not arrive in time"


class RateLimited(Problem):
    status = 429
    title = "Too many requests; slow down"


class UpstreamUnavailable(Unavailable):
    """The service behind this address cannot be reached, or its breaker is open."""

    title = "The service behind this address does not answer"


class UpstreamBusy(Unavailable):
    """The bulkhead of the upstream is full: refused at once, so that the other routes stay fast."""

    title = "The service behind this address is busy"


class UpstreamBroken(Problem):
    status = 502
    title = "The service behind this address gave an unusable answer"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamTimedOut(Problem):
    status = 504
    title = "The service behind this address did not answer in time"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamRefused(Problem):
    """A refusal that an upstream's server wrote without a problem document; it keeps its status."""

    title = "The request was refused"

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
