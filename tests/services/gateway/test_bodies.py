"""Request bodies: how much is taken, and in what framing."""

from __future__ import annotations

import io

import pytest

from services.gateway.policy import MIB
from tests.services.gateway.upstreams import answer


class TestLimits:
    def test_json_up_to_two_mebibytes_passes(self, buyer, upstream):
        assert buyer.put("/api/v1/cart", data=b"x" * (2 * MIB)).status_code == 200
        assert upstream.last.body == b"x" * (2 * MIB)

    def test_one_byte_more_is_too_large(self, buyer, upstream):
        response = buyer.put("/api/v1/cart", data=b"x" * (2 * MIB + 1))

        assert response.status_code == 413
        assert response.json["limit_bytes"] == 2 * MIB
        assert upstream.received == []

    def test_an_import_may_be_large(self, staff, upstream):
        content = bytes(range(256)) * 4 * 1024 * 20

        assert staff.post("/api/v1/products/imports", data=content).status_code == 200
        assert upstream.last.body == content

    def test_sixty_five_mebibytes_are_refused_before_they_are_read(self, staff, upstream):
        class Unread(io.RawIOBase):
            def readable(self):
                return True

            def readinto(self, _):
                raise AssertionError("the body was read")

        announced = {"wsgi.input": io.BufferedReader(Unread()), "CONTENT_LENGTH": str(65 * MIB)}
        response = staff.post("/api/v1/products/imports", environ_overrides=announced)

        assert response.status_code == 413
        assert upstream.received == []

    def test_chunked_body_gets_a_length(self, buyer, upstream):
        chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

        response = buyer.put("/api/v1/cart", input_stream=io.BytesIO(b"{}" * 200_000), environ_overrides=chunked)

        assert response.status_code == 200
        assert upstream.last.header("content-length") == "400000"
        assert upstream.last.header("transfer-encoding") is None
        assert upstream.last.body == b"{}" * 200_000

    def test_chunked_body_is_limited_too(self, buyer, upstream):
        chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}

        response = buyer.put("/api/v1/cart", input_stream=io.BytesIO(b"x" * (2 * MIB + 1)), environ_overrides=chunked)

        assert response.status_code == 413
        assert upstream.received == []

    def test_reads_take_no_body(self, buyer, upstream):
        assert buyer.get("/api/v1/orders", data=b"x").status_code == 413
        assert upstream.received == []

    def test_a_post_without_body_says_so(self, buyer, upstream):
        assert buyer.post("/api/v1/orders/ord_1/cancellation").status_code == 200
        assert upstream.last.header("content-length") == "0"

    @pytest.mark.parametrize("length", ["-1", "+5", "five", "5, 5", "٣", "9" * 30])
    def test_length_must_be_a_number(self, length, buyer, upstream):
        response = buyer.put("/api/v1/cart", environ_overrides={"CONTENT_LENGTH": length})

        assert response.status_code == 400
        assert upstream.received == []


class TestIncomplete:
    @pytest.mark.parametrize("announced", [10, 600_000])
    def test_body_that_ends_early_is_refused(self, announced, buyer, upstream):
        short = {"wsgi.input": io.BytesIO(b"short"), "CONTENT_LENGTH": str(announced)}
        response = buyer.put("/api/v1/cart", environ_overrides=short)

        assert response.status_code == 400
        assert upstream.received == []

    def test_upstream_that_refuses_early_is_heard(self, staff, upstream):
        def refuse(connection, _):
            connection.sendall(answer({}, status="415 X", content_type="application/problem+json"))

        upstream.respond = refuse

        assert staff.post("/api/v1/products/imports", data=b"x" * 5_000_000).status_code == 415
