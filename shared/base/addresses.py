"""A client's address behind trusted proxies, and its network: the unit in which callers share limits and queues."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

CLIENT_PREFIX_V6 = 64


@lru_cache(maxsize=4096)
def network_of(address: str) -> str:
    """
    Return the network that counts as one client: an IPv4 address itself, an IPv6 address's /64.

    Every IPv6 customer gets a whole /64 at least, so single addresses of it say nothing. Text that is no address
    is returned unchanged.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((parsed.packed, CLIENT_PREFIX_V6), strict=False))


def client_address(peer: str, forwarded_for: str, trusted: Sequence[str]) -> str:
    """
    Return the address a request came from.

    `X-Forwarded-For` is trusted only as far as trusted proxies wrote it: the address is the rightmost one that is
    not itself a trusted proxy (networks in CIDR notation).
    """
    networks = [ip_network(each, strict=False) for each in trusted]
    address = peer
    for hop in reversed(forwarded_for.split(",")):
        if not _is_within(address, networks) or not _is_address(hop.strip()):
            return address
        address = hop.strip()
    return address


def _is_within(address: str, networks: Iterable[Any]) -> bool:
    return _is_address(address) and any(ip_address(address) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
