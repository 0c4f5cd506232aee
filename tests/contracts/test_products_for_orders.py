"""What orders relies on at products: prices and reservations, by the fake and by the service itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from services.orders.clients import Products, ProductsClient
from services.orders.errors import OrderNumberTaken, OutOfStock, Shortage
from services.orders.orders.rules import Offer, SkuQuantity
from shared.base.clock import now
from shared.base.money import UnitPrice
from shared.calls.resilience import UpstreamUnavailable
from tests.factories.products import gbp, make_product, price_break
from tests.fakes import FakeProducts

Add = Callable[..., object]


def add_to_catalog(
    sku: str,
    amount: int | str = 250,
    *,
    on_hand: int | None = 1000,
    is_active: bool = True,
    breaks: dict[int, int | str] | None = None,
) -> None:
    """Save a product of the real service as `FakeProducts.add` describes it."""
    steps = [price_break(quantity, str(each)) for quantity, each in (breaks or {}).items()]
    changes: dict[str, Any] = {"name": f"Product {sku}", "is_active": is_active, "price_breaks": steps}
    make_product(sku, stock=on_hand, unit_price=gbp(str(amount)), **changes)


@pytest.fixture(params=["fake", "real"])
def provider(request: pytest.FixtureRequest) -> Iterator[tuple[Products, Add]]:
    """The client that orders calls, and a function that adds a product."""
    if request.param == "fake":
        fake = FakeProducts()
        yield fake, fake.add
        return
    app = request.getfixturevalue("real_products")
    identity = request.getfixturevalue("identity_of")("orders")
    with app.app_context():
        yield ProductsClient(request.getfixturevalue("serve")(app), identity=identity), add_to_catalog


@pytest.fixture
def products(provider: tuple[Products, Add]) -> Products:
    client, add = provider
    add("BOLT", 250, on_hand=10)
    add("NUT/4.5", "12.5", on_hand=5, breaks={100: 10})
    add("POSTAGE", 1800, on_hand=None)
    add("OLD", 100, is_active=False)
    return client


def available(products: Products, sku: str) -> int | None:
    (offer,) = products.prices([SkuQuantity(sku, 1)])
    assert offer is not None
    return offer.available


def listed(products: Products, before: str) -> list[str]:
    found, cursor = [], None
    while True:
        page = products.reservations(before=before, cursor=cursor)
        found += [each.order_id for each in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return found


class TestPrices:
    def test_are_line_by_line_and_none_for_an_unknown_sku(self, products: Products) -> None:
        lines = [SkuQuantity(*each) for each in (("BOLT", 1), ("GONE", 1), ("NUT/4.5", 99), ("BOLT", 2))]
        bolt = Offer("Product BOLT", UnitPrice(Decimal(250), "GBP"), is_active=True, available=10)
        nut = Offer("Product NUT/4.5", UnitPrice(Decimal("12.5"), "GBP"), is_active=True, available=5)

        assert products.prices(lines) == [bolt, None, nut, bolt]

    def test_follow_the_price_breaks(self, products: Products) -> None:
        (offer,) = products.prices([SkuQuantity("NUT/4.5", 100)])
        assert offer is not None
        assert offer.unit_price == UnitPrice(Decimal(10), "GBP")

    def test_of_two_lines_follow_the_sum_of_their_units(self, products: Products) -> None:
        first, second = products.prices([SkuQuantity("NUT/4.5", 60), SkuQuantity("NUT/4.5", 40)])
        assert first is not None
        assert first == second
        assert first.unit_price == UnitPrice(Decimal(10), "GBP")

    def test_name_no_stock_of_what_is_not_stocked(self, products: Products) -> None:
        assert available(products, "POSTAGE") is None

    def test_name_what_is_no_longer_sold(self, products: Products) -> None:
        (offer,) = products.prices([SkuQuantity("OLD", 1)])
        assert offer is not None
        assert not offer.is_active


class TestReservations:
    def test_hold_stock_once_however_often_they_are_repeated(self, products: Products) -> None:
        for _ in range(2):
            products.reserve("ord_1", {"BOLT": 4, "POSTAGE": 1})
        assert available(products, "BOLT") == 6

    def test_hold_all_or_nothing_and_name_every_shortage(self, products: Products) -> None:
        with pytest.raises(OutOfStock) as refusal:
            products.reserve("ord_1", {"BOLT": 11, "NUT/4.5": 6, "POSTAGE": 5})

        shortages = sorted(refusal.value.shortages, key=lambda each: each.sku)
        assert shortages == [Shortage("BOLT", 11, 10), Shortage("NUT/4.5", 6, 5)]
        assert (available(products, "BOLT"), available(products, "NUT/4.5")) == (10, 5)

    def test_that_were_refused_stay_refused(self, products: Products) -> None:
        for _ in range(2):
            with pytest.raises(OutOfStock):
                products.reserve("ord_1", {"BOLT": 11})

    def test_with_other_quantities_are_unavailable(self, products: Products) -> None:
        products.reserve("ord_1", {"BOLT": 4})
        with pytest.raises(UpstreamUnavailable):
            products.reserve("ord_1", {"BOLT": 5})
        assert available(products, "BOLT") == 6

    def test_are_released_once_and_not_made_again(self, products: Products) -> None:
        products.reserve("ord_1", {"BOLT": 4})
        for _ in range(2):
            products.release("ord_1")
        assert available(products, "BOLT") == 10
        with pytest.raises(UpstreamUnavailable):
            products.reserve("ord_1", {"BOLT": 4})

    def test_that_arrive_after_their_release_are_not_made(self, products: Products) -> None:
        products.release("ord_1")
        with pytest.raises(UpstreamUnavailable):
            products.reserve("ord_1", {"BOLT": 4})
        assert available(products, "BOLT") == 10

    def test_are_listed_page_by_page_when_they_are_old_enough(self, products: Products) -> None:
        orders = [f"ord_{number}" for number in range(5)]
        for order_id in orders:
            products.reserve(order_id, {"BOLT": 1})
        products.release("ord_3")

        assert sorted(listed(products, (now() + timedelta(seconds=5)).isoformat())) == [
            "ord_0",
            "ord_1",
            "ord_2",
            "ord_4",
        ]
        assert listed(products, (now() - timedelta(hours=1)).isoformat()) == []


class TestComparison:
    def test_names_orders_without_a_reservation_open_ones_and_the_highest_number(self, products: Products) -> None:
        products.reserve("ord_1", {"BOLT": 1}, order_number=7)
        products.reserve("ord_2", {"BOLT": 1}, order_number=9)
        products.release("ord_2")

        known = products.compare(["ord_1", "ord_2", "ord_3"])

        assert (known.highest_order_number, known.unreserved, known.open) == (9, ["ord_3"], ["ord_1"])

    def test_refuses_the_number_of_another_order(self, products: Products) -> None:
        products.reserve("ord_1", {"BOLT": 1}, order_number=7)
        products.reserve("ord_1", {"BOLT": 1}, order_number=7)

        products.reserve("ord_2", {"BOLT": 1}, order_number=8)

        with pytest.raises(OrderNumberTaken) as refusal:
            products.reserve("ord_3", {"BOLT": 1}, order_number=7)
        assert refusal.value.highest == 8
