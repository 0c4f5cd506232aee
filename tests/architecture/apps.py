"""The services' applications on the test stores, with the settings they cannot start without."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

# What a service cannot start without and these tests never use.
REQUIRED: dict[str, dict[str, str]] = {
    "payments": {
        "psp_url": "http://127.0.0.1:9",
        "psp_api_key": "unused",
        "psp_webhook_secret": "whsec_dW51c2Vk",
        "public_customer_url": "http://127.0.0.1:8081",
        "public_gateway_url": "http://127.0.0.1:8080",
    },
    "products": {"storage_dir": str(Path(tempfile.gettempdir()) / "tradepost-architecture-tests")},
    "notifications": {"mailbox_dir": "unused", "public_customer_url": "http://127.0.0.1:8081"},
}


def app_of(service: str, make_app: Callable[..., Any]) -> Flask:
    """Return the application of a service with its real clients, which these tests never call."""
    app: Flask = make_app(service, **REQUIRED.get(service, {}))
    return app
