"""The gateway in memory: the portals' transport for tests, with sign-in, faults on demand and a record of the calls."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import orjson

from services.gateway.policy import POLICY
from shared.calls.service_client import Response, UpstreamRefused, UpstreamUnavailable
from shared.portal.gateway import Call, Reply
from tests.openapi import check_answer, check_problem
from tests.portals.fake_shop import Refusal, Shop

PASSWORD = "tradepost-demo"
DERIVED = {"available", "is_stocked", "reserved", "total", "problem"}
Route = Callable[..., tuple[int, Any]]


def refused(status: int, kind: str = "refused", *, retry_after: str = "", **members: Any) -> UpstreamRefused:
    """Return the exception the real client raises for a problem of this kind."""
    check_problem(status, f"/problems/{kind}")
    document = {"type": f"/problems/{kind}", "title": kind.replace("-", " ").capitalize(), "status": status} | members
    headers = [("Content-Type", "application/problem+json")]
    if retry_after:
        headers.append(("Retry-After", retry_after))
    return UpstreamRefused("gateway", Response(status, headers, orjson.dumps(document)))


def permission_of(call: Call) -> str | None:
    """Return the permission that the gateway's policy demands for a call, None when being signed in is enough."""
    for route in POLICY:
        pattern = re.sub(r"{[^}]+}", "[^/]+", route.upstream_path.removeprefix("/v1"))
        if route.method == call.method and re.fullmatch(pattern, call.path):
            return route.access if isinstance(route.access, str) else None
    return None


class FakeGateway:
    """
    A `Transport`; calls that the policy forbids to the person are refused and kept in `forbidden`.

    `is_down` makes every call fail; `next_failures` are raised one by one by calls whose path begins with the key.
    Answers are checked against the published API, unless `is_newer` says that the gateway is of a later version.
    """

    def __init__(self) -> None:
        self.shop = Shop()
        self.calls: list[Call] = []
        self.forbidden: list[Call] = []
        self.is_down = False
        self.is_newer = False
        self.refreshes = 0
        self.token_seconds = 600
        self._failures: list[tuple[str, Exception]] = []
        self._serial = itertools.count(1)
        self._access: dict[str, str] = {}
        self._refresh: dict[str, str] = {}
        self._answers: dict[str, Reply] = {}
        self._routes: list[tuple[str, re.Pattern[str], Route]] = [
            (method, re.compile(pattern), route) for method, pattern, route in self.shop.routes()
        ]

    def fail_next(self, path: str, failure: Exception) -> None:
        """Let the next call whose path begins with `path` fail."""
        self._failures.append((path, failure))

    def lose_answer_of_next(self, path: str) -> None:
        """Let the next call do its work, and the answer never arrive."""
        self._failures.append((path, LostAnswer()))

    def expire_access(self) -> None:
        self._access.clear()

    def revoke_all(self) -> None:
        self._access.clear()
        self._refresh.clear()

    def sent(self, method: str, path: str) -> list[Call]:
        return [call for call in self.calls if call.method == method and call.path == path]

    def download(self, call: Call, token: str | None) -> Response:
        """Return the file that the shop's route answers; the real gateway checks and fails alike."""
        content = self._received(call, token, is_file=True).body
        return Response(200, [], content)

    def send(self, call: Call, token: str | None) -> Reply:
        return self._received(call, token)

    def _received(self, call: Call, token: str | None, *, is_file: bool = False) -> Reply:
        if call.upload is not None and not isinstance(call.upload.content, bytes):
            call = replace(call, upload=replace(call.upload, content=call.upload.content.read()))
        self.calls.append(call)
        if self.is_down:
            raise UpstreamUnavailable("gateway", "connection")
        failure = self._take_failure(call)
        if failure and not isinstance(failure, LostAnswer):
            raise failure
        reply = self._auth(call) or self._signed_in(call, token)
        if not self.is_newer:
            check_answer(call.method, call.path, reply.status, reply.body.decode() if is_file else reply.body)
        if failure:
            raise UpstreamUnavailable("gateway", "timeout")
        return reply

    def _take_failure(self, call: Call) -> Exception | None:
        for place, (path, failure) in enumerate(self._failures):
            if call.path.startswith(path):
                del self._failures[place]
                return failure
        return None

    def _auth(self, call: Call) -> Reply | None:
        if call.path == "/auth/login":
            user = self.shop.users.get(call.body["email"])
            if user is None or call.body["password"] != PASSWORD:
                raise refused(401, "invalid-credentials")
            return self._grant(call.body["email"], device_token=call.body["device_token"] or "dev_new")
        if call.path == "/auth/refresh":
            self.refreshes += 1
            email = self._refresh.pop(call.body["refresh_token"], None)
            if email is None:
                raise refused(401, "session-over")
            return self._grant(email)
        if call.path == "/auth/logout":
            self._refresh.pop(call.body["refresh_token"], None)
            return Reply(204, None)
        if call.path in ("/invitations/lookup", "/invitations/acceptance"):
            route = self.shop.people.accept if call.path.endswith("acceptance") else self.shop.people.lookup
            try:
                return Reply(200, route(call.body))
            except Refusal as refusal:
                raise refused(refusal.status, refusal.kind, **refusal.members) from refusal
        return None

    def _grant(self, email: str, *, device_token: str | None = None) -> Reply:
        number = next(self._serial)
        access, refresh = f"access-{number}", f"refresh-{number}"
        self._access[access], self._refresh[refresh] = email, email
        grant = {"access_token": access, "refresh_token": refresh, "token_type": "Bearer"}
        return Reply(200, grant | {"expires_in": self.token_seconds, "device_token": device_token})

    def _signed_in(self, call: Call, token: str | None) -> Reply:
        email = self._access.get(token or "")
        if email is None:
            raise refused(401, "unauthorized")
        needed = permission_of(call)
        if needed and not {needed, f"{needed}:any"} & {*self.shop.users[email]["permissions"]}:
            self.forbidden.append(call)
            raise refused(403, "forbidden", detail=f"The permission {needed} is required", permission=needed)
        if call.key and call.key in self._answers:
            return self._answers[call.key]
        for method, pattern, route in self._routes:
            match = pattern.fullmatch(call.path)
            if match and method == call.method:
                self._require_tag(call, token)
                reply = self._answer(route, email, call, [unquote(part) for part in match.groups()])
                reply = replace(reply, tag=tag_of(reply.body))
                if call.key:
                    self._answers[call.key] = reply
                return reply
        raise refused(404, "not-found", detail="There is no such address")

    def _require_tag(self, call: Call, token: str | None) -> None:
        if call.if_match and call.if_match != self._signed_in(Call("GET", call.path), token).tag:
            raise refused(412, "precondition-failed")

    def _answer(self, route: Route, email: str, call: Call, parts: list[str]) -> Reply:
        try:
            status, body = route(self.shop.users[email], call, *parts)
        except Refusal as refusal:
            raise refused(refusal.status, refusal.kind, **refusal.members) from refusal
        # Through JSON, as over the wire: what a page gets is its own copy.
        return Reply(status, body if isinstance(body, bytes) else orjson.loads(orjson.dumps(body)))


def tag_of(body: Any) -> str:
    """Return the tag of an answer: of what a form can change, not of stock that orders hold and prices of a cart."""
    if not isinstance(body, dict):
        return ""
    state = {name: value for name, value in body.items() if name not in DERIVED}
    state["line_items"] = [(line.get("sku"), line["quantity"]) for line in body.get("line_items", ())]
    return f'"{hashlib.sha256(orjson.dumps(state)).hexdigest()[:12]}.x"'


class LostAnswer(Exception):
    """Marks a call that is carried out and then not answered."""
