"""The services' own OpenAPI documents, cached while they are fresh and for as long as their service is unavailable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import msgspec

from services.gateway.rules.description import Description
from shared.base.errors import Problem
from shared.observe.observability import get_logger

log = get_logger()

FRESH_SECONDS = 300.0
RETRY_SECONDS = 5.0
Fetch = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Descriptions by service, and the services whose description is missing."""

    by_service: Mapping[str, Description]
    missing: tuple[str, ...]


class DescriptionCache:
    """Fetches from every service at once, for one reader at a time; retries a failed fetch after five seconds."""

    def __init__(self, fetches: Mapping[str, Fetch], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetches = fetches
        self._clock = clock
        self._lock = threading.Lock()
        self._descriptions: dict[str, Description] = {}
        self._due_at = dict.fromkeys(fetches, 0.0)

    def read(self) -> Descriptions:
        with self._lock:
            due = [service for service in self._fetches if self._clock() >= self._due_at[service]]
            if due:
                with ThreadPoolExecutor(max_workers=len(due)) as pool:
                    for service, description in zip(due, pool.map(self._fetch, due), strict=True):
                        self._keep(service, description)
            missing = tuple(service for service in self._fetches if service not in self._descriptions)
            return Descriptions(dict(self._descriptions), missing)

    def _keep(self, service: str, description: Description | None) -> None:
        if description is not None:
            self._descriptions[service] = description
        self._due_at[service] = self._clock() + (FRESH_SECONDS if description is not None else RETRY_SECONDS)

    def _fetch(self, service: str) -> Description | None:
        try:
            return msgspec.convert(self._fetches[service](), Description)
        except (Problem, msgspec.ValidationError) as failure:
            log.warning("description_missing", upstream=service, failure=type(failure).__name__)
            return None
