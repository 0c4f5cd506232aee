"""Paths that no honest client sends reach no upstream, whatever their spelling."""

from __future__ import annotations

import pytest

TRICKS = [
    "/internal/v1/prices",
    "/v1/products",
    "/api/internal/v1/prices",
    "/api/v1/internal/v1/prices",
    "/api/v1/../internal/v1/prices",
    "/api/v1/products/../../internal/v1/prices",
    "/api/v1/products/..%2f..%2finternal%2fv1%2fprices",
    "/api/v1/products/%2e%2e/%2e%2e/internal/v1/prices",
    "/api/v1/products/%252e%252e%252finternal",
    "/api/v1/products/..;/internal/v1/prices",
    "/api/v1/products/A%2F..%2F..%2Finternal",
    "/api/v1/products/A%2F%2FB",
    "/api/v1/products/%2FA",
    "/api/v1/products/A%5C..%5Cinternal",
    "/api/v1/products/A%00B",
    "/api/v1/products/A%0d%0aX-User-Id:%201",
    "/api/v1/products/%zz",
    "/api/v1/products/%",
    "/api/v1/products/%ff",
    "/api/v1/products/%E2%80%AE",
    "/api//v1/products",
    "//api/v1/products",
    "/api/v1//products",
    "/api/v1/products/",
    "/api/v1/./products",
    "/API/v1/products",
    "/api/V1/products",
    "/api/v1/Products",
    "/api/v1/INTERNAL",
    "/api%2fv1%2fproducts",
    "/%61pi/v1/products",
    "/api/v1/orders/..",
    "/api/v1/orders/a%2Fb",
    "/api/v1/orders/a.b",
    "/api/v1/orders/" + "a" * 65,
    "/api/v2/products",
    "/api/v1/health/ready",
    "/api/v1/openapi.json",
    "/api/v1",
    "/api/",
    "/.well-known/../internal/v1/prices",
    "/.well-known/openid-configuration",
    "/oauth/token",
    "/.git/config",
    "/console",
]


@pytest.mark.parametrize("path", TRICKS)
def test_is_not_found(path, gateway, tokens, upstream):
    everything = " ".join(["products:read", "orders:read", "companies:read"])
    headers = {"Authorization": f"Bearer {tokens.user('merchant_admin', scope=everything)}"}

    response = gateway.test_client().get("/", headers=headers, environ_overrides={"RAW_URI": path, "PATH_INFO": path})

    assert response.status_code == 404
    assert response.content_type == "application/problem+json"
    assert upstream.received == []


class TestParameters:
    @pytest.mark.parametrize(
        ("sent", "forwarded"),
        [
            ("BOLT-M8", "BOLT-M8"),
            ("bolt-m8", "bolt-m8"),
            ("A%2FB", "A%2FB"),
            ("A%20B", "A%20B"),
            ("%42OLT", "BOLT"),
            ("A.B_C", "A.B_C"),
        ],
    )
    def test_sku_may_hold_what_skus_hold(self, sent, forwarded, buyer, upstream):
        assert buyer.get(f"/api/v1/products/{sent}").status_code == 200
        assert upstream.last.target == f"/v1/products/{forwarded}"

    def test_literal_segment_wins_over_a_parameter(self, staff, upstream):
        assert staff.post("/api/v1/products/imports", data=b"x").status_code == 200
        assert upstream.last.target == "/v1/products/imports"

    def test_query_is_passed_on_as_it_came(self, buyer, upstream):
        buyer.get("/api/v1/products?category=Nuts%20%26%20bolts&limit=5&limit=6&x=%2e%2e%2f")
        assert upstream.last.target == "/v1/products?category=Nuts%20%26%20bolts&limit=5&limit=6&x=%2e%2e%2f"

    def test_query_of_raw_bytes_is_refused(self, buyer, upstream):
        response = buyer.get("/api/v1/products", environ_overrides={"QUERY_STRING": "q=\xe4"})

        assert response.status_code == 400
        assert upstream.received == []
