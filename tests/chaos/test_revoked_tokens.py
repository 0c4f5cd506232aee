"""A signed-out person's access token dies within 60 s at every service, whatever happens to Redis meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.client import HTTPConnection

import pytest
import redis

from shared.base.workloads import BY_NAME, REDIS_PORT
from tests.chaos.platform import WholePlatform
from tests.shared.processes import until
from tools.demo.people import BUYER, PASSWORD
from tools.replay.api import Api
from tools.stores import redis_address
from tools.up.credentials import load_credentials
from tools.up.places import Places

DIES_WITHIN_SECONDS = 60.0
DOORS = {
    "gateway": "/api/v1/me",
    "users": "/v1/me",
    "products": "/v1/products",
    "orders": "/v1/orders",
    "payments": "/v1/payments",
    "search": "/v1/search?q=bolt",
    "notifications": "/v1/notifications",
}


class Person:
    """A person who signed in once and never refreshes."""

    def __init__(self, platform: WholePlatform) -> None:
        self._platform = platform
        self._api = Api(platform.gateway)
        self._grant = self._api.post("sign in", "/auth/login", {"email": BUYER, "password": PASSWORD}).body

    def sign_out(self) -> None:
        self._api.post("sign out", "/auth/logout", {"refresh_token": self._grant["refresh_token"]})

    def doors(self) -> dict[str, int]:
        """Return how each service answers the access token."""
        return {name: self._knock(name, path) for name, path in DOORS.items()}

    def _knock(self, name: str, path: str) -> int:
        connection = HTTPConnection("127.0.0.1", (BY_NAME[name].port or 0) + self._platform.offset, timeout=15)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._grant['access_token']}"})
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def flush(platform: WholePlatform) -> None:
    password = load_credentials(Places(platform.state), []).store_password
    with redis.Redis.from_url(redis_address(REDIS_PORT + platform.offset, password)) as store:
        store.flushall()


FAULTS: dict[str, Callable[[WholePlatform], None]] = {
    "nothing": lambda platform: None,
    "Redis comes back empty": flush,
    "Redis is killed": lambda platform: platform.kill("valkey-server"),
    "users is killed": lambda platform: platform.kill("users"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_the_sign_out(fault: str, platform: WholePlatform) -> None:
    platform.wait_ready()
    person = Person(platform)
    until(lambda: set(person.doors().values()) == {200}, DIES_WITHIN_SECONDS)
    person.sign_out()
    started = time.monotonic()
    FAULTS[fault](platform)

    _assert_dies(person, started)


def test_while_redis_hangs(platform: WholePlatform) -> None:
    platform.wait_ready()
    person = Person(platform)
    until(lambda: set(person.doors().values()) == {200}, DIES_WITHIN_SECONDS)
    hanging = threading.Thread(target=platform.hang, args=("valkey-server", 8.0))
    hanging.start()
    time.sleep(1)
    started = time.monotonic()
    person.sign_out()
    assert time.monotonic() - started < 5, "a sign-out does not wait for Redis"
    hanging.join()

    _assert_dies(person, started)


def _assert_dies(person: Person, signed_out_at: float) -> None:
    until(lambda: set(person.doors().values()) == {401}, DIES_WITHIN_SECONDS)
    assert time.monotonic() - signed_out_at < DIES_WITHIN_SECONDS
