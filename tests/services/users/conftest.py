"""The users service on this worker's stores, with signing keys of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories.users import PASSWORD

SECRETS = {"orders": "secret-of-orders", "products": "secret-of-products"}


@pytest.fixture
def make_users(make_app: Callable[..., Flask], tmp_path: Path) -> Callable[..., Flask]:
    hashes = {name: hashlib.sha256(secret.encode()).hexdigest() for name, secret in SECRETS.items()}
    defaults = {"signing_key_file": str(tmp_path / "signing.pem"), "service_secret_hashes": json.dumps(hashes)}
    return lambda **settings: make_app("users", **{**defaults, **settings})


@pytest.fixture
def users(make_users: Callable[..., Flask]) -> Flask:
    return make_users()


@pytest.fixture
def client(users: Flask) -> FlaskClient:
    return users.test_client()


@pytest.fixture
def sign_in(client: FlaskClient) -> Callable[..., Any]:
    """Sign in and return the tokens."""

    def call(user: Any, password: str = PASSWORD) -> Any:
        response = client.post("/v1/auth/login", json={"email": user.email, "password": password})
        assert response.status_code == 200, response.json
        return response.json

    return call


def bearer(tokens: dict[str, str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}
