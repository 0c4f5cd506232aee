"""gzip of pages and assets, and form tokens that differ in each page."""

from __future__ import annotations

import gzip

import pytest

from tests.portals.pages import Visitor

GZIP = {"Accept-Encoding": "gzip"}


def token_of(page: str) -> str:
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


class TestPages:
    def test_are_compressed(self, buyer: Visitor):
        plain = buyer.client.get("/cart")
        page = buyer.client.get("/cart", headers=GZIP)

        assert page.headers["Content-Encoding"] == "gzip"
        assert b"Your cart is empty" in gzip.decompress(page.data)
        assert "Content-Encoding" not in plain.headers
        assert {*plain.vary} == {*page.vary} == {"Accept-Encoding", "Cookie"}

    def test_head_has_the_fields_of_get(self, buyer: Visitor):
        head, got = buyer.client.head("/cart"), buyer.client.get("/cart")

        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]

    def test_have_a_form_token_of_their_own(self, buyer: Visitor):
        first, second = (token_of(buyer.client.get("/cart").text) for _ in range(2))

        assert first != second
        for token in (first, second):
            assert buyer.send("/cart/quick-order", {"csrf_token": token, "lines": ""}).status_code == 302

    @pytest.mark.parametrize("token", ["", "x", "AAAA", "\u00fc", "a" * 300, "=" * 8])
    def test_refuse_what_is_no_token(self, buyer: Visitor, token: str):
        assert buyer.send("/cart/quick-order", {"csrf_token": token, "lines": ""}).status_code == 400


class TestAssets:
    @pytest.mark.parametrize("path", ["/static/theme.css", "/static/portal.js", "/static/icons.svg"])
    def test_are_compressed_once_and_known_by_their_tag(self, buyer: Visitor, path: str):
        plain = buyer.client.get(path, buffered=True)
        compressed = buyer.client.get(path, headers=GZIP, buffered=True)
        again = buyer.client.get(path, headers=GZIP, buffered=True)

        assert gzip.decompress(compressed.data) == plain.data == gzip.decompress(again.data)
        assert compressed.headers["ETag"] == again.headers["ETag"] != plain.headers["ETag"]
        known = buyer.client.get(path, headers=GZIP | {"If-None-Match": compressed.headers["ETag"]}, buffered=True)
        assert (known.status_code, known.headers["ETag"]) == (304, compressed.headers["ETag"])
        assert "Accept-Encoding" in known.vary

    def test_parts_are_of_the_plain_file(self, buyer: Visitor):
        part = buyer.client.get("/static/theme.css", headers=GZIP | {"Range": "bytes=0-9"}, buffered=True)

        assert (part.status_code, len(part.data)) == (206, 10)
        assert "Content-Encoding" not in part.headers


def test_another_method_says_which_are_allowed(buyer: Visitor):
    response = buyer.client.delete("/sign-in")

    assert response.status_code == 405
    assert {"GET", "HEAD", "POST"} <= set(response.headers["Allow"].split(", "))
