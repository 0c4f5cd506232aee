"""Which network a client's address belongs to: the unit in which anonymous callers share limits and queues."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

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
