"""Calls that may fail: a breaker, a bulkhead and a retry budget per upstream, and `@resilient` for client methods."""

from __future__ import annotations

import functools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any, Final, TypeVar, cast

from shared.base import deadline
from shared.base.errors import Unavailable
from shared.base.limits import DependencyLimits, limits_for
from shared.calls.breaker import BreakerOpen, BreakerState, CircuitBreaker
from shared.observe.observability import get_logger

T = TypeVar("T")
log = get_logger()

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.5
# With little traffic a share of it allows no retry at all, so one per this many seconds is always allowed.
SECONDS_PER_FREE_RETRY = 10.0
LARGEST_RETRY_BALANCE = 10.0
_NO_FALLBACK: Final = object()

# 0: nobody retries around this call; n: `@resilient` makes its n-th attempt, so that no layer below retries too.
attempt_number: ContextVar[int] = ContextVar("attempt_number", default=0)


class UpstreamUnavailable(Unavailable):
    """
    A dependency did not answer: connection, timeout, 5xx, open breaker or full bulkhead.

    `reason` says which of these; `is_retryable` is False where another try cannot help.
    """

    title = "A service that is needed here is not available"

    def __init__(
        self,
        upstream: str,
        reason: str,
        *,
        is_retryable: bool = True,
        was_retried: bool = False,
        retry_after_seconds: int = 2,
    ) -> None:
        detail = f"{upstream} is not available"
        super().__init__(detail, retry_after_seconds=retry_after_seconds, upstream=upstream)
        self.upstream = upstream
        self.reason = reason
        self.is_retryable = is_retryable
        if was_retried:
            self.mark_retried()

    def mark_retried(self) -> None:
        """Tell every caller above that this was tried again already: retries must not multiply through the layers."""
        self.is_retryable = False
        self.headers["X-Retried"] = "1"


class Verdict(Enum):
    """What an exception says about the upstream: it failed, it answered (a refusal), or nothing."""

    FAILED = "failed"
    ANSWERED = "answered"
    UNKNOWN = "unknown"


class RetryBudget:
    """Retries are at most `ratio` of the calls, so that a dead upstream gets 1.1 times its load, not twice."""

    def __init__(self, ratio: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ratio = ratio
        self._clock = clock
        self._lock = threading.Lock()
        self._balance = 1.0
        self._refilled_at = clock()

    def deposit(self) -> None:
        """Count one first attempt."""
        with self._lock:
            self._add(self._ratio)

    def withdraw(self) -> bool:
        """Return True when one retry may be made, and count it."""
        with self._lock:
            now = self._clock()
            self._add((now - self._refilled_at) / SECONDS_PER_FREE_RETRY if self._balance < 1 else 0.0)
            self._refilled_at = now
            # Ten deposits of 0.1 add up to a little less than 1.
            if self._balance < 1 - 1e-9:
                return False
            self._balance -= 1
            return True

    def _add(self, share: float) -> None:
        self._balance = min(LARGEST_RETRY_BALANCE, self._balance + share)


class Upstream:
    """One dependency as this process sees it; `upstream(name)` returns the one that everybody shares."""

    def __init__(self, name: str, limits: DependencyLimits, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.limits = limits
        self.clock = clock
        self.breaker = CircuitBreaker(limits, clock=clock, on_change=self._announce)
        self.budget = RetryBudget(limits.retry_ratio, clock=clock)
        self._places = threading.BoundedSemaphore(limits.bulkhead)

    def call(self, function: Callable[[], T], *, judge: Callable[[Exception], Verdict]) -> T:
        """
        Run `function` if the breaker is closed and the bulkhead has a place, else raise UpstreamUnavailable at once.

        `judge` says what an exception tells about the upstream; a result always counts as an answer.
        """
        if not self._places.acquire(blocking=False):
            raise UpstreamUnavailable(self.name, "bulkhead_full", is_retryable=False, retry_after_seconds=1)
        try:
            return self._admitted(function, judge)
        finally:
            self._places.release()

    def _admitted(self, function: Callable[[], T], judge: Callable[[Exception], Verdict]) -> T:
        try:
            ticket = self.breaker.admit()
        except BreakerOpen as refusal:
            wait = max(1, math.ceil(refusal.retry_after_seconds))
            raise UpstreamUnavailable(
                self.name, "breaker_open", is_retryable=False, retry_after_seconds=wait
            ) from refusal
        started_at = self.clock()
        try:
            result = function()
        except Exception as error:
            verdict = judge(error)
            if verdict is Verdict.UNKNOWN:
                self.breaker.abandon(ticket)
            else:
                self.breaker.record(ticket, failed=verdict is Verdict.FAILED, seconds=self.clock() - started_at)
            raise
        except BaseException:
            self.breaker.abandon(ticket)
            raise
        self.breaker.record(ticket, failed=False, seconds=self.clock() - started_at)
        return result

    def _announce(self, state: BreakerState) -> None:
        log.warning("breaker_changed", upstream=self.name, state=state.value)


_upstreams: dict[str, Upstream] = {}
_upstreams_lock = threading.Lock()


def upstream(name: str) -> Upstream:
    """Return this process's one breaker, bulkhead and budget for the dependency `name`."""
    found = _upstreams.get(name)
    if found is None:
        with _upstreams_lock:
            found = _upstreams.setdefault(name, Upstream(name, limits_for(name)))
    return found


def forget_upstreams() -> None:
    """Start anew with closed breakers and empty bulkheads, as a fresh process does."""
    with _upstreams_lock:
        _upstreams.clear()


def full_jitter(retry: int) -> float:
    """Return the seconds to pause before the `retry`-th retry (1, 2, …): anything from 0 to an exponential cap."""
    cap = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (retry - 1))
    return random.uniform(0, cap)  # noqa: S311 (spreads load; not a secret)


def with_retries(target: Upstream, attempts: int, make: Callable[[int], T]) -> T:
    """
    Call `make(attempt)` up to `attempts` times while it raises a retryable UpstreamUnavailable.

    Every retry costs the budget of `target`, pauses with full jitter and fits the deadline; else the refusal stands.
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
    Give a client method its time, its attempts and what to answer without the upstream.

    Each attempt gets `timeout` seconds (less when the request's deadline is nearer) as the keyword `timeout`.
    `attempts` above 1 states that the method is safe to repeat. `fallback` is returned (a callable is called without
    arguments) instead of UpstreamUnavailable; never instead of a refusal (4xx). A ServiceClient guards its own calls;
    name the `dependency` on a method that reaches the upstream by other means, to guard it here.
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


def _judge(error: Exception) -> Verdict:
    if isinstance(error, deadline.DeadlineExceeded):
        return Verdict.UNKNOWN
    return Verdict.FAILED if isinstance(error, (ConnectionError, TimeoutError, Unavailable)) else Verdict.ANSWERED
