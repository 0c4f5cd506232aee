"""What the gateway serves itself: the merged description of the API, and the state of its upstreams."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import redis

from services.gateway.clients.descriptions import DescriptionCache
from services.gateway.clients.upstream import Upstream
from services.gateway.policy import POLICY
from services.gateway.rules.description import merge_descriptions
from services.gateway.rules.problems import ProblemEntry, ProblemPage, problem_pages
from shared.base.errors import Problem
from shared.calls.exchange import Request, Response
from shared.web.limiter import Limiter
from shared.web.problem_catalog import problems_of

PROBE_SECONDS = 1.0
FRESH_SECONDS = 1.0


def describe_api(descriptions: DescriptionCache, *, server: str) -> dict[str, Any]:
    """Return one OpenAPI 3.1 document of everything the policy table publishes at the address `server`."""
    found = descriptions.read()
    return merge_descriptions(found.by_service, POLICY, found.missing, server=server)


def describe_problems(descriptions: DescriptionCache) -> dict[str, ProblemPage]:
    """Return the page of each problem type, by its name: of the gateway's own and of those of the services."""
    entries = msgspec.convert(problems_of("gateway"), list[ProblemEntry])
    for description in descriptions.read().by_service.values():
        entries += description.problems
    return problem_pages(entries)


class Readiness:
    """The state of all dependencies, probed once a second at most: the route is public, a report costs six calls."""

    def __init__(self, upstreams: Mapping[str, Upstream], limiter: Limiter) -> None:
        self._upstreams = upstreams
        self._limiter = limiter
        self._lock = threading.Lock()
        self._states: dict[str, str] = {}
        self._fresh_until = 0.0

    def report(self) -> dict[str, str]:
        """Return the state of each dependency: `ok`, `degraded` (as the dependency reports) or `unreachable`."""
        with self._lock:
            if time.monotonic() >= self._fresh_until:
                self._states = self._probe_all()
                self._fresh_until = time.monotonic() + FRESH_SECONDS
            return dict(self._states)

    def _probe_all(self) -> dict[str, str]:
        with ThreadPoolExecutor(max_workers=len(self._upstreams)) as pool:
            states = dict(zip(self._upstreams, pool.map(_probe, self._upstreams.values()), strict=True))
        return states | {"redis": _probe_redis(self._limiter)}


def _probe(upstream: Upstream) -> str:
    expires_at = time.monotonic() + PROBE_SECONDS
    probe = Request("GET", "/health/ready", "", expires_at, may_repeat=True, is_hurried=True, is_probe=True)
    try:
        response = upstream.call(probe)
    except Problem:
        return "unreachable"
    return "ok" if response.status == 200 and _reported(response) != "degraded" else "degraded"


def _reported(response: Response) -> str:
    """Return the status that a service reports of itself, empty for a response of another shape."""
    try:
        return str(response.json()["status"])
    except (ValueError, TypeError, KeyError):
        return ""


def _probe_redis(limiter: Limiter) -> str:
    try:
        limiter.check()
    except redis.RedisError:
        return "unreachable"
    return "ok"
