"""The portal factory: wires session, sign-in, CSRF, headers, pages and probes, in one order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Blueprint, Flask, session
from flask_bootstrap import Bootstrap5
from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.base import deadline
from shared.observe.observability import configure_observability, observe_requests
from shared.portal.assets import register_assets
from shared.portal.csrf import register_csrf
from shared.portal.error_pages import register_error_pages
from shared.portal.faults import field_id
from shared.portal.formatting import register_formatting
from shared.portal.gateway import Gateway, Transport
from shared.portal.headers import register_headers
from shared.portal.hop import register_hop
from shared.portal.invitations import InvitationClient, make_invitations
from shared.portal.limits import ClientAddress, register_limits
from shared.portal.paging import register_paging
from shared.portal.permissions import register_permissions
from shared.portal.prefix import Prefix
from shared.portal.reading import register_reading
from shared.portal.robots import register_robots
from shared.portal.sessions import SameSite, Sessions
from shared.portal.settings import PortalSettings
from shared.portal.sign_in import AccessCheck, GatewayAuthority, make_blueprint, require_sign_in
from shared.portal.statuses import status_word
from shared.portal.store import SessionStore, connect
from shared.portal.tokens import TokenStore
from shared.portal.transport import HttpTransport
from shared.web.compression import register_compression
from shared.web.hosts import KnownHosts, host_of
from shared.web.refused_requests import register_refusals
from shared.web.service import register_health

HERE = Path(__file__).parent


def create_portal(
    name: str,
    settings: PortalSettings,
    *,
    folder: Path,
    blueprints: Iterable[Blueprint],
    check_access: AccessCheck,
    transport: Transport | None = None,
    redis: Redis | None = None,
    prefix: str = "",
    same_site: SameSite = "Lax",
    clock: Callable[[], float] = time.time,
) -> Flask:
    """
    Build one portal: the layout is in `folder`/templates, an area's pages in `folder`/<area>/templates.

    `check_access` returns why a person may not use the portal; `transport` sends the calls to the gateway and `redis`
    keeps the sessions (by default those of the settings); `same_site` is of its cookies; `clock` is in epoch seconds.
    """
    configure_observability(name, settings)
    app = Flask(name, static_folder=str(HERE / "static"), static_url_path="/static", template_folder=None)
    app.config.update(
        SECRET_KEY=settings.service_secret, MAX_CONTENT_LENGTH=settings.max_body_bytes, BOOTSTRAP_SERVE_LOCAL=True
    )
    transport = transport or HttpTransport(settings.gateway_url)
    store = SessionStore(redis or connect(settings.redis_url), name, seconds=settings.session_seconds)
    authority = GatewayAuthority(transport)
    tokens = TokenStore(store, authority, clock=clock)
    app.session_interface = Sessions(store, f"__Host-{name}", secret=settings.service_secret, same_site=same_site)
    app.extensions["tradepost_settings"] = settings
    app.extensions["tradepost_gateway"] = Gateway(transport, tokens)
    _register_pages(app, folder)
    register_compression(app)
    _register_refusals(app, settings)
    register_hop(app, same_site)
    app.before_request(require_sign_in)
    register_csrf(app)
    common = (make_blueprint(authority, tokens, check_access), make_invitations(InvitationClient(transport)))
    for blueprint in (*common, *blueprints):
        app.register_blueprint(blueprint)
    register_headers(app)
    register_error_pages(app)
    register_health(app, name, {"redis": store.check})
    observe_requests(app, is_edge=True)
    _wrap(app, settings, prefix)
    return app


def _register_refusals(app: Flask, settings: PortalSettings) -> None:
    register_refusals(app)
    register_reading(app)
    register_limits(app, settings)


def _register_pages(app: Flask, folder: Path) -> None:
    areas = {each.parent.name: FileSystemLoader(each) for each in folder.glob("*/templates")}
    common = [FileSystemLoader(folder / "templates"), FileSystemLoader(HERE / "templates")]
    app.jinja_loader = ChoiceLoader([PrefixLoader(areas), *common])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Bootstrap5(app)
    register_assets(app)
    register_formatting(app)
    register_permissions(app)
    register_paging(app)
    settings: PortalSettings = app.extensions["tradepost_settings"]
    is_admin = app.name == "admin"
    app.jinja_env.globals.update(
        portal=app.name,
        other_portal=settings.public_customer_url if is_admin else settings.public_admin_url,
        status_word=status_word,
        # A page without a form that was sent has no faults.
        faults={},
    )
    app.jinja_env.filters["field_id"] = field_id
    app.context_processor(lambda: {"viewer": session.get("viewer")})


def _wrap(app: Flask, settings: PortalSettings, prefix: str) -> None:
    """Add `/robots.txt` and the middleware: the client's address, the scheme, the Host, the prefix, the deadline."""
    register_robots(app, prefix)
    inner = deadline.Middleware(app.wsgi_app)
    public = (host_of(url) for url in (settings.public_customer_url, settings.public_admin_url))
    known = KnownHosts(Prefix(inner, prefix) if prefix else inner, (app.name, *public, *settings.allowed_hosts))
    proxied = ProxyFix(known, x_for=0, x_proto=1)
    app.wsgi_app = ClientAddress(proxied, settings.trusted_proxies)  # type: ignore[method-assign]
