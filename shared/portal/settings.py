"""What every portal reads from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from shared.base.settings import ObservedSettings


@dataclass(frozen=True, kw_only=True)
class PortalSettings(ObservedSettings):
    """
    Base of both portals' `config.py`; `service_secret` signs the forms' CSRF tokens, the same in all tasks of a portal.

    `session_seconds` is how long a browser may stay away and still be signed in. `allowed_hosts` are further names of
    the portal (`*`: any name), beside those of the public addresses. `trusted_proxies` are networks whose
    `X-Forwarded-For` is trusted. A limit is `<pages per second>/<burst>`: for each signed-in person, and for everybody
    else of a network together.
    """

    redis_url: str
    service_secret: str
    gateway_url: str = "http://gateway:8080"
    public_gateway_url: str = "http://127.0.0.1:8080"
    public_customer_url: str = "http://127.0.0.1:8081"
    public_admin_url: str = "http://127.0.0.1:8082/admin"
    public_psp_url: str = "http://127.0.0.1:8084"
    session_seconds: int = 8 * 3600
    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    person_limit: str = "20/200"
    visitor_limit: str = "20/200"
    max_body_bytes: int = 2 * 1024 * 1024
