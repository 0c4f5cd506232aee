"""After the last step: wait for captures and refunds, reading the orders page by page."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tools.replay.api import Api, TokenSource
from tools.replay.known import KnownOrder
from tools.replay.options import Options
from tools.replay.progress import Progress
from tools.replay.reconcile import OrderFacts, OrderKey, counts, platform_facts

# A look reads every order of a day, so it is rarer than a look at one order.
PAUSES_PER_LOOK = 4
READERS = 4


@dataclass(frozen=True, slots=True)
class _Day:
    facts: dict[OrderKey, OrderFacts]
    unsettled: int


class Settlement:
    """Reads the platform's orders of the file's days until all of them are captured and refunded."""

    def __init__(
        self, api: Api, admin: TokenSource, progress: Progress, company_ids: Mapping[str, str], days: frozenset[str]
    ) -> None:
        self._api, self._admin, self._progress = api, admin, progress
        self._references = {company_id: reference for reference, company_id in company_ids.items()}
        self._file_days = days

    def facts(self, options: Options) -> dict[OrderKey, OrderFacts]:
        """Return what the platform shows, at the latest when nothing has moved for as long as patience lasts."""
        read: dict[str, _Day] = {}
        pending = sorted(self._file_days)
        fewest, moved_at = None, time.monotonic()
        while pending:
            with ThreadPoolExecutor(READERS) as pool:
                read.update(zip(pending, pool.map(self._read_day, pending), strict=True))
            unsettled = sum(day.unsettled for day in read.values())
            pending = [day for day in pending if read[day].unsettled]
            if fewest is None or unsettled < fewest:
                fewest, moved_at = unsettled, time.monotonic()
            if not pending or time.monotonic() - moved_at > options.patience_seconds:
                break
            self._progress.say(f"waiting for the captures and refunds of {unsettled:,} orders")
            self._api.pause(options.ask_again_seconds * PAUSES_PER_LOOK)
        return {key: facts for day in read.values() for key, facts in day.facts.items()}

    def _read_day(self, day: str) -> _Day:
        facts: dict[OrderKey, OrderFacts] = {}
        unsettled = 0
        for order in self._api.pages("list orders", "/orders", self._admin, ordered_on=day):
            if counts(order):
                company = self._references.get(order["company_id"], order["company_id"])
                facts[company, order["reference"]] = platform_facts(order, self._file_days)
                unsettled += not KnownOrder.from_json(order).is_settled
        return _Day(facts, unsettled)
