"""The processor's adapter over HTTP: what counts as the processor's decision, and what as no answer."""

from __future__ import annotations

import pytest

from services.payments.clients.sandbox import SandboxProcessor
from services.payments.errors import ProcessorRefused
from shared.base.errors import Unavailable
from tests.shared.faulty_server import Reply
from tests.shared.upstreams import server, start_server  # noqa: F401

PAGE_OF_A_PROXY = b"<html>404 Not Found</html>"


@pytest.fixture
def processor(server):  # noqa: F811
    return SandboxProcessor(server.url, api_key="sk_test", webhook_secret="whsec_c2VjcmV0")


def test_a_refusal_with_a_code_is_the_processors_decision(processor, server):  # noqa: F811
    server.queue.append(Reply(409, {"error": {"code": "charge_not_capturable", "message": "Voided."}}))

    with pytest.raises(ProcessorRefused) as refusal:
        processor.capture("ch_1", 100, key="txn_1")
    assert refusal.value.code == "charge_not_capturable"


@pytest.mark.parametrize("body", [PAGE_OF_A_PROXY, {"message": "no such route"}, {"error": "not found"}, []])
@pytest.mark.parametrize("status", [404, 405, 413])
def test_a_refusal_by_a_proxy_decides_nothing(processor, server, status, body):  # noqa: F811
    server.queue.append(Reply(status, body))

    with pytest.raises(Unavailable):
        processor.capture("ch_1", 100, key="txn_1")


@pytest.mark.parametrize("body", [None, [], {}, {"id": None}, {"object": "event"}])
def test_an_answer_without_an_outcome_is_unavailable(processor, server, body):  # noqa: F811
    server.queue += [Reply(200, body)] * 2

    with pytest.raises(Unavailable):
        processor.capture("ch_1", 100, key="txn_1")
    with pytest.raises(Unavailable):
        processor.charge("tok_ok", amount=100, currency="GBP", order_id="ord_1", key="txn_2")
