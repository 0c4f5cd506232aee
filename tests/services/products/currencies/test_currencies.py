"""The currencies that the installation sells in: the list, and what it refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from services.products.catalog.documents import Product
from services.products.catalog.rules import price
from services.products.currencies.documents import CurrencyList, sold_currencies
from services.products.currencies.operations import replace_list
from services.products.errors import CurrencyInUse
from tests.factories.products import SKU, csv_file, csv_row, make_product
from tests.services.products.conftest import Import

CHF = {"amount": 100, "currency": "CHF"}


def codes(response: Any) -> list[str]:
    return [each["code"] for each in response.json["items"]]


def set_to(merchant: Any, *wanted: Any) -> Any:
    return merchant.put("/v1/currencies", json={"currencies": list(wanted)})


def new(sku: str, currency: str) -> dict[str, Any]:
    return {"sku": sku, "name": "New", "unit_price": {"amount": 100, "currency": currency}}


class TestCurrencies:
    def test_are_those_of_the_products_until_they_are_set(self, merchant: Any) -> None:
        assert merchant.get("/v1/currencies").json == {"items": [], "is_set": False}

        make_product(unit_price=price(Decimal(1), "JPY"))
        make_product("NUT")

        items = [{"code": "GBP", "decimals": 2}, {"code": "JPY", "decimals": 0}]
        assert merchant.get("/v1/currencies").json == {"items": items, "is_set": False}

    def test_are_set(self, merchant: Any) -> None:
        make_product()

        response = set_to(merchant, "GBP", "OMR", "GBP", "EUR")

        assert response.status_code == 200
        assert (codes(response), response.json["is_set"]) == (["EUR", "GBP", "OMR"], True)
        assert merchant.get("/v1/currencies").json == response.json

    def test_are_set_again(self, merchant: Any) -> None:
        set_to(merchant, "GBP", "EUR")

        assert codes(set_to(merchant, "USD")) == ["USD"]

    @pytest.mark.parametrize("wrong", ["ABC", "XXX", "XAU", "gbp", "", "BGN", 5, None])
    def test_are_those_of_iso_4217(self, merchant: Any, wrong: Any) -> None:
        response = set_to(merchant, "GBP", wrong)

        assert response.status_code == 422
        assert response.json["errors"][0]["pointer"] == "/currencies/1"

    def test_are_at_least_one(self, merchant: Any) -> None:
        assert set_to(merchant).json["errors"][0]["pointer"] == "/currencies"

    def test_keep_those_that_products_on_sale_have(self, merchant: Any) -> None:
        make_product()
        make_product("OLD", unit_price=price(Decimal(1), "USD"), is_active=False)

        response = set_to(merchant, "EUR")

        assert response.status_code == 409
        assert response.json["type"] == "/problems/currency-in-use"
        assert response.json["detail"].startswith("GBP is the currency of products on sale, such as SKU BOLT-M8.")
        assert codes(set_to(merchant, "EUR", "GBP")) == ["EUR", "GBP"]

    @pytest.mark.parametrize("set_before", [(), ("CHF", "GBP")], ids=["of the products", "set"])
    def test_stay_when_a_product_came_between_the_check_and_the_write(self, merchant: Any, set_before: Any) -> None:
        make_product()
        make_product("OLD", unit_price=price(Decimal(1), "CHF"), is_active=False)
        if set_before:
            set_to(merchant, *set_before)
        listed = merchant.get("/v1/currencies").json
        checked = sold_currencies()
        make_product("LATE", unit_price=price(Decimal(1), "CHF"))

        with pytest.raises(CurrencyInUse, match="LATE"):
            replace_list(CurrencyList.of_installation(), ("GBP",), checked)

        assert merchant.get("/v1/currencies").json == listed
        assert codes(set_to(merchant, "CHF", "EUR", "GBP")) == ["CHF", "EUR", "GBP"]

    def test_may_keep_one_that_left_iso_4217(self, merchant: Any) -> None:
        make_product(unit_price=price(Decimal(1), "BGN"))

        assert codes(set_to(merchant, "EUR", "BGN")) == ["BGN", "EUR"]

    def test_are_read_by_buyers_and_set_by_the_merchant(self, buyer: Any) -> None:
        assert buyer.get("/v1/currencies").status_code == 200
        assert set_to(buyer, "GBP").status_code == 403

    def test_of_the_products_are_read_from_an_index(self, merchant: Any) -> None:
        make_product()
        command = {"distinct": "products", "key": "unit_price.currency"}

        plan = Product.collection().database.command("explain", command, verbosity="queryPlanner")

        assert "DISTINCT_SCAN" in str(plan)


class TestPrices:
    def test_of_the_first_product_may_be_in_any_currency(self, merchant: Any) -> None:
        assert merchant.post("/v1/products", json=new("A", "CHF")).status_code == 201

    def test_in_another_currency_are_refused(self, merchant: Any) -> None:
        make_product()

        response = merchant.post("/v1/products", json=new("A", "CHF"))

        assert response.status_code == 422
        (error,) = response.json["errors"]
        assert error["pointer"] == "/unit_price/currency"
        assert error["detail"] == "This shop sells in GBP; a merchant admin can add CHF to its currencies."

        set_to(merchant, "GBP", "CHF")
        assert merchant.post("/v1/products", json=new("A", "CHF")).status_code == 201

    def test_do_not_change_to_another_currency(self, merchant: Any) -> None:
        make_product()

        response = merchant.patch(f"/v1/products/{SKU}", json={"unit_price": CHF})

        assert response.json["errors"][0]["pointer"] == "/unit_price/currency"
        assert merchant.get(f"/v1/products/{SKU}").json["unit_price"]["currency"] == "GBP"

    def test_in_a_currency_that_is_no_longer_sold_are_not_put_on_sale_again(self, merchant: Any) -> None:
        make_product("OLD", unit_price=price(Decimal(1), "CHF"), is_active=False)
        set_to(merchant, "GBP")

        assert merchant.patch("/v1/products/OLD", json={"is_active": True}).status_code == 422
        assert merchant.patch("/v1/products/OLD", json={"name": "Renamed"}).status_code == 200
        price_in_gbp = {"unit_price": {"amount": 1, "currency": "GBP"}, "is_active": True}
        assert merchant.patch("/v1/products/OLD", json=price_in_gbp).status_code == 200

    def test_of_a_file_in_another_currency_are_refused(self, merchant: Any, imported: Import) -> None:
        make_product()
        make_product("OLD", unit_price=price(Decimal(1), "USD"), is_active=False)
        set_to(merchant, "GBP", "EUR")

        finished = imported(
            csv_file(
                [
                    csv_row(currency="CHF"),
                    csv_row("A", currency="EUR"),
                    csv_row("B", currency="CHF"),
                    csv_row("OLD", currency="USD"),
                ]
            )
        )

        assert [(error["row"], error["field"]) for error in finished["errors"]] == [(2, "currency"), (4, "currency")]
        assert "This shop sells in EUR, GBP" in finished["errors"][0]["detail"]
        assert (finished["created"], finished["updated"], finished["failed"]) == (1, 1, 2)

    def test_of_the_first_file_may_be_in_several_currencies(self, imported: Import) -> None:
        finished = imported(csv_file([csv_row("A", currency="CHF"), csv_row("B", currency="JPY", breaks="")]))

        assert (finished["created"], finished["failed"]) == (2, 0)
