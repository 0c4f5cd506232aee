"""
Trade with a Tradepost installation through a client that `openapi-python-client` made, unchanged.

The merchant imports a product file; a buyer finds the product and orders it; the merchant ships the order, the payment
is captured, and one unit comes back. Refusals are typed problem documents. `make clients` runs this program:

    openapi-python-client generate --url http://127.0.0.1:8080/docs/openapi.json \\
        --meta none --output-path tradepost_client
    python trade.py http://127.0.0.1:8080
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from typing import TypeVar
from uuid import uuid4

from tradepost_client import AuthenticatedClient, Client
from tradepost_client.api.auth import sign_in
from tradepost_client.api.checkout import place_order
from tradepost_client.api.fulfillment import return_items, ship_order
from tradepost_client.api.imports import get_import, import_products
from tradepost_client.api.orders import get_order
from tradepost_client.api.search import search_products
from tradepost_client.models import (
    FoundPage,
    ImportFile,
    LoginInput,
    Order,
    OrderLineInput,
    PaymentInput,
    PaymentInputMethod,
    PlaceOrderInput,
    Problem,
    ReturnInput,
    ReturnLineInput,
    ShipmentInput,
)
from tradepost_client.types import File

PASSWORD = "tradepost-demo"
STOCK = 500
Answer = TypeVar("Answer")


class Refused(Exception):
    """The platform refused a request; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.status} {problem.type_}: {problem.detail or problem.title}")
        self.problem = problem


def accepted(answer: Answer | Problem | None) -> Answer:
    """Return what was asked for; raise Refused when the answer is a problem document."""
    if isinstance(answer, Problem):
        raise Refused(answer)
    assert answer is not None
    return answer


def once() -> str:
    """Return a new Idempotency-Key: a request that is sent again keeps its key."""
    return str(uuid4())


def wait_for(read: Callable[[], Answer], is_done: Callable[[Answer], bool]) -> Answer:
    """Read until it is done: events arrive a moment later."""
    for _ in range(150):
        answer = read()
        if is_done(answer):
            return answer
        time.sleep(0.2)
    raise TimeoutError(f"It never came: {answer}")


def signed_in(address: str, email: str) -> AuthenticatedClient:
    body = LoginInput(email=email, password=PASSWORD)
    tokens = accepted(sign_in.sync(client=Client(base_url=address), body=body))
    return AuthenticatedClient(base_url=address, token=tokens.access_token)


def import_bolts(merchant: AuthenticatedClient, sku: str) -> None:
    """Import a product file with one row, and wait until it is in the catalog."""
    rows = f"sku,name,unit_price,currency,stock,breaks\n{sku},Hex bolt M8 x 40,0.255,GBP,{STOCK},100:0.21\n"
    file = File(payload=io.BytesIO(rows.encode()), file_name="bolts.csv", mime_type="text/csv")
    started = accepted(import_products.sync(client=merchant, body=ImportFile(file=file)))
    done = wait_for(
        lambda: accepted(get_import.sync(started.id, client=merchant)), lambda each: each.finished_at is not None
    )
    assert (done.status, done.created, done.failed) == ("succeeded", 1, 0), done


def order_bolts(buyer: AuthenticatedClient, sku: str, quantity: int) -> Order:
    """Place an order that is paid by card; the token comes from the card processor's page."""
    body = PlaceOrderInput(
        line_items=[OrderLineInput(sku=sku, quantity=quantity)],
        po_number="PO-7",
        payment=PaymentInput(method=PaymentInputMethod.CARD, token="tok_ok"),
    )
    return accepted(place_order.sync(client=buyer, body=body, idempotency_key=once()))


def refusal_of(buyer: AuthenticatedClient, sku: str, quantity: int) -> Problem:
    """Return the problem of an order that cannot be placed."""
    try:
        order = order_bolts(buyer, sku, quantity)
    except Refused as refused:
        return refused.problem
    raise AssertionError(f"{order.number} should have been refused")


def main(address: str) -> None:
    merchant, buyer = signed_in(address, "admin@tradepost.example"), signed_in(address, "buyer@acme.example")
    sku = f"BOLT-{uuid4().hex[:8].upper()}"
    import_bolts(merchant, sku)

    def is_found(page: FoundPage) -> bool:
        return any(each.sku == sku for each in page.items)

    found = wait_for(lambda: accepted(search_products.sync(client=buyer, q=sku)), is_found)
    print(f"imported and found: {found.items[0].name}, {found.items[0].unit_price.amount} pence")

    short = refusal_of(buyer, sku, STOCK + 1)
    assert (short.status, short.type_) == (409, "/problems/out-of-stock"), short
    unknown = refusal_of(buyer, "NO-SUCH-BOLT", 1)
    assert (unknown.status, unknown.type_) == (422, "/problems/invalid-input"), unknown
    faults = unknown.errors or []
    assert [each.pointer for each in faults] == ["/line_items/0/sku"], faults
    print(f"refused: {short.title} / {faults[0].detail}")

    order = order_bolts(buyer, sku, 120)
    accepted(ship_order.sync(order.id, client=merchant, body=ShipmentInput(), idempotency_key=once()))
    captured = wait_for(
        lambda: accepted(get_order.sync(order.id, client=buyer)), lambda each: each.captured_total == each.total
    )
    print(f"shipped and captured: {captured.number}, {captured.captured_total.amount} pence")

    line = ReturnLineInput(line_id=captured.line_items[0].line_id, quantity=1)
    body = ReturnInput(line_items=[line])
    accepted(return_items.sync(order.id, client=merchant, body=body, idempotency_key=once()))
    refunded = wait_for(
        lambda: accepted(get_order.sync(order.id, client=buyer)), lambda each: each.refunded_total.amount > 0
    )
    print(
        f"returned and refunded: {refunded.returns[0].line_items[0].quantity}, {refunded.refunded_total.amount} pence"
    )


if __name__ == "__main__":
    main(sys.argv[1])
