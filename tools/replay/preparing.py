"""Before the first order: the companies, the products and the stock that the file's orders need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from urllib.parse import quote

from tools.replay.api import Api, TokenSource
from tools.replay.catalog import CatalogEntry
from tools.replay.import_file import import_csv
from tools.replay.known import KnownOrder
from tools.replay.options import Options
from tools.replay.plan import ReplayPlan
from tools.replay.planned import PlannedCompany
from tools.replay.progress import Progress

ROWS_PER_IMPORT = 1000
# A company and an order are found by these two references.
OrderKey = tuple[str, str]
In = TypeVar("In")
Out = TypeVar("Out")


class Preparation:
    """Brings the platform to where the file's orders can be placed; repeats nothing that is there."""

    def __init__(self, api: Api, admin: TokenSource, plan: ReplayPlan, progress: Progress, options: Options) -> None:
        self._api, self._admin, self._plan, self._progress, self._options = api, admin, plan, progress, options

    def companies(self) -> dict[str, str]:
        """Return company ids by reference, created where they were missing."""
        wanted = self._plan.companies
        listed = self._api.pages("list companies", "/companies", self._admin)
        ids = {company["reference"]: company["id"] for company in listed if company["reference"] in wanted}
        missing = [company for reference, company in wanted.items() if reference not in ids]
        self._progress.say(f"{len(ids):,} of {len(wanted):,} companies are there")
        for reference, company_id in self._in_parallel(self._create_company, missing):
            ids[reference] = company_id
        return ids

    def known_orders(self, company_ids: Mapping[str, str]) -> dict[OrderKey, KnownOrder]:
        """Return the file's orders that an earlier run placed, read page by page."""
        references = {company_id: reference for reference, company_id in company_ids.items()}
        days = sorted({order.ordered_on.isoformat() for order in self._plan.orders()})
        known: dict[OrderKey, KnownOrder] = {}
        for orders in self._in_parallel(self._orders_of_day, days):
            for order in orders:
                company = references.get(order.company_id)
                if company is not None and not order.is_gone:
                    known[company, order.reference] = order
        self._progress.say(f"{len(known):,} orders are there from an earlier run")
        return known

    def products(self, known: Mapping[OrderKey, KnownOrder]) -> None:
        """Import what is missing and raise stock until the orders not yet placed are covered."""
        placed = frozenset(key for key, order in known.items() if not order.is_undecided)
        needed = self._plan.units_needed(placed)
        listed = {product["sku"]: product for product in self._api.pages("list products", "/products", self._admin)}
        missing = [entry for entry in self._plan.products if entry.sku not in listed]
        self._progress.say(f"{len(self._plan.products) - len(missing):,} products are there, {len(missing):,} missing")
        for start in range(0, len(missing), ROWS_PER_IMPORT):
            self._import(missing[start : start + ROWS_PER_IMPORT], needed)
        short = [
            (sku, units)
            for sku, units in sorted(needed.items())
            if sku in listed and listed[sku]["is_stocked"] and listed[sku]["available"] < units
        ]
        self._progress.say(f"raising the stock of {len(short):,} products")
        list(self._in_parallel(self._raise_stock, short))

    def _create_company(self, company: PlannedCompany) -> tuple[str, str]:
        wanted = {"name": company.name, "reference": company.reference}
        return company.reference, self._api.post("create company", "/companies", wanted, self._admin).body["id"]

    def _orders_of_day(self, day: str) -> list[KnownOrder]:
        listed = self._api.pages("list orders", "/orders", self._admin, ordered_on=day)
        return [KnownOrder.from_json(order) for order in listed if order["reference"]]

    def _import(self, entries: list[CatalogEntry], needed: Mapping[str, int]) -> None:
        file = ("trade-replay.csv", import_csv(entries, needed), "text/csv")
        started = self._api.upload("import products", "/products/imports", file, self._admin)
        give_up_at = time.monotonic() + self._options.patience_seconds
        while (state := self._import_state(started["id"]))["status"] in ("queued", "running"):
            if time.monotonic() > give_up_at:
                raise ImportFailed(f"The product import {state['id']} is still {state['status']}")
            self._api.pause(self._options.ask_again_seconds)
        if state["status"] != "succeeded" or state["failed"]:
            raise ImportFailed(f"The product import {state['id']} failed: {state['errors'][:5]}")
        self._progress.say(f"imported {len(entries):,} products")

    def _import_state(self, import_id: str) -> dict[str, Any]:
        return self._api.get("poll import", f"/products/imports/{import_id}", self._admin)

    def _raise_stock(self, short: tuple[str, int]) -> None:
        sku, units = short
        path = f"/inventory/{quote(sku, safe='')}"
        stock = self._api.get("get stock", path, self._admin)
        # What is reserved belongs to orders already placed, so it comes on top of what the others need.
        if stock["on_hand"] is not None and stock["available"] < units:
            self._api.put("set stock", path, {"on_hand": stock["reserved"] + units}, self._admin)

    def _in_parallel(self, work: Callable[[In], Out], entries: Iterable[In]) -> Iterator[Out]:
        with ThreadPoolExecutor(self._options.threads) as pool:
            yield from pool.map(work, entries)


class ImportFailed(Exception):
    """The platform did not take the products; without them no order can be placed."""
