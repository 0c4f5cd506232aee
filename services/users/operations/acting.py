"""Tokens for those who act: staff for a company, a service for itself."""

from __future__ import annotations

import hmac
from typing import Any

from services.users.clients import clients
from services.users.documents import AuditEntry, AuditKind, Company, Role
from services.users.errors import InvalidServiceSecret, NotStaff
from services.users.rules import BUYER_ROLE, acting_permissions, digest, scope_of
from shared.observe.observability import get_logger
from shared.web.tokens import ACCESS_SECONDS, USER_AUDIENCE, Principal

log = get_logger()


def issue_acting_token(staff: Principal, *, company_id: str, reason: str) -> dict[str, Any]:
    """Let a member of staff act for one company for ten minutes; who and why stands in the audit log first."""
    if staff.company_id is not None or staff.actor_id is not None:
        raise NotStaff()
    company = Company.get(company_id)
    AuditEntry.write(
        AuditKind.ACTING_TOKEN_ISSUED,
        user_id=staff.id,
        actor_id=staff.id,
        company_id=company.id,
        session_id=staff.session_id,
        reason=reason,
    )
    token = clients().keys.signer.mint(
        staff.id,
        audience=USER_AUDIENCE,
        company_id=company.id,
        scope=scope_of(acting_permissions(staff.permissions, Role.permissions_of([BUYER_ROLE]))),
        sid=staff.session_id,
        name=staff.name,
        act=staff.id,
    )
    log.info("acting_token_issued", user_id=staff.id, company_id=company.id)
    return {"access_token": token, "token_type": "Bearer", "expires_in": ACCESS_SECONDS, "company_id": company.id}


def issue_service_token(*, service: str, secret: str, audience: str) -> dict[str, Any]:
    """Let a service call one other for ten minutes; raise InvalidServiceSecret."""
    expected = clients().secret_hashes.get(service)
    # An unknown service is compared too, with what no secret hashes to, so that its answer takes as long.
    fits = hmac.compare_digest(digest(secret), expected or "0" * 64)
    if not fits or expected is None:
        log.warning("service_token_refused", audience=audience)
        raise InvalidServiceSecret()
    token = clients().keys.signer.mint(f"svc_{service}", audience=audience)
    return {"access_token": token, "expires_in": ACCESS_SECONDS}
