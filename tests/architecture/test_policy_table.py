"""The gateway's table and the services' routes are one: same addresses, same permissions."""

from __future__ import annotations

import re

import pytest

from services.gateway.policy import POLICY, UPSTREAMS, Access
from tests.architecture.test_routes import permissions

OWN_ADDRESSES = ("/internal/", "/health/", "/metrics", "/openapi.json")
ACCESS: dict[str | Access, str] = {Access.PUBLIC: "public", Access.SIGNED_IN: "signed-in"}


@pytest.mark.parametrize("service", UPSTREAMS)
def test_says_of_each_service_what_the_service_says(service, make_app):
    served = {
        (method, re.sub(r"<[^>]*>", "{}", path), permission)
        for method, path, permission in permissions(service, make_app)
        if not path.startswith(OWN_ADDRESSES)
    }
    published = {
        (row.method, re.sub(r"\{\w+\}", "{}", row.upstream_path), ACCESS.get(row.access, str(row.access)))
        for row in POLICY
        if row.upstream == service
    }
    assert published == served
