"""Companies: creating, reading and listing them."""

from __future__ import annotations

from typing import Any

from services.users.companies.documents import Company, CompanyRecord
from services.users.companies.rules import CompaniesFilter, CompanyDetails
from shared.base.errors import NotFound
from shared.data.pagination import Page, page
from shared.data.struct_fields import stored_as
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()


def create_company(details: CompanyDetails) -> tuple[Company, bool]:
    """Return the company and whether it is new: a known reference returns its company."""
    company, is_new = Company.find_or_create(details)
    if is_new:
        log.info("company_created", company_id=company.id)
    return company, is_new


def get_company(reader: Principal, company_id: str) -> CompanyRecord:
    """Return a company the reader may see; raise NotFound for another's, as for one that does not exist."""
    scope = reader.company_scope("companies:read")
    if scope and scope["company_id"] != company_id:
        raise NotFound(f"Company {company_id} was not found")
    return stored_as(CompanyRecord, Company.get_fields(company_id, {}))


def list_companies(reader: Principal, wanted: CompaniesFilter) -> Page[CompanyRecord]:
    """Return one page of the companies the reader may see, oldest first."""
    scope = reader.company_scope("companies:read")
    query: dict[str, Any] = {"_id": scope["company_id"]} if scope else {}
    if wanted.reference is not None:
        query["reference"] = wanted.reference
    found = page(Company.collection(), query, sort=[("_id", 1, str)], cursor=wanted.cursor, limit=wanted.limit)
    return found.readable(lambda each: stored_as(CompanyRecord, each))
