"""Every error is a problem document; a crash shows no internals."""

from __future__ import annotations

import pytest

BODY = {
    "text": "hello",
    "sku": "a1",
    "price": {"amount": "25.5", "currency": "GBP"},
    "total": {"amount": 5, "currency": "GBP"},
}


def post(writer, body, **options):
    return writer.post("/v1/notes", json={**BODY, **body}, **options)


class TestProblems:
    def test_points_at_every_invalid_field(self, writer):
        response = post(writer, {"text": "", "quantity": 0, "price": {"amount": -1, "currency": "gbp"}, "extra": 1})

        assert response.status_code == 422
        assert response.content_type == "application/problem+json"
        assert response.json["type"] == "/problems/invalid-input"
        assert response.json["instance"] == "/v1/notes"
        assert {each["pointer"] for each in response.json["errors"]} == {
            "/text", "/quantity", "/price/currency", "/extra",
        }  # fmt: skip

    def test_derives_the_type_from_the_class_name(self, writer):
        response = post(writer, {"text": "refuse"})

        assert response.status_code == 409
        assert response.json["type"] == "/problems/note-already-pinned"
        assert response.json["request_id"] == response.headers["X-Request-ID"]

    def test_shows_no_internals_of_a_crash(self, writer):
        response = post(writer, {"text": "crash"})

        assert response.status_code == 500
        assert response.content_type == "application/problem+json"
        assert b"as asked" not in response.data
        assert b"Traceback" not in response.data

    @pytest.mark.parametrize(
        ("method", "path", "status"), [("GET", "/v1/nowhere", 404), ("DELETE", "/v1/notes/public", 405)]
    )
    def test_renders_the_frameworks_errors_alike(self, writer, method, path, status):
        response = writer.request(method, path)

        assert response.status_code == status
        assert response.content_type == "application/problem+json"
        assert response.json["status"] == status

    def test_names_the_allowed_methods(self, writer):
        assert "GET" in writer.delete("/v1/notes/public").headers["Allow"]


class TestBodies:
    @pytest.mark.parametrize(
        ("body", "content_type", "status"),
        [
            (b"{", "application/json", 400),
            (b"[" * 2000, "application/json", 400),
            (b'{"text": NaN}', "application/json", 400),
            (b'{"text": "\xff"}', "application/json", 400),
            (b'{"text": "\\ud800"}', "application/json", 400),
            (b"text=hello", "application/x-www-form-urlencoded", 415),
            (b"[]", "application/json", 422),
            (b"", "application/json", 422),
            (b"x" * (2 * 1024 * 1024 + 1), "application/json", 413),
        ],
    )
    def test_refuses_malformed_bodies(self, writer, body, content_type, status):
        response = writer.post("/v1/notes", data=body, content_type=content_type)

        assert response.status_code == status, response.data
        assert response.content_type == "application/problem+json"

    @pytest.mark.parametrize("value", [{"$ne": ""}, {"$where": "1"}, ["a"], 7, None, "a\x00b", "x" * 51])
    def test_accepts_only_strings_as_text(self, writer, value):
        response = post(writer, {"text": value})

        assert response.status_code == 422
        assert {each["pointer"].split("/")[1] for each in response.json["errors"]} == {"text"}

    @pytest.mark.parametrize("amount", ["1e3000", "NaN", "-1", "0.00001", True, 1.5, "1" * 30, {}])
    def test_refuses_invalid_amounts(self, writer, amount):
        response = post(writer, {"price": {"amount": amount, "currency": "GBP"}})

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"].startswith("/price")
