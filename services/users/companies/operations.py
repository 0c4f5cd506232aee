"""Companies: creating, reading and listing them."""

from __future__ import annotations

from typing import Any

from services.users.companies.documents import Company, CompanyRecord
from services.users.companies.rules import CompaniesFilter, CompanyDetails, CompanyId, CompanyIds, CompanyName
from shared.base.errors import NotFound
from shared.base.search_terms import query_words
from shared.data.pagination import Page, changes_page
from shared.data.struct_fields import stored_as
from shared.data.text_search import begins_with
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

UNREAD = {"outbox": 0, "search_terms": 0}
# What an order list is asked for at most beside the orders' own texts.
MOST_NAMED = 50


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
    """Return one page of the companies the reader may see."""
    scope = reader.company_scope("companies:read")
    query: dict[str, Any] = {"_id": scope["company_id"]} if scope else {}
    if wanted.reference is not None:
        query["reference"] = wanted.reference
    if wanted.q is not None:
        query |= begins_with("search_terms", query_words(wanted.q))
    found = changes_page(Company.collection(), query, wanted, usual="created_at", fields=UNREAD)
    return found.readable(lambda each: stored_as(CompanyRecord, each))


def find_companies(wanted: CompanyName) -> CompanyIds:
    """Return the first companies in whose name or reference each word of the text begins a word."""
    return CompanyIds([CompanyId(each) for each in Company.ids_named(query_words(wanted.q), limit=MOST_NAMED)])
