"""The companies' API."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import request, url_for
from flask.views import MethodView

from services.users.companies import examples, operations
from services.users.companies.documents import Company, CompanyRecord
from services.users.companies.rules import CompaniesFilter, CompanyDetails, CompanyIds, CompanyName
from services.users.companies.schemas import (
    CompaniesQuery,
    CompanyIdsSchema,
    CompanyInput,
    CompanyNameQuery,
    CompanyPageSchema,
    CompanySchema,
)
from shared.data.pagination import Page
from shared.web import idempotency
from shared.web.auth import current_principal, internal, requires
from shared.web.components import LOCATED
from shared.web.conditional import conditional
from shared.web.documented import document
from shared.web.idempotency import idempotent
from shared.web.service import ApiBlueprint

companies = ApiBlueprint("companies", __name__, url_prefix="/v1/companies", description="The companies that buy.")
internal_companies = ApiBlueprint(
    "internal-companies", __name__, url_prefix="/internal/v1/companies", description="Companies for other services"
)


def idempotent_if_keyed(route: Callable[..., Any]) -> Callable[..., Any]:
    """Make an `Idempotency-Key` optional: a company with a reference needs none, the reference is its natural key."""
    keyed = idempotent(route)

    @wraps(route)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        return (keyed if "Idempotency-Key" in request.headers else route)(*args, **kwargs)

    return document(
        chosen,
        problems=idempotency.PROBLEMS,
        parameters=[idempotency.parameter(is_required=False)],
        headers=["Idempotent-Replayed"],
    )


@companies.route("")
class Companies(MethodView):
    @requires("companies:read")
    @companies.arguments(CompaniesQuery, location="query")
    @companies.response(200, CompanyPageSchema, example=examples.PAGE)
    @companies.operation("listCompanies")
    def get(self, wanted: CompaniesFilter) -> Page[CompanyRecord]:
        """
        List companies, oldest first.

        Buyers see their own company, staff all of them. `reference` finds the company of a number of the merchant's.
        """
        return operations.list_companies(current_principal(), wanted)

    @requires("companies:write")
    @idempotent_if_keyed
    @companies.arguments(CompanyInput, example=examples.NEW)
    @companies.response(201, CompanySchema, headers=LOCATED, example=examples.COMPANY)
    @companies.alt_response(
        200,
        schema=CompanySchema,
        headers=LOCATED,
        description="The reference is known: its company",
        example=examples.COMPANY,
    )
    @companies.operation("createCompany")
    def post(self, details: CompanyDetails) -> tuple[Company, int, dict[str, str]]:
        """
        Create a company.

        People of the company are invited afterwards. A `reference` that is known answers 200 with its company, and
        nothing is changed, so that an import of companies can be repeated. Without a reference, and
        without an `Idempotency-Key`, a repeated request creates another company.
        """
        company, is_new = operations.create_company(details)
        location = url_for("companies.OneCompany", company_id=company.id)
        return company, 201 if is_new else 200, {"Location": location}


@companies.route("/<company_id>")
class OneCompany(MethodView):
    @requires("companies:read")
    @companies.response(200, CompanySchema, example=examples.COMPANY)
    @companies.operation("getCompany")
    @conditional
    def get(self, company_id: str) -> CompanyRecord:
        """
        Read a company.

        Buyers can read their own only.
        """
        return operations.get_company(current_principal(), company_id)


@internal_companies.route("")
class FoundCompanies(MethodView):
    @internal("orders")
    @internal_companies.arguments(CompanyNameQuery, location="query")
    @internal_companies.response(200, CompanyIdsSchema)
    @internal_companies.operation("findCompanies")
    def get(self, wanted: CompanyName) -> CompanyIds:
        """List the ids of the companies that a text names, at most 50."""
        return operations.find_companies(wanted)
