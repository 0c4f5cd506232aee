"""ETags of products, inventory, currencies and imports; If-None-Match and If-Match."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.products.counts.documents import set_on_hand
from services.products.stock.documents import Stock
from tests.factories.products import SKU, level_of, make_product, reserve

PRODUCT = f"/v1/products/{SKU}"
INVENTORY = f"/v1/inventory/{SKU}"


def tag_of(client: Any, path: str) -> str:
    return str(client.get(path).headers["ETag"])


def if_match(tag: str) -> dict[str, str]:
    return {"If-Match": tag}


class TestReading:
    @pytest.mark.parametrize("path", [PRODUCT, INVENTORY, "/v1/currencies"])
    def test_is_answered_without_a_body_to_who_has_it(self, merchant: Any, path: str) -> None:
        make_product(stock=5)
        tag = tag_of(merchant, path)

        for sent in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            response = merchant.get(path, headers={"If-None-Match": sent})
            assert (response.status_code, response.data) == (304, b"")
            assert response.headers["ETag"] == tag
            assert response.headers["Cache-Control"] == "private, no-cache"
            assert "Content-Type" not in response.headers
        assert merchant.get(path, headers={"If-None-Match": '"other"'}).json == merchant.get(path).json

    def test_an_import_in_progress_has_a_new_tag(self, merchant: Any, imported: Any) -> None:
        path = f"/v1/products/imports/{imported(b'sku,name,unit_price,currency')['id']}"

        assert merchant.get(path, headers={"If-None-Match": tag_of(merchant, path)}).status_code == 304

    def test_stock_and_prices_are_part_of_a_products_tag(self, merchant: Any) -> None:
        make_product(stock=5)
        tags = {tag_of(merchant, PRODUCT)}
        reserve("ord_1", {SKU: 1})
        tags.add(tag_of(merchant, PRODUCT))
        merchant.patch(PRODUCT, json={"name": "Other"})
        tags.add(tag_of(merchant, PRODUCT))

        assert len(tags) == 3

    def test_head_has_the_same_tag(self, merchant: Any) -> None:
        make_product()

        assert merchant.request("HEAD", PRODUCT).headers["ETag"] == tag_of(merchant, PRODUCT)

    def test_lists_and_refusals_have_none(self, merchant: Any) -> None:
        assert "ETag" not in merchant.get("/v1/products").headers
        assert "ETag" not in merchant.get(PRODUCT).headers


class TestChanging:
    def test_is_refused_to_who_saw_an_older_product(self, merchant: Any) -> None:
        make_product()
        tag = tag_of(merchant, PRODUCT)
        first = merchant.patch(PRODUCT, json={"name": "First"}, headers=if_match(tag))
        second = merchant.patch(PRODUCT, json={"name": "Second"}, headers=if_match(tag))

        assert first.status_code == 200
        assert (second.status_code, second.json["type"]) == (412, "/problems/precondition-failed")
        assert merchant.get(PRODUCT).json["name"] == "First"
        again = merchant.patch(PRODUCT, json={"name": "Second"}, headers=if_match(first.headers["ETag"]))
        assert again.json["name"] == "Second"

    def test_goes_on_when_only_stock_was_reserved(self, merchant: Any) -> None:
        make_product(stock=5)
        tag, count = tag_of(merchant, PRODUCT), tag_of(merchant, INVENTORY)
        reserve("ord_1", {SKU: 1})

        assert merchant.patch(PRODUCT, json={"name": "New"}, headers=if_match(tag)).status_code == 200
        assert merchant.put(INVENTORY, json={"on_hand": 7}, headers=if_match(count)).status_code == 200

    @pytest.mark.parametrize("also", ['"1", {}', '{}, "1"', ' ,{} , "x,y"', "{}", "*", " * "])
    def test_accepts_one_of_several_tags_or_any(self, merchant: Any, also: str) -> None:
        make_product()

        sent = also.format(tag_of(merchant, PRODUCT))
        assert merchant.patch(PRODUCT, json={"name": "New"}, headers=if_match(sent)).status_code == 200

    @pytest.mark.parametrize("sent", ["W/{}", '"1"', '""', '"1", W/{}'])
    def test_refuses_weak_and_other_tags(self, merchant: Any, sent: str) -> None:
        make_product()

        tag = sent.format(tag_of(merchant, PRODUCT))
        assert merchant.patch(PRODUCT, json={"name": "New"}, headers=if_match(tag)).status_code == 412

    @pytest.mark.parametrize("sent", ["1", '"1', '"1" "2"', '*, "1"', ",", '"a b"', 'w/"1"', "'1'"])
    def test_refuses_what_is_no_list_of_tags(self, merchant: Any, sent: str) -> None:
        make_product()

        response = merchant.patch(PRODUCT, json={"name": "New"}, headers=if_match(sent))
        assert (response.status_code, response.json["type"]) == (400, "/problems/bad-request")

    def test_is_not_found_before_it_is_stale(self, merchant: Any) -> None:
        assert merchant.patch(PRODUCT, json={"name": "New"}, headers=if_match("*")).status_code == 404

    def test_lets_one_of_two_at_once_through(self, merchant: Any) -> None:
        make_product()
        tag = tag_of(merchant, PRODUCT)

        def change(name: str) -> int:
            return int(merchant.patch(PRODUCT, json={"name": name}, headers=if_match(tag)).status_code)

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(change, map(str, range(8))))

        assert sorted(statuses) == [200, *[412] * 7]


class TestCounting:
    @pytest.mark.parametrize("after", [9, None])
    def test_is_refused_to_who_saw_another_count(self, merchant: Any, after: int | None) -> None:
        make_product(stock=5)
        tag = tag_of(merchant, INVENTORY)
        set_on_hand(SKU, 4)

        response = merchant.put(INVENTORY, json={"on_hand": after}, headers=if_match(tag))

        assert response.status_code == 412
        assert level_of() == (4, 0, 4)

    def test_may_begin_and_end_with_the_tag_of_what_was_seen(self, merchant: Any) -> None:
        make_product()
        begun = merchant.put(INVENTORY, json={"on_hand": 5}, headers=if_match(tag_of(merchant, INVENTORY)))
        ended = merchant.put(INVENTORY, json={"on_hand": None}, headers=if_match(begun.headers["ETag"]))

        assert (begun.status_code, ended.status_code) == (200, 200)
        assert Stock.level(SKU) is None

    def test_lets_one_of_two_at_once_through(self, merchant: Any) -> None:
        make_product(stock=5)
        tag = tag_of(merchant, INVENTORY)

        def count(on_hand: int) -> int:
            return int(merchant.put(INVENTORY, json={"on_hand": on_hand}, headers=if_match(tag)).status_code)

        with ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(count, range(10, 18)))

        assert sorted(statuses) == [200, *[412] * 7]


class TestCurrencies:
    def test_are_set_by_who_saw_the_present_ones(self, merchant: Any) -> None:
        tag = tag_of(merchant, "/v1/currencies")
        first = merchant.put("/v1/currencies", json={"currencies": ["GBP"]}, headers=if_match(tag))
        second = merchant.put("/v1/currencies", json={"currencies": ["EUR"]}, headers=if_match(tag))
        third = merchant.put("/v1/currencies", json={"currencies": ["EUR"]}, headers=if_match(first.headers["ETag"]))

        assert [each.status_code for each in (first, second, third)] == [200, 412, 200]
