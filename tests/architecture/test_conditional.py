"""Single resources carry tags, and what changes one honours If-Match."""

from __future__ import annotations

import re

import pytest

from services.gateway.policy import POLICY
from shared.web.conditional import CONDITIONAL_ATTRIBUTE
from tests.architecture.apps import app_of
from tests.architecture.test_routes import PROTECTED

# Answers that are no state of one resource: pages of a list, and a file that is written piece by piece.
UNTAGGED = {
    "/v1/companies",
    "/v1/inventory",
    "/v1/invitations",
    "/v1/notifications",
    "/v1/orders",
    "/v1/payments",
    "/v1/products",
    "/v1/products/imports",
    "/v1/products/imports/{}/failed-rows",
    "/v1/search",
    "/v1/search/suggest",
}


def conditional_routes(service: str, make_app) -> dict[tuple[str, str], bool]:
    """Return whether each public route of a service is conditional, by method and path without parameters' names."""
    app = app_of(service, make_app)
    found = {}
    for rule in app.url_map.iter_rules():
        view_class = getattr(app.view_functions[rule.endpoint], "view_class", None)
        for method in rule.methods or ():
            function = getattr(view_class, method.lower(), None)
            marked = getattr(function, CONDITIONAL_ATTRIBUTE, False)
            found[method, re.sub(r"<[^>]+>", "{}", rule.rule)] = marked
    return found


@pytest.mark.parametrize("service", PROTECTED)
def test_every_single_resource_and_every_change_of_one_is_conditional(service, make_app):
    marked = conditional_routes(service, make_app)
    public = {
        (route.method, re.sub(r"\{\w+\}", "{}", route.upstream_path)) for route in POLICY if route.upstream == service
    }
    wanted = {(method, path) for method, path in public if method in ("GET", "PUT", "PATCH") and path not in UNTAGGED}

    assert {route for route in wanted if not marked[route]} == set()
