"""Addresses by Cloud Map, for callers outside Service Connect: `cloudmap://<namespace>/<service>[:port]`."""

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
# Callers that wait for the first lookup share its result, also a failed one: a lookup takes seconds until it times out.
SHARED_SECONDS = 1.0
DEFAULT_PORT = 8080
_URL = re.compile(r"cloudmap://([A-Za-z0-9.-]+)/([A-Za-z0-9_.-]+?)(?::([0-9]{1,5}))?")

Address = tuple[str, int]


class AddressesUnknown(OSError):
    """Cloud Map knows no instance of the service, or no lookup has succeeded yet."""


class CloudMapAddresses:
    """
    The instances of one service, in turn; healthy ones, or all where none is healthy.

    Looked up again after ten seconds, by a background thread; while Cloud Map is unavailable the last result is used.
    """

    def __init__(self, url: str, *, now: Callable[[], float] = time.monotonic) -> None:
        found = _URL.fullmatch(url)
        if found is None:
            raise ValueError(f"{url!r} must look like cloudmap://namespace/service:port")
        self._namespace, self._service = found[1], found[2]
        self._port = int(found[3] or DEFAULT_PORT)
        self._now = now
        self._looking_up = threading.Lock()
        self._looked_up_at = float("-inf")
        self._addresses: tuple[Address, ...] = ()
        self._turn = itertools.count()

    def pick(self) -> Address:
        """Return the next instance's host and port; raise AddressesUnknown."""
        if not self._addresses:
            with self._looking_up:
                if not self._addresses and self._now() - self._looked_up_at >= SHARED_SECONDS:
                    self._look_up()
        elif self._now() - self._looked_up_at >= FRESH_SECONDS and self._looking_up.acquire(blocking=False):
            threading.Thread(target=self._look_up_in_background, name="cloud-map", daemon=True).start()
        addresses = self._addresses
        if not addresses:
            raise AddressesUnknown(f"Cloud Map knows no instance of {self._service} in {self._namespace}")
        return addresses[next(self._turn) % len(addresses)]

    def _look_up_in_background(self) -> None:
        try:
            self._look_up()
        finally:
            self._looking_up.release()

    def _look_up(self) -> None:
        try:
            answer = client("servicediscovery").discover_instances(
                NamespaceName=self._namespace, ServiceName=self._service, HealthStatus="HEALTHY_OR_ELSE_ALL"
            )
        except (BotoCoreError, ClientError) as failure:
            log.warning("cloud_map_unavailable", upstream=self._service, failure=type(failure).__name__)
        else:
            instances = [each["Attributes"] for each in answer["Instances"]]
            # An empty result is ignored: it is more often a fault of Cloud Map than a service without any instance.
            self._addresses = tuple(self._address(each) for each in instances if _host(each)) or self._addresses
        self._looked_up_at = self._now()

    def _address(self, attributes: dict[str, str]) -> Address:
        return _host(attributes), int(attributes.get("AWS_INSTANCE_PORT") or self._port)


def _host(attributes: dict[str, str]) -> str:
    return attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_CNAME") or ""


@cache
def addresses_of(url: str) -> CloudMapAddresses:
    """Return this process's addresses of a service, shared by all its clients."""
    return CloudMapAddresses(url)
