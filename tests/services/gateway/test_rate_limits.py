"""Rate limits: leased tokens, with Redis and without."""

from __future__ import annotations

import threading
import time

import pytest
import redis

from shared.web.limiter import LEASE_SECONDS, Bucket, Limit, Limiter

DEAD_REDIS = "redis://127.0.0.1:1/0"


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(params=["redis", "local"])
def limiter(request, redis_url, clock):
    made = Limiter(redis_url if request.param == "redis" else DEAD_REDIS, clock=clock)
    yield made
    made.close()


def allowed(limiter: Limiter, bucket: Bucket, calls: int) -> int:
    return sum(limiter.take([bucket]).is_allowed for _ in range(calls))


class TestLimiter:
    def test_grants_the_burst_and_no_more(self, limiter):
        assert allowed(limiter, Bucket(Limit("read", 0.01, 50), "usr_1"), 80) == 50

    def test_clients_do_not_share(self, limiter):
        limit = Limit("read", 0.01, 5)
        assert allowed(limiter, Bucket(limit, "usr_1"), 10) == 5
        assert allowed(limiter, Bucket(limit, "usr_2"), 10) == 5

    def test_tells_how_long_to_wait(self, limiter):
        bucket = Bucket(Limit("read", 0.5, 1), "usr_1")
        assert limiter.take([bucket]).is_allowed
        refusal = limiter.take([bucket])

        assert not refusal.is_allowed
        assert 1.5 < refusal.wait_seconds <= 2.0

    def test_threads_together_get_no_more(self, limiter):
        bucket = Bucket(Limit("read", 0.01, 100), "usr_1")
        granted = []
        threads = [threading.Thread(target=lambda: granted.append(allowed(limiter, bucket, 30))) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()

        assert sum(granted) == 100

    def test_several_buckets_grant_together_or_not_at_all(self, limiter):
        address = Bucket(Limit("login-address", 0.01, 40, strict=True), "127.0.0.1")
        accounts = [Bucket(Limit("login-account", 0.01, 4, strict=True), name) for name in ("a", "b")]
        first = [limiter.take([accounts[0], address]).is_allowed for _ in range(20)]
        second = [limiter.take([accounts[1], address]).is_allowed for _ in range(20)]

        assert sum(first) == sum(second) <= 4
        assert first[0]
        assert second[0]


class TestWithRedis:
    def test_makes_one_trip_for_many_calls(self, redis_url, clock):
        limiter = Limiter(redis_url, clock=clock)
        bucket = Bucket(Limit("read", 0.01, 1000), "usr_1")
        assert allowed(limiter, bucket, 100) == 100
        limiter.close()

        with redis.Redis.from_url(redis_url) as store:
            left = float(store.hget(bucket.key, "tokens") or 0)
        assert left == 900, "each trip takes a hundred tokens"

    def test_processes_share_a_bucket(self, redis_url):
        one, other = Limiter(redis_url), Limiter(redis_url)
        bucket = Bucket(Limit("login", 0.01, 6, strict=True), "usr_1")
        granted = [each.take([bucket]).is_allowed for _ in range(6) for each in (one, other)]
        for each in (one, other):
            each.close()

        assert sum(granted) == 6

    def test_lease_runs_out(self, redis_url, clock):
        limiter = Limiter(redis_url, clock=clock)
        bucket = Bucket(Limit("read", 0.01, 20), "usr_1")
        assert limiter.take([bucket]).left == 19
        clock.now += LEASE_SECONDS
        again = limiter.take([bucket])
        limiter.close()

        assert again.left == 17

    def test_tokens_come_back(self, redis_url):
        limiter = Limiter(redis_url)
        bucket = Bucket(Limit("login", 2, 1, strict=True), "usr_1")
        assert limiter.take([bucket]).is_allowed
        assert not limiter.take([bucket]).is_allowed
        time.sleep(0.51)
        again = limiter.take([bucket])
        limiter.close()

        assert again.is_allowed

    def test_keys_expire(self, redis_url):
        limiter = Limiter(redis_url)
        limiter.take([Bucket(Limit("read", 10, 100), "usr_1")])
        limiter.close()
        with redis.Redis.from_url(redis_url) as store:
            assert 0 < store.ttl("limit:read:usr_1") <= 11


class TestWithoutRedis:
    def test_is_not_asked_again_for_every_call(self, clock):
        limiter = Limiter(DEAD_REDIS, clock=clock)
        started = time.monotonic()
        assert allowed(limiter, Bucket(Limit("login", 1000, 1000, strict=True), "usr_1"), 200) == 200
        assert time.monotonic() - started < 3

    def test_sign_in_limits_fail_closed(self, clock):
        limiter = Limiter(DEAD_REDIS, clock=clock)
        assert allowed(limiter, Bucket(Limit("login", 0.01, 40, strict=True), "usr_1"), 40) == 10


class TestParse:
    @pytest.mark.parametrize("text", ["", "50", "50/", "/5", "0/5", "-1/5", "5/0", "inf/5", "a/b"])
    def test_refuses_what_is_no_limit(self, text):
        with pytest.raises(ValueError, match="limit read"):
            Limit.parse("read", text)


def _login_from(app, address: str, *, path: str = "/api/v1/auth/login") -> int:
    login = {"email": "owner@acme.example", "password": "guess"}
    return int(app.test_client().post(path, json=login, environ_base={"REMOTE_ADDR": address}).status_code)


class TestOverHttp:
    def test_answers_tell_the_limit(self, buyer):
        response = buyer.get("/api/v1/orders")

        assert response.headers["RateLimit-Policy"] == '"read";q=300;w=6'
        assert response.headers["RateLimit"] == '"read";r=299;t=1'

    def test_too_many_are_refused(self, make_gateway, api, upstream):
        client = api(make_gateway(read_limit="0.2/3"))
        statuses = [client.get("/api/v1/orders").status_code for _ in range(5)]
        refused = client.get("/api/v1/orders")

        assert statuses == [200, 200, 200, 429, 429]
        assert refused.json["type"] == "/problems/rate-limited"
        assert 1 <= int(refused.headers["Retry-After"]) <= 5
        assert refused.headers["RateLimit"].startswith('"read";r=0;')
        assert len(upstream.received) == 3

    def test_classes_are_counted_apart(self, make_gateway, api):
        client = api(make_gateway(read_limit="0.2/1"))
        assert [client.get("/api/v1/orders").status_code for _ in range(2)] == [200, 429]
        assert client.post("/api/v1/orders", json={}).status_code == 200

    def test_staff_have_limits_of_their_own(self, make_gateway, api):
        app = make_gateway(read_limit="0.2/1")
        rep = api(app, role="acting_rep", act="usr_rep")
        for client in (api(app, role="merchant_admin"), rep):
            assert [client.get("/api/v1/orders").status_code for _ in range(10)] == [200] * 10

    @pytest.mark.parametrize("trick", [{"X-Forwarded-For": "10.1.1.{}"}, {"X-Real-IP": "10.1.1.{}"}, {}])
    def test_sign_ins_are_limited_by_address(self, trick, make_gateway, upstream):
        client = make_gateway(login_address_limit="0.01/4").test_client()
        statuses = [
            client.post(
                "/api/v1/auth/login",
                json={"email": f"user{number}@acme.example", "password": "x"},
                headers={name: value.format(number) for name, value in trick.items()},
            ).status_code
            for number in range(6)
        ]

        assert statuses == [200] * 4 + [429] * 2
        assert len(upstream.received) == 4

    def test_a_stranger_does_not_spend_the_owners_sign_ins(self, gateway):
        guesses = [_login_from(gateway, "203.0.113.9") for _ in range(150)]
        owner = [_login_from(gateway, "198.51.100.7") for _ in range(10)]

        assert guesses == [200] * 150
        assert owner == [200] * 10

    def test_addresses_of_one_ipv6_network_count_together(self, make_gateway):
        app = make_gateway(login_address_limit="0.01/4", public_limit="0.01/2")
        same = [_login_from(app, f"2001:db8:1:2::{number}") for number in range(1, 7)]

        assert same == [200] * 4 + [429] * 2
        assert _login_from(app, "2001:db8:1:3::1") == 200
        keys = [_login_from(app, f"2001:db8:1:2::{number}", path="/api/v1/auth/refresh") for number in range(1, 4)]
        assert keys == [200, 200, 429]

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"email": {"$ne": ""}}', b'{"email": 5}'])
    def test_sign_in_without_an_address_is_still_counted(self, body, make_gateway):
        client = make_gateway(login_address_limit="0.01/2").test_client()
        statuses = [client.post("/api/v1/auth/login", data=body).status_code for _ in range(3)]

        assert statuses == [200, 200, 429]

    def test_redis_away_stops_nobody(self, make_gateway, api):
        client = api(make_gateway(redis_url=DEAD_REDIS))
        assert [client.get("/api/v1/orders").status_code for _ in range(20)] == [200] * 20
