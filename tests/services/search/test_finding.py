"""Which products a query finds, in which order, for any text."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from services.search.engine.index_directory import IndexDirectory
from services.search.engine.writer import TantivyWriter
from tests.factories.search import Search, indexed, make_product

PRODUCTS = [
    make_product("85123A", "White Hanging Heart", category="Decoration", description="A candle holder"),
    make_product("85123B", "Cream Heart Hanging", category="Decoration"),
    make_product("22423", "Regency Cakestand", category="Kitchen", description="Three tiers, white"),
    make_product("HEART-1", "Pencil Case", category="Stationery"),
    make_product("10135", "Colouring Pencils", category="Stationery", description="For a café"),
    make_product("OLD-1", "White Retired Heart", category="Decoration", is_active=False),
]


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("filled") / "search"
    TantivyWriter(IndexDirectory(folder)).rebuild([[indexed(each) for each in PRODUCTS]], "", beat=lambda: None)
    return folder


@pytest.fixture
def shop(search: Search, filled_folder: Path) -> Search:
    shutil.copytree(filled_folder, search.folder)
    return search


class TestFinding:
    def test_shows_what_a_list_needs(self, shop):
        found = shop.page("regency")
        assert found["items"] == [
            {
                "sku": "22423",
                "name": "Regency Cakestand",
                "description": "Three tiers, white",
                "category": "Kitchen",
                "unit_price": {"amount": "250", "currency": "GBP"},
            }
        ]
        assert (found["total"], found["next_cursor"]) == (1, None)

    def test_lists_everything_for_sale_by_name_without_text(self, shop):
        names = [each["name"] for each in shop.page()["items"]]
        assert names == [
            "Colouring Pencils",
            "Cream Heart Hanging",
            "Pencil Case",
            "Regency Cakestand",
            "White Hanging Heart",
        ]

    @pytest.mark.parametrize(
        ("text", "skus"),
        [
            ("85123a", ["85123A"]),
            ("85123", ["85123A", "85123B"]),
            ("heart", ["HEART-1", "85123A", "85123B"]),
            ("hanging heart", ["85123A", "85123B"]),
            ("heart hanging", ["85123B", "85123A"]),
            ("pencil", ["HEART-1", "10135"]),
            ("candle", ["85123A"]),
            ("kitchen", ["22423"]),
            ("CAFE", ["10135", "HEART-1"]),
            ("regnecy", ["22423"]),
            ("cakstand", ["22423"]),
            ("85124A", []),
            ("cza", []),
            ("retired", []),
        ],
    )
    def test_ranks_codes_then_names_then_the_rest_then_typos(self, shop, text, skus):
        assert shop.skus(text) == skus

    def test_requires_every_word_if_a_product_has_them_all(self, shop):
        assert shop.skus("white heart") == ["85123A"]

    def test_falls_back_to_fewer_words_most_first(self, shop):
        assert shop.skus("purple white heart") == ["85123A", "22423", "85123B", "HEART-1"]

    def test_stays_in_a_category_and_counts_all(self, shop):
        found = shop.page("white", category="Kitchen")
        assert ([each["sku"] for each in found["items"]], found["total"]) == (["22423"], 1)
        assert found["facets"]["category"] == [{"value": "Decoration", "count": 1}, {"value": "Kitchen", "count": 1}]

    def test_finds_nothing_in_an_unknown_category(self, shop):
        assert shop.page(category='Kitchen" OR *')["total"] == 0

    @pytest.mark.parametrize(
        "text",
        [
            "*",
            "name:heart",
            "((((",
            '"',
            "heart AND",
            "\x00",
            "[a TO z]",
            "-",
            "٣" * 100,
            "😀 heart'--",
            ".*" * 50,
            "a " * 50,
        ],
    )
    def test_reads_any_text_as_words(self, shop, text):
        assert shop.page(text)["total"] <= len(PRODUCTS)

    def test_finds_nothing_for_text_without_words(self, shop):
        assert shop.skus("(*)") == []

    def test_refuses_text_that_is_too_long(self, shop):
        assert shop.api.get("/v1/search", query_string={"q": "x" * 101}).status_code == 422


class TestPaging:
    @pytest.mark.parametrize("text", ["", "heart", "purple white heart"])
    def test_walks_through_everything_once(self, shop, text):
        seen, cursor = [], None
        while True:
            page = shop.page(text, limit=1, **({"cursor": cursor} if cursor else {}))
            seen += [each["sku"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == shop.skus(text)
        assert len(seen) > 2

    def test_continues_after_the_last_product_when_others_changed(self, shop):
        first = shop.page("", limit=3)
        shop.deliver(
            make_product("NEW-1", "Aardvark"),
            make_product("NEW-2", "Zebra"),
            make_product("10135", "Colouring Pencils", version=2, is_active=False),
            make_product("HEART-1", "Pencil Case", version=2, is_active=False),
            make_product("85123B", "Cream Heart Hanging", version=2, is_active=False),
        )
        assert shop.skus("", cursor=first["next_cursor"]) == ["22423", "85123A", "NEW-2"]

    @pytest.mark.parametrize("cursor", ["x", "WzFd", "Wy0xLCJhIiwxXQ", "WzAsImEiLC05XQ"])
    def test_never_fails_on_a_forged_cursor(self, shop, cursor):
        assert shop.api.get("/v1/search", query_string={"cursor": cursor}).status_code in {200, 422}


class TestSuggesting:
    def test_suggests_codes_and_names(self, shop):
        answer = shop.api.get("/v1/search/suggest", query_string={"q": "penc"})
        assert answer.json == {
            "items": [{"sku": "10135", "name": "Colouring Pencils"}, {"sku": "HEART-1", "name": "Pencil Case"}]
        }

    def test_suggests_at_most_eight(self, shop):
        shop.deliver(*[make_product(f"CUP-{number}", "Cup") for number in range(12)])
        assert len(shop.api.get("/v1/search/suggest", query_string={"q": "cup"}).json["items"]) == 8

    def test_suggests_nothing_for_nothing(self, shop):
        assert shop.api.get("/v1/search/suggest", query_string={"q": " "}).json == {"items": []}


def test_requires_the_permission_to_read_products(shop, api):
    assert api(shop.app, role="nobody").get("/v1/search").status_code == 403
    assert api(shop.app, role=None).get("/v1/search/suggest").status_code == 401
