"""Every route of every service says who may call it, and is documented where it is public API."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from shared.base.workloads import SERVICES, called_by
from tests.architecture.apps import app_of

ROOT = Path(__file__).parents[2]
PROTECTED = [service for service in SERVICES if service != "gateway"]


def permissions(service: str, make_app) -> list[tuple[str, str, str | None]]:
    """Return (method, path, permission) of every route of a service."""
    app = app_of(service, make_app)
    found = []
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        view_class = getattr(view, "view_class", None)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            function = getattr(view_class, method.lower(), view) if view_class else view
            found.append((method, rule.rule, getattr(function, "__permission__", None)))
    return found


@pytest.mark.parametrize("service", PROTECTED)
class TestRoutes:
    def test_state_their_permission(self, service, make_app):
        silent = [route for route in permissions(service, make_app) if route[2] is None and route[1] != "/openapi.json"]
        assert silent == []

    def test_keep_internal_addresses_for_services(self, service, make_app):
        mixed = [
            route
            for route in permissions(service, make_app)
            if route[1].startswith("/internal/") != (route[2] == "internal")
            and route[1] != "/internal/v1/service-tokens"  # asked for with the service's secret: it mints the tokens
        ]
        assert mixed == []

    def test_for_services_name_callers_that_call_this_service(self, service, make_app):
        for view in app_of(service, make_app).view_functions.values():
            view_class = getattr(view, "view_class", None)
            for method in getattr(view_class, "methods", None) or ():
                function = getattr(view_class, method.lower(), None)
                if getattr(function, "__permission__", None) == "internal":
                    callers = getattr(function, "__callers__", ())
                    assert callers, f"{method} {view_class}"
                    assert all(service in called_by(caller) for caller in callers), f"{method} {view_class}: {callers}"

    def test_refuse_who_is_not_signed_in(self, service, make_app):
        app = app_of(service, make_app)
        for method, path, permission in permissions(service, make_app):
            if permission in {"public", None}:
                continue
            address = re.sub(r"<[^>]+>", "A1", path)
            answer = app.test_client().open(address, method=method)
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.content_type == "application/problem+json"

    def test_refuse_a_query_that_they_do_not_declare(self, service, make_app):
        app = app_of(service, make_app)
        for method, path, _ in permissions(service, make_app):
            address = re.sub(r"<[^>]+>", "A1", path)
            answer = app.test_client().open(f"{address}?unknown=1", method=method)
            assert answer.status_code == 422, f"{method} {path}"
            assert answer.json is not None
            assert answer.json["errors"][0]["pointer"] == "/unknown"


class TestViews:
    @pytest.mark.parametrize("service", SERVICES)
    def test_are_made_outside_of_what_skips_unreadable_documents(self, service):
        """A fault of our own in a view must answer 500: a list that left the item out would hide it."""
        skipping = re.compile(r"\.readable\(|read_each\(")
        found = [
            str(path)
            for name in ("routes.py", "schemas.py")
            for path in ROOT.joinpath("services", service).rglob(name)
            if skipping.search(path.read_text())
        ]
        assert found == []
