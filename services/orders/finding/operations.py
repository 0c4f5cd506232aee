"""Listing the orders that a reader may see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.orders.clients import users
from services.orders.finding.documents import orders_page
from services.orders.finding.rules import OrdersFilter
from services.orders.orders.documents import OrderRecord
from services.orders.orders.rules import OrderStatus
from shared.calls.resilience import UpstreamUnavailable
from shared.data.pagination import Page, no_changes
from shared.observe.observability import get_logger
from shared.web.tokens import Principal

log = get_logger()

# Refused tries to order are left out of a buyer's list, unless it asks for them or for what a program looks up.
SHOWN_TO_BUYERS = [status.value for status in OrderStatus if status != OrderStatus.REFUSED]


def list_orders(reader: Principal, wanted: OrdersFilter) -> Page[OrderRecord]:
    """Return one page of orders; it is empty for another company's."""
    scope = reader.company_scope("orders:read")
    if wanted.company_id and scope.get("company_id", wanted.company_id) != wanted.company_id:
        return no_changes()
    if scope and not wanted.statuses and not wanted.is_for_programs:
        wanted = replace(wanted, statuses=SHOWN_TO_BUYERS)
    is_one_company = bool(scope or wanted.company_id)
    return orders_page(wanted, scope, [] if is_one_company else _companies_named(wanted.words))


def _companies_named(words: Sequence[str]) -> Sequence[str]:
    """
    Return the ids of companies whose name has these words; none while users is unavailable.

    Users owns the names: a copy in each order would be wrong after the first change of a name.
    """
    if not words:
        return []
    try:
        return users().companies_named(" ".join(words))
    except UpstreamUnavailable as failure:
        log.warning("company_names_unavailable", reason=failure.reason)
        return []
