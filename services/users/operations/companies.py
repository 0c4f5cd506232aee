"""Companies: creating, reading and listing them."""

from __future__ import annotations

from typing import Any

from mongoengine.errors import NotUniqueError

from services.users.documents import Company
from shared.base.errors import NotFound
from shared.data.pagination import Page, page
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


def create_company(*, name: str, reference: str | None = None) -> tuple[Company, bool]:
    """Return the company and whether it is new: a repeated reference returns the one there is."""
    known = Company.find_by_reference(reference) if reference else None
    if known is not None:
        return known, False
    try:
        company = Company(name=name, reference=reference).commit()
    except NotUniqueError:
        winner = Company.find_by_reference(reference or "")
        if winner is None:
            raise
        return winner, False
    log.info("company_created", company_id=company.id)
    return company, True


def get_company(reader: Principal, company_id: str) -> dict[str, Any]:
    """Return a company the reader may see; another's is as missing as none."""
    scope = reader.company_scope("companies:read")
    if scope and scope["company_id"] != company_id:
        raise NotFound(f"There is no company {company_id}")
    return _with_id(Company.get_fields(company_id, {}))


def list_companies(reader: Principal, *, reference: str | None, cursor: str | None, limit: int) -> Page[dict[str, Any]]:
    """Return one page of the companies the reader may see, oldest first."""
    scope = reader.company_scope("companies:read")
    query: dict[str, Any] = {"_id": scope["company_id"]} if scope else {}
    if reference is not None:
        query["reference"] = reference
    found = page(Company.collection(), query, sort=[("_id", 1, str)], cursor=cursor, limit=limit)
    return found.map(_with_id)


def _with_id(stored: dict[str, Any]) -> dict[str, Any]:
    return {**stored, "id": stored["_id"]}
