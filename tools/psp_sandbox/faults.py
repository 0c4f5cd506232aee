"""Faults on demand, so that the platform's behaviour under a bad processor is tested rather than hoped for."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What goes wrong."""

    DROP_AFTER_COMMIT = "drop_after_commit"
    DELAY = "delay"
    ERROR_BEFORE = "error_before"
    DUPLICATE_WEBHOOK = "duplicate_webhook"
    WEBHOOK_FIRST = "webhook_first"


OPERATIONS = ("charge", "capture", "refund", "void", "release")


@dataclass
class Fault:
    """One armed fault: strikes the next `times` requests of `operation`; `seconds` is the length of a delay."""

    operation: str
    kind: FaultKind
    seconds: float
    times: int


class Faults:
    """The armed faults, in memory: a restart heals the processor."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._lock = threading.Lock()

    def arm(self, fault: Fault) -> None:
        """Add a fault to those that strike."""
        with self._lock:
            self._armed.append(fault)

    def clear(self) -> None:
        """Remove every planned fault."""
        with self._lock:
            self._armed.clear()

    def strike(self, operation: str) -> dict[FaultKind, Fault]:
        """The faults that hit this request, by kind; each has one strike fewer left."""
        with self._lock:
            hits = {fault.kind: fault for fault in self._armed if fault.operation == operation}
            for fault in hits.values():
                fault.times -= 1
            self._armed = [fault for fault in self._armed if fault.times > 0]
            return hits


def drop_connection(environ: Mapping[str, Any]) -> None:
    """Close the caller's connection under the answer, whichever of the two servers runs us."""
    connection: socket.socket = environ.get("gunicorn.socket") or environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
