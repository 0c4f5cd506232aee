"""From the wholesaler's item codes to SKUs, and which of them are fees."""

from __future__ import annotations

import re
from functools import lru_cache

MAX_LENGTH = 64
# Goods whose codes do not begin with a digit: the Dotcomgiftshop range and its gift vouchers.
GOODS_WITHOUT_DIGITS = ("DCGS", "GIFT_")
_REFUSED = re.compile(r"[^A-Z0-9 ._/-]")


class UnusableCode(Exception):
    """An item code no SKU can be made of."""


@lru_cache(maxsize=16384)
def sku_of(code: str) -> str:
    """
    Return the SKU of an item code: trimmed, upper case, so that codes differing only by case are one SKU.

    A character the platform refuses becomes `_X<hex>_`, never a plain letter or dash: two codes must not meet.
    """
    sku = _REFUSED.sub(lambda match: f"_X{ord(match[0]):02X}_", " ".join(code.split()).upper())
    if not sku:
        raise UnusableCode("no item code")
    if not sku[0].isalnum():
        sku = f"X{sku}"
    if len(sku) > MAX_LENGTH:
        raise UnusableCode(f"item code of more than {MAX_LENGTH} characters")
    return sku


def is_fee(sku: str) -> bool:
    """
    Return whether a SKU is a fee (postage, bank charges, discounts, manual entries): never stocked, never reserved.

    The rule: goods carry codes that begin with a digit, or belong to the ranges of GOODS_WITHOUT_DIGITS.
    """
    return not sku[0].isdigit() and not sku.startswith(GOODS_WITHOUT_DIGITS)
