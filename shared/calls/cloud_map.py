"""Addresses by Cloud Map, for whoever stands outside Service Connect: `cloudmap://<namespace>/<service>[:port]`."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable
from functools import cache

from botocore.exceptions import BotoCoreError, ClientError

from shared.base.aws import client
from shared.observe.observability import get_logger

log = get_logger()

FRESH_SECONDS = 10.0
# Those who wait for the first answer share it, also one that says nothing: asking takes seconds while nobody answers.
SHARED_SECONDS = 1.0
DEFAULT_PORT = 8080
_URL = re.compile(r"cloudmap://([A-Za-z0-9.-]+)/([A-Za-z0-9_.-]+?)(?::([0-9]{1,5}))?")

Address = tuple[str, int]


class AddressesUnknown(OSError):
    """Cloud Map names no instance of the service, or cannot be asked and never could."""


class CloudMapAddresses:
    """
    The instances of one service, in turn; healthy ones, or all where none is healthy.

    Asked again after ten seconds, by a thread that nobody waits for; while Cloud Map is away the last answer serves.
    """

    def __init__(self, url: str, *, now: Callable[[], float] = time.monotonic) -> None:
        found = _URL.fullmatch(url)
        if found is None:
            raise ValueError(f"{url!r} must look like cloudmap://namespace/service:port")
        self._namespace, self._service = found[1], found[2]
        self._port = int(found[3] or DEFAULT_PORT)
        self._now = now
        self._asking = threading.Lock()
        self._asked_at = float("-inf")
        self._addresses: tuple[Address, ...] = ()
        self._turn = itertools.count()

    def pick(self) -> Address:
        """Return the next instance's host and port; raise AddressesUnknown."""
        if not self._addresses:
            with self._asking:
                if not self._addresses and self._now() - self._asked_at >= SHARED_SECONDS:
                    self._ask()
        elif self._now() - self._asked_at >= FRESH_SECONDS and self._asking.acquire(blocking=False):
            threading.Thread(target=self._ask_aside, name="cloud-map", daemon=True).start()
        addresses = self._addresses
        if not addresses:
            raise AddressesUnknown(f"Cloud Map knows no instance of {self._service} in {self._namespace}")
        return addresses[next(self._turn) % len(addresses)]

    def _ask_aside(self) -> None:
        try:
            self._ask()
        finally:
            self._asking.release()

    def _ask(self) -> None:
        try:
            answer = client("servicediscovery").discover_instances(
                NamespaceName=self._namespace, ServiceName=self._service, HealthStatus="HEALTHY_OR_ELSE_ALL"
            )
        except (BotoCoreError, ClientError) as failure:
            log.warning("cloud_map_away", upstream=self._service, failure=type(failure).__name__)
        else:
            instances = [each["Attributes"] for each in answer["Instances"]]
            # An empty answer is kept out: that a service has no instance at all is more often Cloud Map's trouble.
            self._addresses = tuple(self._address(each) for each in instances if _host(each)) or self._addresses
        self._asked_at = self._now()

    def _address(self, attributes: dict[str, str]) -> Address:
        return _host(attributes), int(attributes.get("AWS_INSTANCE_PORT") or self._port)


def _host(attributes: dict[str, str]) -> str:
    return attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_CNAME") or ""


@cache
def addresses_of(url: str) -> CloudMapAddresses:
    """Return this process's addresses of a service, shared by all who call it."""
    return CloudMapAddresses(url)
