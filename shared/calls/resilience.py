"""Calls that may fail: breaker, bulkhead and retry budget of each upstream, and `@resilient` for client methods."""

from __future__ import annotations

import functools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, cast

from shared.base import deadline
from shared.base.errors import Unavailable
from shared.base.limits import DependencyLimits, limits_for
from shared.calls.adaptive import AdaptiveLimit
from shared.calls.breaker import BreakerState, CircuitBreaker
from shared.calls.bulkhead import HOPE, WAIT_SHARE, Bulkhead
from shared.calls.failures import BulkheadFull, NoResponse
from shared.calls.outcomes import Admission, CallOutcome
from shared.calls.retry_budget import RetryBudget
from shared.observe.metrics import counter, histogram
from shared.observe.observability import get_logger

T = TypeVar("T")
PLACES_BUCKETS = (8, 16, 32, 64, 128, 256, 512)
log = get_logger()
_refused = counter("upstream_refused_total", "Calls refused because the upstream's places were taken.", ("upstream",))
_places = histogram(
    "upstream_places", "Calls at once to an upstream, at each change.", ("upstream",), buckets=PLACES_BUCKETS
)

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.5
_NO_FALLBACK: Final = object()

# 0: no retries around this call; n: `@resilient` makes its n-th attempt, so that no layer below retries too.
attempt_number: ContextVar[int] = ContextVar("attempt_number", default=0)


class UpstreamUnavailable(Unavailable):
    """
    A dependency is unavailable: no connection, timeout, 5xx, open breaker or full bulkhead.

    `reason` says which of these; `is_retryable` is False where another attempt cannot help.
    """

    title = "Service unavailable"
    meaning = "A service that this one needs is unavailable. Nothing that cannot be repeated was done."
    advice = "Wait for the seconds in Retry-After and send the request again, with the same Idempotency-Key."

    def __init__(
        self,
        upstream: str,
        reason: str,
        *,
        is_retryable: bool = True,
        was_retried: bool = False,
        retry_after_seconds: int = 2,
    ) -> None:
        detail = f"{upstream} is unavailable"
        super().__init__(detail, retry_after_seconds=retry_after_seconds, upstream=upstream)
        self.upstream = upstream
        self.reason = reason
        self.is_retryable = is_retryable
        if was_retried:
            self.mark_retried()

    @classmethod
    def after(cls, upstream: str, failure: NoResponse) -> UpstreamUnavailable:
        """Return the problem for a call without a response."""
        wait = max(1, math.ceil(failure.retry_after_seconds))
        return cls(
            upstream,
            failure.reason,
            is_retryable=failure.is_retryable,
            was_retried=failure.was_repeated,
            retry_after_seconds=wait,
        )

    def mark_retried(self) -> None:
        """Mark this call as retried, for every caller above: retries must not multiply from layer to layer."""
        self.is_retryable = False
        self.headers["X-Retried"] = "1"


class Upstream:
    """
    One dependency as this process sees it; `upstream(name)` returns the one that all its clients share.

    With `adaptive` the number of its places follows its latency; `capacity` is the bulkhead's.
    """

    def __init__(
        self,
        name: str,
        limits: DependencyLimits,
        *,
        capacity: int = 0,
        adaptive: AdaptiveLimit | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.limits = limits
        self.clock = clock
        self.breaker = CircuitBreaker(limits, clock=clock, on_change=self._log_change)
        self.adaptive = adaptive
        places = adaptive.places if adaptive else limits.bulkhead
        self.bulkhead = Bulkhead(places, capacity=capacity, clock=clock)
        self.budget = RetryBudget(limits.retry_ratio, clock=clock)

    def admit(self, share: float = 1.0, *, wait_seconds: float = 0.0, hope: float = HOPE) -> Admission:
        """
        Take a place in the bulkhead and a ticket of the breaker; raise BulkheadFull or BreakerOpen.

        Waits up to `wait_seconds` for a place, not at all while the breaker is open.
        """
        if self.breaker.state is not BreakerState.CLOSED:
            wait_seconds = 0.0
        if not self.bulkhead.enter(share, wait_seconds=wait_seconds, hope=hope):
            _refused.labels(self.name).inc()
            raise BulkheadFull(f"{self.name} has all the calls it may have")
        try:
            return Admission(self.breaker.admit(), self.clock(), self.bulkhead.taken)
        except BaseException:
            self.bulkhead.leave()
            raise

    def leave(self, admission: Admission) -> None:
        """Free the place of a call that is over."""
        self.bulkhead.leave(self.clock() - admission.started_at)

    def settle(self, admission: Admission, outcome: CallOutcome, *, route: str = "") -> None:
        """Count the outcome of a call, its latency too if it says something about `route`; `leave` frees its place."""
        seconds = self.clock() - admission.started_at
        has_failed = outcome is CallOutcome.FAILED
        if outcome is CallOutcome.UNKNOWN:
            self.breaker.abandon(admission.ticket)
        else:
            self.breaker.record(admission.ticket, failed=has_failed, seconds=seconds)
        if self.adaptive is not None and (route or has_failed):
            under_way = admission.under_way
            self._resize(self.adaptive.observe(route, seconds, under_way=under_way, has_failed=has_failed))

    def _resize(self, places: int) -> None:
        if places != self.bulkhead.places:
            self.bulkhead.resize(places)
            _places.labels(self.name).observe(places)

    def call(self, function: Callable[[], T], *, judge: Callable[[Exception], CallOutcome]) -> T:
        """
        Return `function()` if the breaker is closed and the bulkhead has a place, else raise UpstreamUnavailable.

        `judge` returns what an exception says about the upstream; a returned value always counts as an answer.
        """
        try:
            admission = self.admit(wait_seconds=WAIT_SHARE * deadline.within(self.limits.read_timeout))
        except NoResponse as failure:
            raise UpstreamUnavailable.after(self.name, failure) from failure
        outcome = CallOutcome.ANSWERED
        try:
            return function()
        except Exception as failure:
            outcome = judge(failure)
            raise
        except BaseException:
            outcome = CallOutcome.UNKNOWN
            raise
        finally:
            self.settle(admission, outcome)
            self.leave(admission)

    def _log_change(self, state: BreakerState) -> None:
        log.warning("breaker_changed", upstream=self.name, state=state.value)


_upstreams: dict[str, Upstream] = {}
_upstreams_lock = threading.Lock()


def upstream(name: str) -> Upstream:
    """Return this process's breaker, bulkhead and retry budget of the dependency `name`."""
    found = _upstreams.get(name)
    if found is None:
        with _upstreams_lock:
            found = _upstreams.setdefault(name, Upstream(name, limits_for(name)))
    return found


def forget_upstreams() -> None:
    """Replace every breaker, bulkhead and retry budget by a new one, as in a new process."""
    with _upstreams_lock:
        _upstreams.clear()


def full_jitter(retry: int) -> float:
    """Return the seconds to pause before the `retry`-th retry (1, 2, …): anything from 0 to an exponential cap."""
    cap = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (retry - 1))
    return random.uniform(0, cap)  # noqa: S311 (spreads load; not a secret)


def with_retries(target: Upstream, attempts: int, make: Callable[[int], T]) -> T:
    """
    Return `make(attempt)`, called up to `attempts` times while it raises a retryable UpstreamUnavailable.

    Every retry is paid from the retry budget of `target`, pauses with full jitter and fits the deadline; otherwise the
    exception is raised.
    """
    target.budget.deposit()
    attempt = 1
    while True:
        try:
            return make(attempt)
        except UpstreamUnavailable as refusal:
            if attempt > 1:
                refusal.mark_retried()
            if attempt >= attempts or not refusal.is_retryable or not _pause_for_retry(target, attempt):
                raise
            log.info("call_retried", upstream=target.name, reason=refusal.reason)
            attempt += 1


def _pause_for_retry(target: Upstream, attempt: int) -> bool:
    pause = full_jitter(attempt)
    if deadline.remaining(pause + 1.0) <= pause or not target.budget.withdraw():
        return False
    time.sleep(pause)
    return True


@contextmanager
def _attempt(number: int) -> Iterator[None]:
    token = attempt_number.set(number)
    try:
        yield
    finally:
        attempt_number.reset(token)


def resilient(
    *, timeout: float, attempts: int = 1, fallback: Any = _NO_FALLBACK, dependency: str = ""
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """
    Give a client method its timeout, its attempts and a fallback for an unavailable upstream.

    Each attempt gets `timeout` seconds (less when the request's deadline is nearer) as the keyword `timeout`.
    `attempts` above 1 states that the method is safe to repeat. `fallback` is returned (a callable is called without
    arguments) instead of UpstreamUnavailable; never instead of a refusal (4xx). A ServiceClient has its own breaker and
    bulkhead; a method that calls by other means names its `dependency` here to get them.
    """

    def decorate(method: Callable[..., T]) -> Callable[..., T]:
        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> T:
            kwargs.setdefault("timeout", timeout)
            call = functools.partial(_timed, method, args, kwargs)
            target = upstream(dependency or args[0].service)
            run = functools.partial(_guarded, target, call) if dependency else call
            try:
                return with_retries(target, attempts, run)
            except UpstreamUnavailable as refusal:
                if fallback is _NO_FALLBACK:
                    raise
                log.warning("fallback_used", upstream=target.name, reason=refusal.reason, call=method.__name__)
                return cast(T, fallback() if callable(fallback) else fallback)

        return wrapper

    return decorate


def _timed(method: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any], attempt: int) -> T:
    deadline.check()
    with _attempt(attempt):
        return method(*args, **(kwargs | {"timeout": deadline.within(kwargs["timeout"])}))


def _guarded(target: Upstream, call: Callable[[int], T], attempt: int) -> T:
    try:
        return target.call(functools.partial(call, attempt), judge=_judge)
    except (ConnectionError, TimeoutError) as error:
        reason = "timeout" if isinstance(error, TimeoutError) else "connection"
        raise UpstreamUnavailable(target.name, reason) from error


def _judge(failure: Exception) -> CallOutcome:
    if isinstance(failure, deadline.DeadlineExceeded):
        return CallOutcome.UNKNOWN
    has_failed = isinstance(failure, (ConnectionError, TimeoutError, Unavailable))
    return CallOutcome.FAILED if has_failed else CallOutcome.ANSWERED
