"""Addresses by Cloud Map: instances in turn, and the last result while Cloud Map is unavailable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from shared.base import aws as clients
from shared.base.ids import new_id
from shared.calls.cloud_map import FRESH_SECONDS, SHARED_SECONDS, AddressesUnknown, CloudMapAddresses
from shared.calls.service_client import ServiceClient, UpstreamUnavailable
from tests.shared.upstreams import Ticker


class Registry:
    """A service in a namespace of its own."""

    def __init__(self) -> None:
        self._api = clients.client("servicediscovery")
        self.namespace = new_id("ns").replace("_", "-").lower() + ".local"
        self._api.create_http_namespace(Name=self.namespace)
        (found,) = [each for each in self._api.list_namespaces()["Namespaces"] if each["Name"] == self.namespace]
        self._id = self._api.create_service(Name="products", NamespaceId=found["Id"])["Service"]["Id"]

    @property
    def url(self) -> str:
        return f"cloudmap://{self.namespace}/products"

    def add(self, name: str, host: str, port: int | None = None) -> None:
        attributes = {"AWS_INSTANCE_IPV4": host} | ({} if port is None else {"AWS_INSTANCE_PORT": str(port)})
        self._api.register_instance(ServiceId=self._id, InstanceId=name, Attributes=attributes)

    def remove(self, name: str) -> None:
        self._api.deregister_instance(ServiceId=self._id, InstanceId=name)


@pytest.fixture
def registry(aws: str) -> Registry:
    return Registry()


@pytest.fixture
def stop_cloud_map() -> Iterator[Callable[[], None]]:
    """Return a function that makes Cloud Map unavailable until the test ends."""
    endpoint = os.environ["AWS_ENDPOINT_URL"]

    def stop() -> None:
        os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
        clients.client.cache_clear()

    yield stop
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    clients.client.cache_clear()


def until(condition: Callable[[], bool]) -> None:
    give_up_at = time.monotonic() + 10
    while not condition() and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert condition()


class TestAddresses:
    def test_are_the_instances_in_turn(self, registry):
        registry.add("one", "10.0.0.1", 8000)
        registry.add("two", "10.0.0.2")
        addresses = CloudMapAddresses(f"{registry.url}:8081")

        assert {addresses.pick() for _ in range(4)} == {("10.0.0.1", 8000), ("10.0.0.2", 8081)}

    def test_are_looked_up_again_when_old(self, registry):
        ticker = Ticker()
        registry.add("one", "10.0.0.1")
        addresses = CloudMapAddresses(registry.url, now=ticker)
        assert addresses.pick() == ("10.0.0.1", 8080)
        registry.remove("one")
        registry.add("two", "10.0.0.2")
        assert addresses.pick() == ("10.0.0.1", 8080)

        ticker.advance(FRESH_SECONDS)
        until(lambda: addresses.pick() == ("10.0.0.2", 8080))

    def test_are_kept_while_cloud_map_is_unavailable(self, registry, stop_cloud_map):
        ticker = Ticker()
        registry.add("one", "10.0.0.1")
        addresses = CloudMapAddresses(registry.url, now=ticker)
        addresses.pick()
        stop_cloud_map()
        for _ in range(3):
            ticker.advance(FRESH_SECONDS)
            assert addresses.pick() == ("10.0.0.1", 8080)

    def test_are_refused_while_there_are_none(self, registry):
        with pytest.raises(AddressesUnknown, match="knows no instance of products"):
            CloudMapAddresses(registry.url).pick()

    def test_are_looked_up_once_for_all_waiting_threads(self, registry):
        ticker = Ticker()
        addresses = CloudMapAddresses(registry.url, now=ticker)
        for _ in range(2):
            with pytest.raises(AddressesUnknown):
                addresses.pick()
            registry.add("one", "10.0.0.1")

        ticker.advance(SHARED_SECONDS)
        assert addresses.pick() == ("10.0.0.1", 8080)

    @pytest.mark.parametrize("url", ["cloudmap://", "cloudmap://only-a-namespace", "cloudmap://a/b:port", "http://a/b"])
    def test_are_named_in_one_form(self, url):
        with pytest.raises(ValueError, match="must look like cloudmap://namespace/service:port"):
            CloudMapAddresses(url)


class Greeter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"greeting":"hello"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay silent."""


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Greeter)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


class TestServiceClient:
    @pytest.mark.parametrize("form", ["fixed", "cloud map"])
    def test_reaches_the_service_by_either_address(self, form, registry, port):
        registry.add("one", "127.0.0.1", port)
        url = f"http://127.0.0.1:{port}" if form == "fixed" else registry.url

        assert ServiceClient(url, service="products").get("/v1/greeting") == {"greeting": "hello"}

    def test_says_that_a_service_without_instances_is_unavailable(self, registry):
        with pytest.raises(UpstreamUnavailable):
            ServiceClient(registry.url, service="products").post("/v1/greeting")
