"""Example bodies of the currencies in the API's document."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

WANTED: Json = {"currencies": ["GBP", "EUR"]}
CURRENCIES: Json = {"items": [{"code": "EUR", "decimals": 2}, {"code": "GBP", "decimals": 2}], "is_set": True}
