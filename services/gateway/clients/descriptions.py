"""The services' own OpenAPI documents, kept while they are fresh and for as long as their service is away."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from shared.base.errors import Problem
from shared.observe.observability import get_logger

log = get_logger()

FRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
Fetch = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Documents by service, and the services whose document could not be had."""

    documents: Mapping[str, Mapping[str, Any]]
    missing: tuple[str, ...]


class DescriptionCache:
    """Asks every service at once, one reader at a time; a failure is asked again after five seconds."""

    def __init__(self, fetches: Mapping[str, Fetch], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetches = fetches
        self._clock = clock
        self._lock = threading.Lock()
        self._documents: dict[str, Mapping[str, Any]] = {}
        self._due_at = dict.fromkeys(fetches, 0.0)

    def read(self) -> Descriptions:
        with self._lock:
            due = [service for service in self._fetches if self._clock() >= self._due_at[service]]
            if due:
                with ThreadPoolExecutor(max_workers=len(due)) as pool:
                    for service, document in zip(due, pool.map(self._fetch, due), strict=True):
                        self._keep(service, document)
            missing = tuple(service for service in self._fetches if service not in self._documents)
            return Descriptions(dict(self._documents), missing)

    def _keep(self, service: str, document: Mapping[str, Any] | None) -> None:
        if document is not None:
            self._documents[service] = document
        self._due_at[service] = self._clock() + (FRESH_SECONDS if document is not None else RETRY_SECONDS)

    def _fetch(self, service: str) -> Mapping[str, Any] | None:
        try:
            document = self._fetches[service]()
        except Problem as failure:
            log.warning("description_missing", upstream=service, failure=type(failure).__name__)
            return None
        return document if isinstance(document, dict) and isinstance(document.get("paths"), dict) else None
