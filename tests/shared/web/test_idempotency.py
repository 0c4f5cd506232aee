"""Idempotency keys: repeated requests have one effect and one answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from shared.base import clock
from shared.data.persistence import database
from tests.shared.toys import SERVICE, Note
from tests.support import Api

BODY = {
    "text": "hello",
    "sku": "a1",
    "price": {"amount": 1, "currency": "GBP"},
    "total": {"amount": 5, "currency": "GBP"},
}
KEY = {"Idempotency-Key": "key-1"}


def post(client, text="hello", headers=KEY):
    return client.post("/v1/notes", json={**BODY, "text": text}, headers=headers)


class TestIdempotency:
    def test_requires_a_key(self, writer):
        response = post(writer, headers={"Idempotency-Key": " "})

        assert response.status_code == 400
        assert response.json["type"] == "/problems/idempotency-key-missing"

    def test_stores_no_card_number_as_a_key(self, writer):
        response = post(writer, headers={"Idempotency-Key": "4111-1111-1111-1111"})

        assert response.status_code == 400
        assert response.json["type"] == "/problems/idempotency-key-refused"
        assert database(SERVICE)["idempotency_keys"].count_documents({}) == 0

    def test_stores_no_card_number_as_the_name_of_a_field(self, writer):
        response = writer.post("/v1/notes", json={**BODY, "4111111111111111": 1}, headers=KEY)

        assert response.status_code == 422
        assert "4111" not in response.text

    def test_replays_the_first_answer(self, writer):
        first, second = post(writer), post(writer)

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.data == second.data
        assert "Idempotent-Replayed" not in first.headers
        assert second.headers["Idempotent-Replayed"] == "true"
        assert Note.objects.count() == 1

    def test_replays_a_refusal_too(self, writer):
        first, second = post(writer, "refuse"), post(writer, "refuse")

        assert (first.status_code, second.status_code) == (409, 409)
        assert second.headers["Idempotent-Replayed"] == "true"

    def test_replays_how_to_authenticate(self, writer):
        first, second = post(writer, "forbid"), post(writer, "forbid")

        assert (first.status_code, second.status_code) == (403, 403)
        assert second.headers["Idempotent-Replayed"] == "true"
        assert second.headers["WWW-Authenticate"] == first.headers["WWW-Authenticate"]

    def test_refuses_a_key_of_another_body(self, writer):
        post(writer)

        response = post(writer, "other")
        assert response.status_code == 422
        assert response.json["type"] == "/problems/idempotency-key-reused"

    def test_belongs_to_one_company(self, writer, toy_app, tokens):
        post(writer)
        other = Api(toy_app, tokens, scope="notes:write", company_id="cmp_globex")

        assert post(other, "other").status_code == 201

    def test_allows_a_retry_after_a_crash(self, writer):
        assert post(writer, "crash").status_code == 500
        assert post(writer, "hello").status_code == 201

    def test_has_one_effect_for_concurrent_requests(self, toy_app, tokens):
        barrier = threading.Barrier(20)

        def send(_):
            client = Api(toy_app, tokens, scope="notes:write")
            barrier.wait()
            return post(client)

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(20)))

        assert Note.objects.count() == 1
        assert {each.status_code for each in answers} <= {201, 409}
        assert len({each.data for each in answers if each.status_code == 201}) == 1
        assert all(each.headers["Retry-After"] for each in answers if each.status_code == 409)

    def test_allows_a_retry_after_a_killed_process(self, writer):
        post(writer)
        keys = database(SERVICE)["idempotency_keys"]
        abandoned = {"$unset": {"status": 1}, "$set": {"created_at": clock.now() - timedelta(seconds=29)}}
        keys.update_one({}, abandoned)
        assert post(writer).status_code == 409

        keys.update_one({}, {"$set": {"created_at": clock.now() - timedelta(seconds=31)}})
        assert post(writer).status_code == 201
