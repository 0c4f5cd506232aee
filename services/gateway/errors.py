"""The gateway's own refusals."""

from __future__ import annotations

from shared.base.errors import Problem, Unavailable


class MethodNotAllowed(Problem):
    status = 405
    title = "Method not allowed"
    meaning = "The address exists, but not with this method."
    advice = "Use one of the methods in the header Allow."


class RateLimited(Problem):
    status = 429
    title = "Too many requests"
    meaning = "The caller sent more requests than its limit allows; RateLimit and RateLimit-Policy tell the limit."
    advice = "Wait for the seconds in Retry-After, then send the request again."


class UpstreamUnavailable(Unavailable):
    """The upstream service cannot be reached, or its breaker is open."""

    title = "Service unavailable"
    meaning = (
        "The service behind the gateway cannot be reached, or it failed so often that it is left alone for a moment."
    )
    advice = "Wait for the seconds in Retry-After and send the request again, with the same Idempotency-Key."


class UpstreamBusy(Unavailable):
    """The upstream's bulkhead is full, and its queue too long: so the other routes stay fast."""

    title = "Service overloaded"
    meaning = "The service behind the gateway has as many calls under way as it can serve."
    advice = "Wait for the seconds in Retry-After and send the request again, with the same Idempotency-Key."


class UpstreamBroken(Problem):
    status = 502
    title = "Bad gateway"
    meaning = "The service behind the gateway did not complete its answer."
    advice = "Send the request again with the same Idempotency-Key; without one, read first whether it was done."
    always_sends = ("Retry-After",)

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamTimedOut(Problem):
    status = 504
    title = "Gateway timeout"
    meaning = "The service behind the gateway did not answer in time. It may still have done what was asked."
    advice = "Send the request again with the same Idempotency-Key; without one, read first whether it was done."
    always_sends = ("Retry-After",)

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"Retry-After": "2"})


class UpstreamRefused(Problem):
    """An upstream's 4xx response without a problem document; it keeps its status."""

    title = "Request refused"
    has_own_status = False
    meaning = "A service refused the request without saying why in a problem document; the status is the service's."
    advice = "Check the request against the documentation of the address; report the request_id if it is as described."

    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status
