"""What several verbs need: the settings, whose company it is, and another try after a lost race."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from flask import current_app

from services.orders.config import OrdersSettings
from services.orders.errors import CapturePending, CompanyMissing
from shared.base.errors import VersionConflict
from shared.web.tokens import Principal

P = ParamSpec("P")
T = TypeVar("T")

RACE_ATTEMPTS = 5


def settings() -> OrdersSettings:
    return cast(OrdersSettings, current_app.extensions["tradepost_settings"])


def company_of(principal: Principal) -> str:
    """Return the company the principal is in or acts for; staff must act for one."""
    if not principal.company_id:
        raise CompanyMissing()
    return principal.company_id


def retry_on_version_conflict(verb: Callable[P, T]) -> Callable[P, T]:
    """
    Do a verb that reads, decides and commits once, again when somebody else wrote in between.

    It decides anew on what it finds, so that a shipment is not refused for a capture that arrived at that moment.
    """

    @wraps(verb)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(RACE_ATTEMPTS - 1):
            try:
                return verb(*args, **kwargs)
            except CapturePending:
                raise
            except VersionConflict:
                continue
        return verb(*args, **kwargs)

    return repeated
