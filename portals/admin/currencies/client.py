"""The currencies of the installation at the gateway."""

from __future__ import annotations

import msgspec

from shared.portal.answers import Tagged
from shared.portal.gateway import Area, Call


class Currency(msgspec.Struct, frozen=True):
    code: str
    decimals: int


class SoldCurrencies(Tagged, frozen=True, kw_only=True):
    """`is_set` is False while the list follows the products."""

    items: list[Currency]
    is_set: bool

    @property
    def codes(self) -> list[str]:
        return [currency.code for currency in self.items]


class Currencies(Area):
    def sold(self) -> SoldCurrencies:
        return self.gateway.get_tagged("/currencies", SoldCurrencies)

    def set(self, codes: list[str], *, tag: str) -> SoldCurrencies:
        call = Call("PUT", "/currencies", body={"currencies": codes}, if_match=tag)
        return self.gateway.send(call).read(SoldCurrencies)


currencies = Currencies()
