"""Companies at the gateway."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from flask import current_app

from shared.calls.service_client import UpstreamRefused
from shared.portal.answers import Answer, Page
from shared.portal.gateway import Area, Call, segment
from shared.portal.permissions import may

PAGE_SIZE = 25
NAME_SECONDS = 600
MOST_NAMES = 5_000


class Company(Answer, frozen=True, kw_only=True):
    id: str
    name: str
    reference: str | None
    created_at: str


@dataclass(frozen=True)
class KnownName:
    """A company's name, and until when (monotonic seconds) it is used without asking again."""

    name: str
    expires_at: float


class Companies(Area):
    """Companies, and their names in memory: an order carries only the id, and a name hardly ever changes."""

    @property
    def _names(self) -> dict[str, KnownName]:
        names: dict[str, KnownName] = current_app.extensions.setdefault("tradepost_company_names", {})
        return names

    def find_companies(self, text: str, cursor: str | None) -> Page[Company]:
        """Return a page of the companies whose name or reference has these beginnings of words; "": of all."""
        return self._listed(q=text or None, cursor=cursor, limit=PAGE_SIZE, with_total="true")

    def _listed(self, **query: str | int | None) -> Page[Company]:
        page = self.gateway.get("/companies", Page[Company], **query)
        for company in page.items:
            self._remember(company)
        return page

    def get_company(self, company_id: str) -> Company:
        company = self.gateway.get(f"/companies/{segment(company_id)}", Company)
        self._remember(company)
        return company

    def create(self, name: str, reference: str) -> tuple[Company, bool]:
        """Return the company and whether it is new; a known reference returns its company."""
        body = {"name": name} | ({"reference": reference} if reference else {})
        reply = self.gateway.send(Call("POST", "/companies", body=body))
        return reply.read(Company), reply.status == 201

    def names(self, company_ids: Iterable[str]) -> dict[str, str]:
        """Return the names of a page's companies, the id itself for one that cannot be read."""
        return {company_id: self._name(company_id) for company_id in set(company_ids)}

    def find_id(self, typed: str) -> str | None:
        """Return the id of the company with this reference or id, None without one."""
        try:
            found = self._listed(reference=typed).items
            return found[0].id if found else self.get_company(typed).id
        except UpstreamRefused as refusal:
            if refusal.status not in (404, 422):
                raise
            return None

    def _name(self, company_id: str) -> str:
        if not may("companies:read"):
            return company_id
        known = self._names.get(company_id)
        if known is not None and known.expires_at > time.monotonic():
            return known.name
        try:
            return self.get_company(company_id).name
        except UpstreamRefused:
            return company_id

    def _remember(self, company: Company) -> None:
        if len(self._names) >= MOST_NAMES:
            self._names.clear()
        self._names[company.id] = KnownName(company.name, time.monotonic() + NAME_SECONDS)


companies = Companies()
