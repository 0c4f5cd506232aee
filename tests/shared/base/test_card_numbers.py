"""Card numbers are found in any spelling, and other long numbers are not taken for them."""

from __future__ import annotations

import pytest

from shared.base.card_numbers import holds_card_number, passes_luhn

ZERO_WIDTH_SPACE = "\u200b"


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111111",
        "4111 1111 1111 1111",
        "5555-5555-5555-4444",
        "3782 822463 10005",
        "30569309025904",
        "4222222222222",
        "6304 0000 0000 0000",
        "2223003122003222",
        "6212 3456 7890 1232",
        "9792 0000 0000 0003",
        "pay 12345 with 4111 1111 1111 1111 please",
        "PO4111111111111111x",
        "4111\u00a01111\u00a01111\u00a01111",
        "4111\u20131111\u20131111\u20131111",
        "4111 - 1111 - 1111 - 1111",
        "4111\n1111\n1111\n1111",
        "\uff14\uff11\uff11\uff11 1111 1111 1111",
        "\u0664\u0661\u0661\u0661 1111 1111 1111",
        f"4111{ZERO_WIDTH_SPACE}1111{ZERO_WIDTH_SPACE}1111{ZERO_WIDTH_SPACE}1111",
    ],
)
def test_finds_a_card_number(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "4111111111111112",
        "411111111111",
        "41111111111111111111111",
        "0000000000000000",
        "1764370000001",
        "20261128123456",
        "2026-11-28 2026-12-05",
        "PO 4500012345",
        "ord_01m8j3ghk04esqx9rp8b5fww4v",
        "+49 30 901820",
        "4111.1111.1111.1111",
        "3.141592653589793",
        "411111111111111a",
        "tok_4111111111111111ab12cd34",
        "4111111111111111deadbeef00000000",
        "7fc4976f-6a93-4db1-99a3-769164251107",
        "Order 1AD8C049-EC40-4954-8470-02882AFD3593, second try",
    ],
)
def test_leaves_other_texts_alone(text: str) -> None:
    assert not holds_card_number(text)


def test_takes_the_number_of_an_article_for_none_in_a_catalog() -> None:
    gtin = "4006381000093"
    assert passes_luhn(gtin)

    assert holds_card_number(gtin)
    assert not holds_card_number(gtin, are_gtins_allowed=True)
    assert holds_card_number("4111111111111111", are_gtins_allowed=True)


def test_finds_a_number_beside_a_uuid_and_in_the_shape_of_one() -> None:
    assert holds_card_number("7fc4976f-6a93-4db1-99a3-769164251107 4111-1111-1111-1111")
    assert holds_card_number("41111111-1111-1111-8000-000000000000")
