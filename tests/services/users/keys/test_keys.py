"""Signing keys: drawn, read, published, rotated; and verified by a service over HTTP, end to end."""

from __future__ import annotations

import stat
import threading

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from werkzeug.serving import make_server

from services.users.clients.keys import KeyRing, load_keys
from shared.base.errors import SettingsInvalid, Unauthorized
from shared.web.service import remote_keys
from shared.web.tokens import TokenVerifier
from tests.factories.users import make_user
from tests.services.users.conftest import SECRETS
from tests.services.users.sessions.test_signing_in import decoded


def pem(key=None):
    return (key or ec.generate_private_key(ec.SECP256R1())).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class TestFile:
    def test_is_drawn_for_its_owner_only(self, tmp_path):
        path = tmp_path / "new" / "key.pem"
        load_keys(str(path), may_generate=True)

        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [each.name for each in path.parent.iterdir()] == ["key.pem"]

    def test_is_kept(self, tmp_path):
        path = str(tmp_path / "key.pem")
        kids = {KeyRing(load_keys(path, may_generate=True)).jwks.keys[0]["kid"] for _ in range(2)}

        assert len(kids) == 1

    def test_many_starting_at_once_agree(self, tmp_path):
        path, kids = str(tmp_path / "key.pem"), []
        threads = [
            threading.Thread(
                target=lambda: kids.append(KeyRing(load_keys(path, may_generate=True)).jwks.keys[0]["kid"])
            )
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert len(kids) == 4
        assert len(set(kids)) == 1

    def test_is_not_drawn_in_production(self, make_users, tmp_path):
        with pytest.raises(SettingsInvalid, match="SIGNING_KEY_FILE"):
            make_users(tradepost_env="prod", signing_key_file=str(tmp_path / "none.pem"))

    @pytest.mark.parametrize("mode", ["demo", "staging", "prod"])
    def test_may_be_missing_in_tests_only(self, mode, make_users):
        assert make_users(signing_key_file="").test_client().get("/.well-known/jwks.json").json["keys"]
        with pytest.raises(SettingsInvalid, match="SIGNING_KEY_FILE is missing"):
            make_users(tradepost_env=mode, signing_key_file="")

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"nonsense",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            pem(rsa.generate_private_key(65537, 2048)),
            pem(ec.generate_private_key(ec.SECP384R1())),
        ],
        ids=["empty", "text", "broken", "rsa", "p384"],
    )
    def test_must_hold_usable_keys(self, content, tmp_path):
        path = tmp_path / "key.pem"
        path.write_bytes(content)

        with pytest.raises(SettingsInvalid, match="SIGNING_KEY_FILE"):
            load_keys(str(path), may_generate=True)


class TestRotation:
    def test_first_signs_and_all_verify(self, tmp_path):
        old, new = pem(), pem()
        path = tmp_path / "key.pem"
        path.write_bytes(old)
        before = KeyRing(load_keys(str(path), may_generate=False))
        token = before.signer.mint("usr_1", audience="tradepost")
        path.write_bytes(new + old)
        after = KeyRing(load_keys(str(path), may_generate=False))

        assert TokenVerifier("orders", after).verify(token).id == "usr_1"
        assert decoded(after.signer.mint("usr_1", audience="tradepost"), 0)["kid"] == after.jwks.keys[0]["kid"]
        assert len(after.jwks.keys) == 2
        path.write_bytes(new)
        with pytest.raises(Unauthorized):
            TokenVerifier("orders", KeyRing(load_keys(str(path), may_generate=False))).verify(token)


class TestPublished:
    def test_public_half_only(self, client):
        response = client.get("/.well-known/jwks.json")

        (key,) = response.json["keys"]
        assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
        assert (key["kty"], key["crv"], key["alg"], key["use"]) == ("EC", "P-256", "ES256", "sig")
        assert response.headers["Cache-Control"] == "public, max-age=300"


class TestOverHttp:
    """The kernel's verifier against this service's keys, as the other services run it."""

    @pytest.fixture
    def asked(self):
        return []

    @pytest.fixture
    def verifier(self, users, asked):
        @users.before_request
        def count():
            from flask import request

            asked.append(request.path)

        server = make_server("127.0.0.1", 0, users, threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield TokenVerifier("products", remote_keys(f"http://127.0.0.1:{server.server_port}"))
        server.shutdown()
        thread.join()
        server.server_close()

    def test_user_and_service_tokens_verify(self, verifier, sign_in, client):
        user = make_user()
        body = {"service": "orders", "secret": SECRETS["orders"], "audience": "products"}
        service_token = client.post("/internal/v1/service-tokens", json=body).json["access_token"]

        principal = verifier.verify(sign_in(user)["access_token"])

        assert (principal.id, principal.company_id, principal.service) == (user.id, user.company_id, None)
        assert principal.can("orders:write")
        assert verifier.verify(service_token).service == "orders"

    def test_keys_are_asked_for_once_whatever_comes(self, verifier, sign_in, tokens, asked):
        verifier.verify(sign_in(make_user())["access_token"])
        for number in range(5):
            with pytest.raises(Unauthorized):
                verifier.verify(tokens.user(user_id=f"usr_{number}"))

        assert asked.count("/.well-known/jwks.json") == 1
