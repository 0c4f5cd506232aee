"""
Many clients at once: `python -m loadtests.crowd` measures what the running platform serves and what it refuses.

Each figure stands beside a reference of the same run (the gateway's health at 24 connections), because absolute
figures move with the machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import orjson

from loadtests.connections import Measured, for_seconds, prepared, run
from loadtests.slow_service import slow_service

# Not from the modules of Locust's users: importing Locust replaces the sockets of the standard library.
GATEWAY = os.environ.get("LOCUST_HOST") or f"http://127.0.0.1:{8080 + int(os.environ.get('PORT_OFFSET') or 0)}"
STAFF = {"email": "admin@tradepost.example", "password": "tradepost-demo"}
REP = {"email": "rep@tradepost.example", "password": "tradepost-demo"}
ADDRESS = (urlsplit(GATEWAY).hostname or "127.0.0.1", urlsplit(GATEWAY).port or 80)
REFUSED = 503


def main() -> None:
    """Run the parts that are named on the command line, all without any."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="which parts (default: all)")
    parser.add_argument("--seconds", type=float, default=6.0, help="of each measurement (%(default)s)")
    arguments = parser.parse_args()
    bearer = _bearer(_call("POST", "/auth/login", STAFF))
    health = prepared("GET", "/health/live", {})
    reference = run(ADDRESS, 24, for_seconds(arguments.seconds, health)).rate(200)
    _say(f"reference: the gateway's health at 24 connections: {reference:.0f}/s")
    for name in arguments.parts or PARTS:
        PARTS[name](bearer, arguments.seconds, reference)


def reads(bearer: Mapping[str, str], seconds: float, reference: float) -> None:
    """More readers than one service has threads: none is refused, and together they are no slower."""
    for connections in (24, 64, 24, 64):
        _print(f"reads, {connections} connections", run(ADDRESS, connections, _reading(bearer, seconds)), reference)


def overload(bearer: Mapping[str, str], seconds: float, reference: float) -> None:
    """Far more readers than can be served in time: refusals are quick and say when to come back."""
    measured = run(ADDRESS, 600, _reading(bearer, seconds), pause=0.5)
    _print("overload, 600 readers", measured, reference)
    refused = [answer for answer in measured.answers if answer.status == REFUSED]
    p50, p99 = measured.latency(0.5, REFUSED), measured.latency(0.99, REFUSED)
    marked = sum(answer.has_retry_after for answer in refused)
    _say(f"  {len(refused)} refused, {marked} of them with Retry-After, after {p50:.0f} ms (p99 {p99:.0f} ms)")


def slow(bearer: Mapping[str, str], seconds: float, reference: float) -> None:
    """200 connections over a service that takes 100 ms: the ideal is 2,000/s."""
    with slow_service(0.1) as (direct, through):
        asked = prepared("GET", "/.well-known/jwks.json", {})
        alone = run(direct, 200, for_seconds(seconds, asked))
        run(through, 200, for_seconds(3, asked))
        _print("100 ms, 200 connections, direct", alone, reference)
        _print("100 ms, 200 connections, gateway", run(through, 200, for_seconds(seconds, asked)), reference)


def rush(bearer: Mapping[str, str], seconds: float, reference: float) -> None:
    """500 buyers for 100 units: 100 get one, and 400 read that the product is sold out."""
    buyers, units = 500, 100
    sku = f"RUSH-{uuid4().hex[:8].upper()}"
    # An installation sells in the currencies of its products.
    sold = _call("GET", "/products?limit=1", None, bearer)["items"][0]["unit_price"]
    price = {"amount": "10.00", "currency": sold["currency"]}
    _call("POST", "/products", {"sku": sku, "name": "Rush", "unit_price": price}, bearer)
    _call("PUT", f"/inventory/{sku}", {"on_hand": units}, bearer)
    company = _call("GET", "/companies?limit=1", None, bearer)["items"][0]["id"]
    rep = _bearer(_call("POST", "/auth/login", REP))
    acting = _bearer(_call("POST", "/auth/acting-tokens", {"company_id": company, "reason": "load test"}, rep))
    order = {"line_items": [{"sku": sku, "quantity": 1}], "payment": {"method": "card", "token": "tok_ok"}}
    keyed = [
        prepared("POST", "/api/v1/orders", {**acting, "Idempotency-Key": str(uuid4())}, order) for _ in range(buyers)
    ]
    measured = run(ADDRESS, buyers, lambda number: keyed[number] if number < buyers else None)
    _print(f"rush, {buyers} buyers for {units} units", measured, reference, good=201)
    kinds: dict[str, int] = {}
    for answer in measured.answers:
        if answer.status >= 400:
            kind = str(orjson.loads(answer.body).get("type"))
            kinds[kind] = kinds.get(kind, 0) + 1
    _say(f"  {kinds}")


PARTS = {"reads": reads, "overload": overload, "slow": slow, "rush": rush}


def _reading(bearer: Mapping[str, str], seconds: float) -> Any:
    sku = _call("GET", "/products?limit=1", None, bearer)["items"][0]["sku"]
    return for_seconds(seconds, prepared("GET", f"/api/v1/products/{sku}", bearer))


def _print(name: str, measured: Measured, reference: float, *, good: int = 200) -> None:
    rate = measured.rate(good)
    p50, p99 = measured.latency(0.5, good), measured.latency(0.99, good)
    others = {status: count for status, count in sorted(measured.statuses.items()) if status != good}
    _say(
        f"{name:<36}{rate:>7.0f}/s  {rate / reference:>5.2f} of the reference  p50 {p50:>5.0f} ms  p99 {p99:>5.0f} ms"
        f"  {measured.statuses[good]} times {good}, others {others or 'none'}, broken {measured.broken}"
    )


def _call(method: str, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
    fields = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4()), **(headers or {})}
    content = None if body is None else orjson.dumps(body)
    request = urllib.request.Request(f"{GATEWAY}/api/v1{path}", method=method, data=content, headers=fields)  # noqa: S310
    with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 (the gateway's own address)
        return orjson.loads(response.read())


def _bearer(signed_in: Mapping[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {signed_in['access_token']}"}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
