"""Find loopback ports that stay free between the choice and the moment a server listens there."""

from __future__ import annotations

import contextlib
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path

HOST = "127.0.0.1"
LOWEST = 10_240
ROOM_TO_CHOOSE_FROM = 25_000
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """Return a loopback port that is free and outside the range from which the kernel assigns ports."""
    return free_offset((0,))


def free_offset(ports: Iterable[int]) -> int:
    """Return a number by which all of `ports`, shifted, are free, in the sense of `free_port`."""
    wanted = tuple(ports)
    lowest, highest = LOWEST - min(wanted), end_of_ours(EPHEMERAL_RANGE.read_text()) - max(wanted)
    while True:
        offset = lowest + secrets.randbelow(highest - lowest)
        if all(_is_free(port + offset) for port in wanted):
            return offset


def end_of_ours(lent: str) -> int:
    """Return where the choice ends, for the kernel's words on the first and last port that it lends to connections."""
    first = int(lent.split()[0])
    # A machine that lends nearly all of its ports leaves us none of our own: then chance has to do.
    return first if first >= ROOM_TO_CHOOSE_FROM else 65_536


def _is_free(port: int) -> bool:
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.bind((HOST, port))
        return True
    return False
