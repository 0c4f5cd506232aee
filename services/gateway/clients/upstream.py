"""One upstream service as the gateway calls it: a call without a response becomes the client's problem document."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from services.gateway.errors import UpstreamBroken, UpstreamBusy, UpstreamTimedOut, UpstreamUnavailable
from shared.base.errors import Problem
from shared.base.limits import limits_for
from shared.base.workloads import BY_NAME
from shared.calls import resilience
from shared.calls.adaptive import AdaptiveLimit
from shared.calls.exchange import HttpUpstream, Request, Response
from shared.calls.failures import BreakerOpen, BulkheadFull, NoResponse, TimedOut, Unreachable

CONNECT_SECONDS = 1.0


class Upstream(HttpUpstream):
    """
    Calls one service; how many calls may be under way follows its threads and its latency, up to `places`.

    At most `threads` calls are under way and waiting together. TLS between tasks is Service Connect's business.
    """

    def __init__(self, name: str, url: str, *, places: int, threads: int) -> None:
        if urlsplit(url).scheme != "cloudmap" and urlsplit(url).path not in ("", "/"):
            raise ValueError(f"{name}'s address must look like http://host:port, not {url!r}")
        limits = replace(limits_for(name), pool=places, connect_timeout=CONNECT_SECONDS)
        adaptive = AdaptiveLimit(BY_NAME[name].threads, places)
        super().__init__(resilience.Upstream(name, limits, capacity=threads, adaptive=adaptive), url)
        self.name = name

    def call(self, request: Request) -> Response:
        """Return the upstream's response; raise the problem for the client when there is none."""
        try:
            return super().call(request)
        except NoResponse as failure:
            raise _problem(self.name, failure) from failure


def _problem(name: str, failure: NoResponse) -> Problem:
    seconds = max(1, math.ceil(failure.retry_after_seconds))
    match failure:
        case BreakerOpen():
            return UpstreamUnavailable(f"{name} is failing", retry_after_seconds=seconds)
        case BulkheadFull():
            return UpstreamBusy(f"{name} has as many calls under way as it may", retry_after_seconds=seconds)
        case Unreachable():
            return UpstreamUnavailable(f"{name} cannot be reached", retry_after_seconds=seconds)
        case TimedOut():
            return UpstreamTimedOut(f"{name} took too long")
    return UpstreamBroken(f"{name} did not complete its response")


def get_json(upstream: Upstream, path: str, *, seconds: float) -> Any:
    """Return the JSON at `path`; raise UpstreamBroken where there is none."""
    request = Request("GET", path, "Accept: application/json\r\n", time.monotonic() + seconds, may_repeat=True)
    response = upstream.call(request)
    if response.status != 200:
        raise UpstreamBroken(f"{upstream.name} responded with {response.status}")
    try:
        return response.json()
    except orjson.JSONDecodeError as failure:
        raise UpstreamBroken(f"{upstream.name} did not respond with JSON") from failure
