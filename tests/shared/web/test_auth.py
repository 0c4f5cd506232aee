"""Access: who is allowed, and that forged tokens are refused."""

from __future__ import annotations

import base64
import time

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from shared.base.errors import Unauthorized, Unavailable
from shared.web.tokens import USER_AUDIENCE, RemoteKeys, TokenSigner, TokenVerifier
from tests.support import Api


def ask(app, path, token=None, **headers):
    given = {"Authorization": f"Bearer {token}"} if token else {}
    return app.test_client().get(path, headers={**given, **headers})


def altered(token, **changes):
    """Return the token with other header fields and an empty signature."""
    header, claims, _ = token.split(".")
    fields = orjson.loads(base64.urlsafe_b64decode(header + "==")) | changes
    return ".".join([base64.urlsafe_b64encode(orjson.dumps(fields)).decode().rstrip("="), claims, ""])


def resigned(tokens, **changes):
    """Return a token of users' own key with other claims, or another `typ`; None leaves a claim out."""
    header, claims, _ = tokens.user().split(".")
    fields = orjson.loads(base64.urlsafe_b64decode(header + "=="))
    if "typ" in changes:
        fields["typ"] = changes.pop("typ")
    changed = orjson.loads(base64.urlsafe_b64decode(claims + "==")) | changes
    known = {name: value for name, value in changed.items() if value is not None}
    return jwt.api_jws.encode(orjson.dumps(known), tokens._key, algorithm="ES256", headers=fields)


def challenge(response):
    return response.headers["WWW-Authenticate"]


class TestAllowedCallers:
    def test_knows_user_company_and_the_staff_user_of_an_acting_token(self, toy_app, tokens):
        response = ask(toy_app, "/v1/notes/mine", tokens.user("acting_rep", user_id="usr_b", act="usr_rep"))

        assert response.json == {"id": "usr_b", "company_id": "cmp_acme", "actor_id": "usr_rep"}

    def test_requires_a_token_unless_the_route_is_public(self, toy_app):
        response = ask(toy_app, "/v1/notes/mine")

        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="tradepost"'
        assert ask(toy_app, "/v1/notes/public").status_code == 200

    def test_refuses_a_caller_without_the_permission_and_names_it(self, toy_app, tokens):
        response = Api(toy_app, tokens, scope="notes:read").post("/v1/notes", json={})

        assert response.status_code == 403
        assert response.get_json()["permission"] == "notes:write"

    def test_says_of_a_refused_token_what_is_wrong_with_it(self, toy_app, tokens):
        invalid = ask(toy_app, "/v1/notes/mine", "no.token.here")
        weak = Api(toy_app, tokens, scope="notes:read").post("/v1/notes", json={})

        assert 'error="invalid_token", error_description="The access token is invalid"' in challenge(invalid)
        assert challenge(weak).endswith('error="insufficient_scope", scope="notes:write"')

    def test_keeps_internal_routes_for_services_and_others_for_people(self, toy_app, tokens):
        service = tokens.service("orders", "toys")

        assert ask(toy_app, "/v1/notes/internal", service).json == {"service": "orders"}
        assert ask(toy_app, "/v1/notes/mine", service).status_code == 403
        assert ask(toy_app, "/v1/notes/internal", tokens.user()).status_code == 403

    def test_names_the_services_that_may_call_an_internal_route(self, toy_app, tokens):
        response = ask(toy_app, "/v1/notes/internal", tokens.service("search", "toys"))

        assert response.status_code == 403
        assert response.json["detail"] == "The service search cannot call this route"

    def test_answers_404_for_another_companys_document(self, writer, toy_app, tokens):
        body = {
            "text": "a",
            "sku": "a",
            "price": {"amount": 1, "currency": "GBP"},
            "total": {"amount": 1, "currency": "GBP"},
        }
        note_id = writer.post("/v1/notes", json=body).get_json()["id"]
        stranger = Api(toy_app, tokens, scope="notes:read", company_id="cmp_globex")
        staff = Api(toy_app, tokens, scope="notes:read:any", company_id=None)

        hidden, absent = stranger.get(f"/v1/notes/{note_id}"), stranger.get("/v1/notes/note_none")
        assert hidden.status_code == absent.status_code == 404
        assert set(hidden.get_json()) == set(absent.get_json())
        assert staff.get(f"/v1/notes/{note_id}").json == {"id": note_id, "text": "a"}


class TestForgeries:
    @pytest.mark.parametrize(
        "forge",
        [
            lambda t: altered(t.user(), alg="none"),
            lambda t: altered(t.user(), alg="HS256"),
            lambda t: altered(t.user(), kid="../../etc/passwd"),
            lambda t: altered(t.user(), jku="https://evil.example/keys"),
            lambda t: t.user()[:-4] + "AAAA",
            lambda t: t.service("orders", "payments"),
            lambda t: t._signer.mint("usr_x", audience="somebody-else"),
            lambda t: t._signer.mint("usr_x", audience="toys"),
            lambda t: t._signer.mint("usr_x", audience=USER_AUDIENCE, seconds=-60),
            lambda t: t._signer.mint("usr_x", audience=USER_AUDIENCE, iss="evil"),
            lambda t: t._signer.mint("usr_x", audience=USER_AUDIENCE, nbf=time.time() + 3600),
            lambda t: TokenSigner(ec.generate_private_key(ec.SECP256R1()), t.KID).mint("usr_x", audience=USER_AUDIENCE),
            lambda t: TokenSigner(ec.generate_private_key(ec.SECP256R1()), "unknown").mint("u", audience=USER_AUDIENCE),
            lambda t: jwt.encode({"sub": "usr_x"}, "secret-that-is-long-enough-for-sha256", algorithm="HS256"),
            lambda t: resigned(t, type="refresh"),
            lambda t: resigned(t, type=["access"]),
            lambda t: resigned(t, exp=None),
            lambda t: resigned(t, exp="tomorrow"),
            lambda t: resigned(t, exp=[]),
            lambda t: resigned(t, iat=None),
            lambda t: resigned(t, sub=None),
            lambda t: resigned(t, aud=None),
            lambda t: resigned(t, typ="JWT"),
            lambda t: resigned(t, typ="rt+jwt"),
            lambda t: resigned(t, typ=None),
            lambda t: resigned(t, typ=["at+jwt"]),
            lambda t: "a.b.c",
            lambda t: "x" * 1_000_000,
            lambda t: "\x00",
        ],
    )
    def test_are_401_and_never_500(self, toy_app, tokens, forge):
        verifier = TokenVerifier("toys", tokens)

        with pytest.raises(Unauthorized):
            verifier.verify(forge(tokens))

    @pytest.mark.parametrize("changes", [{"exp": None}, {"typ": "JWT"}, {"type": "refresh"}])
    def test_are_401_at_a_route(self, toy_app, tokens, changes):
        response = ask(toy_app, "/v1/notes/mine", resigned(tokens, **changes))

        assert (response.status_code, response.json["type"]) == (401, "/problems/access-token-invalid")

    def test_the_same_token_signed_again_is_taken(self, toy_app, tokens):
        assert ask(toy_app, "/v1/notes/mine", resigned(tokens)).status_code == 200

    def test_a_verified_token_expires(self, tokens, hold_clock):
        verifier = TokenVerifier("toys", tokens)
        token = tokens._signer.mint("usr_x", audience=USER_AUDIENCE, seconds=600)
        assert verifier.verify(token).id == "usr_x"
        known, _, issued_at = verifier._seen[token]
        verifier._seen[token] = (known, time.time() - 1, issued_at)

        assert verifier.verify(token) is not known


class TestRemoteKeys:
    def test_fetches_once_for_many_unknown_ids(self, tokens):
        asked: list[int] = []

        def fetch() -> dict[str, list[dict[str, str]]]:
            asked.append(1)
            return {"keys": []}

        keys = RemoteKeys(fetch)

        for number in range(50):
            with pytest.raises(Unauthorized):
                keys.key(f"made-up-{number}")

        assert len(asked) == 1

    def test_keeps_keys_while_users_is_unavailable(self):
        public = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
        answers = [{"keys": [{**public, "kid": "k1", "alg": "ES256"}]}]

        def fetch():
            if not answers:
                raise Unavailable("away")
            return answers.pop()

        keys = RemoteKeys(fetch)
        known = keys.key("k1")
        keys._known_at = keys._asked_at = time.monotonic() - 10_000

        assert keys.key("k1") is known

    def test_raises_unavailable_without_any_key(self):
        def fetch():
            raise Unavailable("away")

        with pytest.raises(Unavailable):
            RemoteKeys(fetch).key("k1")
