"""A service whose every response takes a while, and a gateway of its own in front of it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.base.workloads import BY_NAME

HOST = "127.0.0.1"
RESPONSE = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"keys":[]}'
GATEWAY_COMMAND = ("-m", "gunicorn", "-c", "python:shared.web.gunicorn", "services.gateway.app:create_app()")
# Without Redis the gateway counts its limits itself, and these are never reached.
NO_REDIS = f"redis://{HOST}:1/0"
UNLIMITED = "1000000/1000000"


@contextmanager
def slow_service(seconds: float) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """Yield the address of a service that takes `seconds` per response, and of a gateway that calls it as users."""
    service, gateway = _free_port(), _free_port()
    settings = {
        "BIND": f"{HOST}:{gateway}",
        "USERS_URL": f"http://{HOST}:{service}",
        "WEB_THREADS": str(BY_NAME["gateway"].threads),
        "PUBLIC_LIMIT": UNLIMITED,
        "REDIS_URL": NO_REDIS,
        "LOG_LEVEL": "ERROR",
    }
    commands = [("-m", "loadtests.slow_service", str(service), str(seconds)), GATEWAY_COMMAND]
    started = [_start(command, settings) for command in commands]
    try:
        for port in (service, gateway):
            _await_port(port)
        yield (HOST, service), (HOST, gateway)
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(20)


def _start(command: tuple[str, ...], settings: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *command], env=os.environ | settings)  # noqa: S603 (our own modules)


async def _serve(port: int, seconds: float) -> None:
    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(seconds)
                writer.write(RESPONSE)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(respond, HOST, port, backlog=512)
    await server.serve_forever()


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as probe:
        return int(probe.getsockname()[1])


def _await_port(port: int) -> None:
    give_up_at = time.monotonic() + 40
    while time.monotonic() < give_up_at:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"nothing listens at port {port}")


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2])))
