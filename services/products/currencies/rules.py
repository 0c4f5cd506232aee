"""Which currencies a price may have: those of a list that the merchant set, by default those of the products."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from services.products.errors import CurrencyInUse
from shared.base.errors import FieldError, InvalidInput
from shared.base.money import CURRENCY_ADVICE, exponent, is_currency


@dataclass(frozen=True)
class NewCurrencies:
    """The list that the merchant sets."""

    codes: list[str]


@dataclass(frozen=True)
class Currency:
    """A currency and its number of decimals."""

    code: str
    decimals: int


@dataclass(frozen=True)
class SoldCurrencies:
    """The codes in alphabetical order; without products and without a list there are none, and any may come."""

    codes: tuple[str, ...]
    is_set: bool

    @property
    def items(self) -> list[Currency]:
        return [Currency(code, exponent(code)) for code in self.codes]

    @property
    def revision(self) -> str:
        """The name of this state: a list that follows the products has no version of its own."""
        digest = hashlib.blake2b(",".join(self.codes).encode(), digest_size=6).hexdigest()
        return f"{'set' if self.is_set else 'products'}-{digest}"

    def refusal_of(self, code: str) -> str | None:
        """Return why a price may not be in this currency, None when it may."""
        if code in self.codes or not self.codes:
            return None
        return f"This shop sells in {', '.join(self.codes)}; a merchant admin can add {code} to its currencies."


ANY_CURRENCY = SoldCurrencies((), is_set=False)


def new_codes(wanted: Iterable[str], present: SoldCurrencies) -> tuple[str, ...]:
    """
    Return the codes of a new list, each once, in alphabetical order; raise InvalidInput for what is no currency.

    A code that is sold today and has left ISO 4217 may stay, because products may still be priced in it.
    """
    codes = list(wanted)
    faults = [
        FieldError(f"/currencies/{position}", CURRENCY_ADVICE)
        for position, code in enumerate(codes)
        if not is_currency(code) and code not in present.codes
    ]
    if faults:
        raise InvalidInput(errors=faults)
    return tuple(sorted(set(codes)))


def require_unused(used: Iterable[tuple[str, str]]) -> None:
    """Raise CurrencyInUse when products on sale are priced in what the new list lacks: `used` is code and a SKU."""
    named = [f"{code} is the currency of products on sale, such as SKU {sku}" for code, sku in used]
    if named:
        raise CurrencyInUse(f"{'; '.join(named)}. Change these prices or stop selling these products first.")
