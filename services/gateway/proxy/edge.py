"""The WSGI shortcut before Flask: one request in, one call to an upstream, driven by the policy table."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson

from services.gateway.clients.upstream import Upstream
from services.gateway.config import GatewaySettings
from services.gateway.errors import UpstreamBroken, UpstreamRefused, UpstreamTimedOut, UpstreamUnavailable
from services.gateway.policy import Access
from services.gateway.proxy.admission import Admission, refuse
from services.gateway.proxy.answers import VARY, CompressedBody, compress, name_instance, varies
from services.gateway.proxy.bodies import received_body
from services.gateway.proxy.fields import (
    SECURITY_FIELDS,
    Fields,
    cors_fields,
    forwarded_fields,
    preflight_fields,
    returned_fields,
)
from services.gateway.proxy.matching import Match, Matcher
from services.gateway.proxy.sampling import Sampler
from services.gateway.rules.passage import QUERY_PATTERN
from shared.base import deadline
from shared.base.errors import BadRequest, NotFound, Problem
from shared.calls.exchange import PROBLEM_TYPE, Request, Response
from shared.calls.wire import Body
from shared.observe import tracing
from shared.observe.observability import begin_at_edge, get_logger, log_request, trace_request
from shared.web.compression import TAG_SUFFIX, accepts_gzip, known_tags
from shared.web.limiter import Decision
from shared.web.problems import problem_document
from shared.web.raw_paths import raw_path
from shared.web.refused_requests import REFUSAL

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = get_logger()

PREFIXES = ("/api/", "/.well-known/", "/oauth/")
SAFE_METHODS = frozenset({"GET", "HEAD"})
LONGEST_SECONDS = 15.0
REASONS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


@dataclass
class EdgeRequest:
    """A client's request; `fields` are response header fields that the gateway adds to the upstream's own."""

    environ: WSGIEnvironment
    method: str
    raw_path: str
    fields: Fields
    route_label: str = "unmatched"
    route_key: tuple[str, str] = ("", "")
    sent_tags: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """The response for the client."""

    status: int
    fields: Fields
    body: Iterable[bytes]


class Edge:
    """Serves the routes of the policy table; Flask serves every other path."""

    def __init__(
        self,
        flask: WSGIApplication,
        *,
        matcher: Matcher,
        admission: Admission,
        upstreams: Mapping[str, Upstream],
        settings: GatewaySettings,
        sampler: Sampler | None = None,
    ) -> None:
        self._flask = flask
        self._sampler = sampler
        self._matcher = matcher
        self._admission = admission
        self._upstreams = upstreams
        self._settings = settings

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = raw_path(environ)
        if not path.startswith(PREFIXES) or REFUSAL in environ:
            return self._flask(environ, start_response)
        started_at = time.perf_counter()
        scope = begin_at_edge(environ)
        try:
            request = EdgeRequest(environ, environ["REQUEST_METHOD"], path, _common_fields(environ, self._settings))
            outgoing = self._respond(request)
            seconds = time.perf_counter() - started_at
            log_request(request.method, request.route_label, outgoing.status, seconds)
            trace_request(request.method, request.route_label, outgoing.status, seconds)
            if self._sampler is not None:
                self._sampler.learn(request.route_key, seconds, has_failed=outgoing.status >= 500)
        finally:
            tracing.end(scope)
        try:
            status_line = REASONS.get(outgoing.status) or f"{outgoing.status} Unknown"
            start_response(status_line, outgoing.fields + request.fields)
        except BaseException:
            _close(outgoing.body)
            raise
        if request.method == "HEAD":
            _close(outgoing.body)
            return ()
        return outgoing.body

    def body_limit(self, method: str, target: str, has_token: bool) -> int:
        """Return the largest body that is received for a request, before its token is verified."""
        try:
            route = self._matcher.match(method, raw_path({"RAW_URI": target})).route
        except Problem:
            return 0
        return route.body_limit if has_token or route.access is Access.PUBLIC else 0

    def _respond(self, request: EdgeRequest) -> Outgoing:
        try:
            if request.method == "OPTIONS":
                return self._options(request)
            return self._forward(request)
        except Problem as problem:
            return _refused(problem, request)
        except Exception as crash:  # a client never sees a traceback
            log.error("gateway_crashed", route=request.route_label, exc_info=crash)
            return _refused(Problem(), request)

    def _options(self, request: EdgeRequest) -> Outgoing:
        methods = self._matcher.allowed(request.raw_path)
        if not methods:
            raise NotFound("The API has no such path")
        fields = [("Allow", ", ".join(methods))]
        if request.environ.get("HTTP_ORIGIN") in self._settings.cors_origins:
            fields += preflight_fields(methods)
        return Outgoing(204, fields, ())

    def _forward(self, request: EdgeRequest) -> Outgoing:
        environ = request.environ
        match = self._matcher.match(request.method, request.raw_path)
        route = match.route
        request.route_label = route.path
        if self._sampler is not None:
            request.route_key = (route.method, route.path)
            self._sample(request, self._sampler.is_sampled(request.route_key))
        query = environ.get("QUERY_STRING", "")
        if not QUERY_PATTERN.fullmatch(query):
            raise BadRequest("The query contains characters that must be percent-encoded")
        principal = self._admission.identify(route, environ)
        if principal is not None:
            tracing.bind_context(user_id=principal.id, company_id=principal.company_id, acted_by=principal.actor_id)
        address = self._admission.address(environ)
        self._count(request, self._admission.limit(route, principal, address))
        if TAG_SUFFIX in environ.get("HTTP_IF_NONE_MATCH", ""):
            request.sent_tags = environ["HTTP_IF_NONE_MATCH"]
            environ["HTTP_IF_NONE_MATCH"] = known_tags(request.sent_tags)
        with received_body(environ, route.body_limit, self._settings) as body:
            response = self._call(request, match, query, address, body)
        return self._returned(request, match, response)

    @staticmethod
    def _sample(request: EdgeRequest, is_sampled: bool) -> None:
        tracing.set_sampled(is_sampled=is_sampled)
        trace = tracing.current()
        if is_sampled and trace is not None:
            request.fields.append(("traceresponse", trace.header()))  # a portal samples its own spans by it

    def _call(self, request: EdgeRequest, match: Match, query: str, address: str, body: Body | None) -> Response:
        span = tracing.call_span()
        upstream = match.route.upstream
        started_at = time.perf_counter()
        has_failed = True
        try:
            response = self._upstreams[upstream].call(
                _request(request, match, query, address, body, ours=tracing.outgoing_headers(span))
            )
            has_failed = response.status >= 500
            return response
        finally:
            seconds = time.perf_counter() - started_at
            attributes = {"http.request.method": request.method, "peer.service": upstream}
            tracing.export_span(span, "client", upstream, seconds, has_failed=has_failed, attributes=attributes)

    @staticmethod
    def _count(request: EdgeRequest, decision: Decision) -> None:
        request.fields += decision.headers()
        if not decision.is_allowed:
            raise refuse(decision)

    @staticmethod
    def _returned(request: EdgeRequest, match: Match, response: Response) -> Outgoing:
        if response.status >= 400:
            if "json" not in response.header("content-type"):
                response.close()
                raise _problem_for(match.route.upstream, response.status)
            name_instance(response, request.raw_path)
        body: Response | CompressedBody = response
        if varies(response):
            request.fields.append(VARY)
            if accepts_gzip(request.environ.get("HTTP_ACCEPT_ENCODING", "")):
                body = compress(response, request.sent_tags)
        return Outgoing(response.status, returned_fields(response, match.route), body)


def _request(
    request: EdgeRequest, match: Match, query: str, address: str, body: Body | None, *, ours: Mapping[str, str]
) -> Request:
    """Return the request for the upstream: the client's own header fields, then ours, which the client cannot set."""
    environ, route = request.environ, match.route
    seconds = min(route.timeout_seconds, LONGEST_SECONDS)
    wanted = deadline.parse(environ.get("HTTP_X_DEADLINE_MS"))
    is_hurried = wanted is not None and wanted < seconds
    if wanted is not None and is_hurried:
        seconds = wanted
    if seconds <= 0:
        raise UpstreamTimedOut("The deadline (X-Deadline-Ms) leaves no time for the call")
    scheme = environ.get("wsgi.url_scheme", "http")
    fields = (
        f"{forwarded_fields(environ)}X-Request-ID: {ours['X-Request-ID']}\r\ntraceparent: {ours['traceparent']}\r\n"
        f"X-Forwarded-For: {address}\r\nX-Forwarded-Proto: {scheme}\r\n"
    )
    return Request(
        method="GET" if request.method == "HEAD" else request.method,  # their fields are the same, also Content-Length
        target=f"{match.upstream_path}?{query}" if query else match.upstream_path,
        fields=fields,
        expires_at=time.monotonic() + seconds,
        body=body,
        may_repeat=request.method in SAFE_METHODS or bool(environ.get("HTTP_IDEMPOTENCY_KEY")),
        is_hurried=is_hurried,
        share=route.criticality.value,
        wait_share=route.criticality.wait_share,
        hope=route.criticality.hope,
        route=f"{route.method} {route.path}",
        is_streamed=True,
    )


def _common_fields(environ: WSGIEnvironment, settings: GatewaySettings) -> Fields:
    fields = [*SECURITY_FIELDS, ("X-Request-ID", tracing.current_request_id())]
    return fields + cors_fields(environ, settings.cors_origins) if settings.cors_origins else fields


def _close(body: Iterable[bytes]) -> None:
    if isinstance(body, Response | CompressedBody):
        body.close()


def _problem_for(upstream: str, status: int) -> Problem:
    """Return the problem for an error response without JSON, as proxies and servers write it."""
    if status < 500:
        return UpstreamRefused(status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        return UpstreamUnavailable(f"{upstream} is unavailable")
    if status == HTTPStatus.GATEWAY_TIMEOUT:
        return UpstreamTimedOut(f"{upstream} took too long")
    return UpstreamBroken(f"{upstream} failed")


def _refused(problem: Problem, request: EdgeRequest) -> Outgoing:
    document = problem_document(problem) | {"instance": request.raw_path}
    body = orjson.dumps(document)
    fields = [*problem.headers.items(), ("Cache-Control", "no-store"), ("Content-Type", PROBLEM_TYPE), VARY]
    return Outgoing(problem.status, [*fields, ("Content-Length", str(len(body)))], (body,))
