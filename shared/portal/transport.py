"""The gateway over HTTP, with the kernel's pool, deadline, breaker and retry."""

from __future__ import annotations

from shared.portal.gateway import Call, Reply
from shared.service_client import ServiceClient

API_PREFIX = "/api/v1"


class HttpTransport(ServiceClient):
    """Sends a portal's calls; it raises UpstreamRefused for 4xx and UpstreamUnavailable where there is no answer."""

    service = "gateway"

    def send(self, call: Call, token: str | None) -> Reply:
        upload = call.upload
        answer = self.request(
            call.method,
            API_PREFIX + call.path,
            call.body,
            params=call.query,
            headers={"Authorization": f"Bearer {token}"} if token else None,
            idempotency_key=call.key,
            files={"file": (upload.filename, upload.content, upload.content_type)} if upload else None,
        )
        return Reply(answer.status, answer.json())
