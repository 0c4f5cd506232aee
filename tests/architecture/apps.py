"""The services' applications on the test stores, each built once per test that asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask


def app_of(service: str, make_app: Callable[..., Any]) -> Flask:
    """Return the application of a service with its real clients, which these tests never let call anybody."""
    app: Flask = make_app(service)
    return app
