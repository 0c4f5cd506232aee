"""Where the running platform answers: `GATEWAY_URL` and the like, else this host's ports shifted by `PORT_OFFSET`."""

from __future__ import annotations

import os

from shared.base.workloads import BY_NAME


def address_of(name: str) -> str:
    """Return the address of a workload, for example `customer`, without a slash at its end."""
    workload = BY_NAME[name]
    port = (workload.port or 0) + int(os.environ.get("PORT_OFFSET") or 0)
    given = os.environ.get(f"{name.upper()}_URL")
    return (given or f"http://127.0.0.1:{port}{workload.prefix}").rstrip("/")
