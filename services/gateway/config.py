"""The gateway's settings, from the environment."""

from __future__ import annotations

from dataclasses import dataclass

from shared.base.settings import ObservedSettings


@dataclass(frozen=True, kw_only=True)
class GatewaySettings(ObservedSettings):
    """
    What the gateway reads.

    A limit is `<calls per second>/<burst>`; `staff_` limits are for the merchant's own staff, whose tools replay
    whole days of trade. Anonymous calls, sign-ins among them, are counted per network (an IPv6 address's /64).
    `trusted_proxies` are networks whose `X-Forwarded-For` is trusted (the load balancer's, the portals');
    `cors_origins` are exact origins. `allowed_hosts` are the names that clients may use for the gateway, beside
    `gateway` and those of this machine (`*`: any name). At most `upstream_places` calls may be under way to one
    service, and `upstream_threads` under way and waiting together: each occupies one of the gateway's threads.
    `sampling_rate` and `sampling_cap` are shares of a route's requests that are traced: normally, and at most.
    """

    redis_url: str
    users_url: str = "http://users:8080"
    products_url: str = "http://products:8080"
    orders_url: str = "http://orders:8080"
    payments_url: str = "http://payments:8080"
    search_url: str = "http://search:8080"
    notifications_url: str = "http://notifications:8080"
    trusted_proxies: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    upstream_places: int = 256
    upstream_threads: int = 512
    body_memory_bytes: int = 256 * 1024
    login_address_limit: str = "20/200"
    public_limit: str = "200/1000"
    read_limit: str = "50/300"
    write_limit: str = "20/100"
    import_limit: str = "0.2/10"
    staff_read_limit: str = "1000/4000"
    staff_write_limit: str = "1000/4000"
    staff_import_limit: str = "1/60"
    sampling_rate: float = 0.05
    sampling_cap: float = 0.5

    def upstream_url(self, upstream: str) -> str:
        return str(getattr(self, f"{upstream}_url"))
