"""Health probe of a container: `python -m shared.web.health 8080` for a server, `… <file>` for a heartbeat file."""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path

PROBE_SECONDS = 2.0
HEARTBEAT_SECONDS = 60.0


def is_serving(port: int, path: str = "/health/live", *, timeout: float = PROBE_SECONDS) -> bool:
    """Return whether the server on the local `port` answers 200; `timeout` in seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_beating(heartbeat: Path, *, within: float = HEARTBEAT_SECONDS) -> bool:
    """Return whether a worker touched its heartbeat file in the last `within` seconds."""
    try:
        return time.time() - heartbeat.stat().st_mtime < within
    except OSError:
        return False


def main(argument: str) -> int:
    """Return the exit status of the probe: 0 for a healthy workload, else 1."""
    is_healthy = is_serving(int(argument)) if argument.isdigit() else is_beating(Path(argument))
    return 0 if is_healthy else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
