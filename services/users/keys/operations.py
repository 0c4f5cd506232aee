"""Tokens of services, and the public keys that verify every token."""

from __future__ import annotations

import hmac

from services.users.clients import clients
from services.users.errors import InvalidServiceSecret
from services.users.keys.rules import ServiceCredentials, ServiceToken, digest
from shared.base.errors import Forbidden
from shared.base.workloads import called_by
from shared.observe.observability import get_logger
from shared.web.tokens import ACCESS_SECONDS

log = get_logger()


def issue_service_token(caller: ServiceCredentials) -> ServiceToken:
    """
    Return a token with which a service may call one other for ten minutes.

    Raises InvalidServiceSecret, or Forbidden for an audience that the service does not call.
    """
    expected = clients().secret_hashes.get(caller.service)
    # An unknown service is compared too, with what no secret hashes to, so that both refusals take as long.
    fits = hmac.compare_digest(digest(caller.secret), expected or "0" * 64)
    if not fits or expected is None:
        log.warning("service_token_refused", audience=caller.audience)
        raise InvalidServiceSecret()
    if caller.audience not in called_by(caller.service):
        log.warning("service_token_refused", audience=caller.audience, reason="not_called")
        raise Forbidden(f"The service {caller.service} does not call {caller.audience}")
    token = clients().keys.signer.mint(f"svc_{caller.service}", audience=caller.audience)
    return ServiceToken(token, ACCESS_SECONDS)
