"""The tables a person reads: addresses and logins after a start, and `make status`."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from typing import Any

from shared.base.workloads import BY_NAME
from tools.demo import people
from tools.up.memory import tree_bytes
from tools.up.places import Places
from tools.up.plan import Plan

WORDS = {
    "gateway": ("REST API", "/docs"),
    "customer": ("customer portal", "/"),
    "admin": ("admin portal", "/admin"),
    "mailbox": ("mailbox", "/"),
    "psp-sandbox": ("card sandbox", "/psp-sandbox"),
}
LOGINS = (
    (people.ADMIN, "merchant admin", "admin portal"),
    (people.REP, "sales rep", "admin portal"),
    (people.BUYER, "buyer at Acme", "customer portal"),
    (people.APPROVER, "approver at Acme", "customer portal"),
    ("buyer@globex.example", "buyer at Globex", "customer portal"),
    ("buyer@initech.example", "buyer at Initech", "customer portal"),
)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def welcome(plan: Plan) -> str:
    """Return the addresses and demo logins."""
    addresses = [
        (words, plan.url_of(name) + path)
        for name, (words, path) in WORDS.items()
        if any(workload.name == name for workload in plan.workloads)
    ]
    shown = [table(addresses)] if addresses else []
    if any(workload.name == "users" for workload in plan.workloads):
        shown.append(f"Demo logins, all with the password {people.PASSWORD}:\n{table(LOGINS)}")
    return "\n\n".join(shown)


def status_table(status: dict[str, Any]) -> str:
    """Return one line per process from the supervisor's status file, memory measured now."""
    rows = [["name", "pid", "port", "state", "restarts", "PSS MiB", "uptime"]]
    for entry in status["processes"]:
        pid = entry["pid"]
        memory = f"{tree_bytes(pid) / 2**20:.0f}" if pid else "-"
        uptime = _duration(time.time() - entry["began_at"]) if pid else "-"
        port = str(entry["port"] or "-")
        rows.append([entry["name"], str(pid or "-"), port, entry["state"], str(entry["restarts"]), memory, uptime])
    return table(rows)


def read_status(places: Places) -> dict[str, Any]:
    """Return what the supervisor last wrote about its processes, empty when it wrote nothing."""
    try:
        status: dict[str, Any] = json.loads(places.status.read_text())
    except (OSError, ValueError):
        return {"phase": "starting", "processes": []}
    return status


def write_status(places: Places, status: dict[str, Any]) -> None:
    partial = places.status.with_suffix(".partial")
    partial.write_text(json.dumps(status))
    os.replace(partial, places.status)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def is_known(name: str) -> bool:
    """Return whether a log of this name can exist."""
    return name in BY_NAME or name in {"mongod", "valkey-server", "moto", "supervisor", "up", "seed", "prepare"}
