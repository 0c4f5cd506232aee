"""The portal factory: wires session, sign-in, CSRF, headers, pages and probes, in one order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from flask import Blueprint, Flask, session
from flask_bootstrap import Bootstrap5
from jinja2 import ChoiceLoader, FileSystemLoader
from redis import Redis
from werkzeug.middleware.proxy_fix import ProxyFix

from shared.base import deadline
from shared.observe.observability import configure_observability, observe_requests
from shared.portal.assets import register_assets
from shared.portal.bodies import TimedBodies
from shared.portal.csrf import register_csrf
from shared.portal.error_pages import register_error_pages
from shared.portal.formatting import register_formatting
from shared.portal.gateway import Gateway, Transport
from shared.portal.headers import register_headers
from shared.portal.invitations import InvitationDesk, make_invitations
from shared.portal.prefix import Prefix
from shared.portal.sessions import Sessions
from shared.portal.settings import PortalSettings
from shared.portal.sign_in import Doorkeeper, GatewayAuthority, make_blueprint, require_sign_in
from shared.portal.statuses import status_word
from shared.portal.store import SessionStore, connect
from shared.portal.tokens import TokenKeeper
from shared.portal.transport import HttpTransport
from shared.web.service import register_health

HERE = Path(__file__).parent


def create_portal(
    name: str,
    settings: PortalSettings,
    *,
    folder: Path,
    blueprints: Iterable[Blueprint],
    doorkeeper: Doorkeeper,
    transport: Transport | None = None,
    redis: Redis | None = None,
    prefix: str = "",
    clock: Callable[[], float] = time.time,
) -> Flask:
    """
    Build one portal whose pages stand in `folder`/templates.

    `doorkeeper` says who may not enter, `transport` sends the calls to the gateway, `redis` keeps the sessions (both
    are where the settings say, unless given), `clock` (epoch seconds) tells when a token is due for renewal.
    """
    configure_observability(name, settings)
    app = Flask(name, static_folder=str(HERE / "static"), static_url_path="/static", template_folder=None)
    app.config.update(
        SECRET_KEY=settings.service_secret,
        MAX_CONTENT_LENGTH=settings.max_body_bytes,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    transport = transport or HttpTransport(settings.gateway_url)
    store = SessionStore(redis or connect(settings.redis_url), name, seconds=settings.session_seconds)
    authority = GatewayAuthority(transport)
    keeper = TokenKeeper(store, authority, clock=clock)
    app.session_interface = Sessions(store, f"__Host-{name}")
    app.extensions["tradepost_settings"] = settings
    app.extensions["tradepost_gateway"] = Gateway(transport, keeper)
    _register_pages(app, folder)
    app.before_request(require_sign_in)
    register_csrf(app)
    doors = (make_blueprint(authority, keeper, doorkeeper), make_invitations(InvitationDesk(transport)))
    for blueprint in (*doors, *blueprints):
        app.register_blueprint(blueprint)
    register_headers(app)
    register_error_pages(app)
    register_health(app, name, {"redis": store.check})
    observe_requests(app, is_edge=True)
    _wrap(app, prefix)
    return app


def _register_pages(app: Flask, folder: Path) -> None:
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder / "templates"), FileSystemLoader(HERE / "templates")])
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Bootstrap5(app)
    register_assets(app)
    register_formatting(app)
    settings: PortalSettings = app.extensions["tradepost_settings"]
    is_admin = app.name == "admin"
    app.jinja_env.globals.update(
        portal=app.name,
        other_portal=settings.public_customer_url if is_admin else settings.public_admin_url,
        status_word=status_word,
    )
    app.context_processor(lambda: {"viewer": session.get("viewer")})


def _wrap(app: Flask, prefix: str) -> None:
    """Put the middleware round the app: the load balancer's word, the prefix, the request's deadline, its body's."""
    inner = deadline.Middleware(TimedBodies(app.wsgi_app, largest=app.config["MAX_CONTENT_LENGTH"]))
    app.wsgi_app = ProxyFix(Prefix(inner, prefix) if prefix else inner, x_for=1, x_proto=1)  # type: ignore[method-assign]
