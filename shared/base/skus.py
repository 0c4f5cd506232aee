"""SKUs: their one spelling, and which of them may be given to a new product."""

from __future__ import annotations

import re

SKU_ADVICE = (
    "Use letters, digits, space, '.', '_', '/' and '-', 1 to 64 of them, beginning with a letter or digit,"
    " without '//' or '/' at the end."
)
_SKU = re.compile(r"[A-Z0-9][A-Z0-9 ._/-]{0,63}")
# Addresses below /v1/products and /admin/products that are no product's.
_RESERVED = frozenset({"IMPORTS", "NEW"})
_RESERVED_FOLDER = "IMPORTS/"


def normal_sku(text: str) -> str:
    """
    Return the text trimmed and in upper case, as a SKU is stored.

    Only ASCII letters change: `ß` would become `SS`, so that two codes would be one.
    """
    sku = text.strip()
    return sku.upper() if sku.isascii() else sku


def is_sku(sku: str) -> bool:
    """Return whether the text can be the SKU of a stored product."""
    return _SKU.fullmatch(sku) is not None


def fault_of_new_sku(sku: str) -> str | None:
    """Return why a product cannot be created under this SKU: it is none, or no address reaches it; None: it can."""
    if not is_sku(sku) or any(part in ("", ".", "..") for part in sku.split("/")):
        return SKU_ADVICE
    if sku in _RESERVED or sku.startswith(_RESERVED_FOLDER):
        return f"{sku} is the address of a page; give another SKU."
    return None
