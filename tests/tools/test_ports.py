"""Ports that a test or a tool chooses before its server listens there."""

from __future__ import annotations

import socket

from tools import ports
from tools.ports import free_offset, free_port


class TestFreePort:
    def test_is_none_that_the_kernel_lends_to_connections(self):
        first_lent = int(ports.EPHEMERAL_RANGE.read_text().split()[0])

        assert all(ports.LOWEST <= free_port() < first_lent for _ in range(500))

    def test_comes_from_all_where_nearly_all_are_lent(self):
        assert ports.end_of_ours("32768\t60999\n") == 32_768
        assert ports.end_of_ours("1024\t65535\n") == 65_536


class TestFreeOffset:
    def test_passes_over_a_taken_port(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", free_port()))
            held = taken.getsockname()[1]
            shifted = {free_offset((8080, 8087)) for _ in range(500)}

        assert held not in {port + offset for port in (8080, 8087) for offset in shifted}
