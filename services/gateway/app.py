"""The gateway's composition root: Flask for its own pages, the edge in front of it for everything else."""

from __future__ import annotations

from functools import partial

from flask import Flask

from services.gateway.clients.descriptions import DescriptionCache
from services.gateway.clients.upstream import Upstream, get_json
from services.gateway.config import GatewaySettings
from services.gateway.operations import Readiness
from services.gateway.policy import POLICY, UPSTREAMS
from services.gateway.proxy.admission import Admission
from services.gateway.proxy.edge import Edge
from services.gateway.proxy.matching import Matcher
from services.gateway.proxy.sampling import Sampler
from services.gateway.routes import blueprint
from shared.observe.observability import configure_observability, observe_requests
from shared.web.arrivals import BODY_LIMIT
from shared.web.compression import register_compression
from shared.web.hosts import KnownHosts
from shared.web.limiter import Limiter
from shared.web.problems import register_problems
from shared.web.revocations import Revocations
from shared.web.strictness import register_strict_queries
from shared.web.tokens import KeySource, RemoteKeys, TokenVerifier

FETCH_SECONDS = 2.0


def create_app(
    settings: GatewaySettings | None = None, *, keys: KeySource | None = None, sampler: Sampler | None = None
) -> Flask:
    """Build the gateway; `keys` verifies tokens (default: the users service's, over the gateway's own client)."""
    settings = settings or GatewaySettings.from_env()
    configure_observability("gateway", settings)
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = max(route.body_limit for route in POLICY)
    places, threads = settings.upstream_places, settings.upstream_threads
    upstreams = {
        name: Upstream(name, settings.upstream_url(name), places=places, threads=threads) for name in UPSTREAMS
    }
    fetches = {
        name: partial(get_json, each, "/openapi.json", seconds=FETCH_SECONDS) for name, each in upstreams.items()
    }
    limiter = Limiter(settings.redis_url)
    keys = keys or RemoteKeys(partial(get_json, upstreams["users"], "/.well-known/jwks.json", seconds=FETCH_SECONDS))
    app.extensions["gateway"] = {
        "upstreams": upstreams,
        "limiter": limiter,
        "descriptions": DescriptionCache(fetches),
        "readiness": Readiness(upstreams, limiter),
    }
    register_compression(app)
    app.register_blueprint(blueprint)
    register_problems(app)
    register_strict_queries(app)
    observe_requests(app, is_edge=True)
    edge = Edge(
        app.wsgi_app,
        matcher=Matcher(POLICY),
        admission=Admission(TokenVerifier("gateway", keys, Revocations.at(settings.redis_url)), limiter, settings),
        upstreams=upstreams,
        settings=settings,
        sampler=_sampler(settings),
    )
    app.extensions[BODY_LIMIT] = edge.body_limit
    app.wsgi_app = KnownHosts(edge, ("gateway", *settings.allowed_hosts))  # type: ignore[method-assign]
    return app


def _sampler(settings: GatewaySettings) -> Sampler | None:
    """Return the sampler, None without a tracing backend."""
    if settings.tracing_backend == "none":
        return None
    return Sampler(((route.method, route.path) for route in POLICY), settings.sampling_rate, settings.sampling_cap)
