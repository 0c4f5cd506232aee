"""The gateway over HTTP, with the kernel's pool, deadline, breaker and retry."""

from __future__ import annotations

from flask import has_request_context, request

from shared.calls.service_client import Response, ServiceClient
from shared.portal.gateway import Call, Download, Reply

API_PREFIX = "/api/v1"


class HttpTransport(ServiceClient):
    """Sends a portal's calls; it raises UpstreamRefused for 4xx and UpstreamUnavailable where there is no answer."""

    service = "gateway"

    def send(self, call: Call, token: str | None) -> Reply:
        answer = self._answer(call, token)
        return Reply(answer.status, answer.json(), answer.header("etag"))

    def download(self, call: Call, token: str | None) -> Download:
        return self._answer(call, token, is_streamed=True)

    def _answer(self, call: Call, token: str | None, *, is_streamed: bool = False) -> Response:
        upload = call.upload
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if call.if_match:
            headers["If-Match"] = call.if_match
        return self.request(
            call.method,
            API_PREFIX + call.path,
            call.body,
            params=call.query,
            headers=headers | _for_whom(),
            idempotency_key=call.key,
            files={"file": (upload.filename, upload.content, upload.content_type)} if upload else None,
            is_streamed=is_streamed,
        )


def _for_whom() -> dict[str, str]:
    """Name the browser's address, by which the gateway counts sign-ins; else all browsers would be one client."""
    if not has_request_context() or not request.remote_addr:
        return {}
    return {"X-Forwarded-For": request.remote_addr}
