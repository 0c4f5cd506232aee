"""Reading and setting the currencies that the installation sells in."""

from __future__ import annotations

from services.products.currencies.documents import CurrencyList, products_on_sale_in, sold_currencies
from services.products.currencies.rules import NewCurrencies, SoldCurrencies, new_codes, require_unused
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import get_logger

log = get_logger()


def get_currencies() -> SoldCurrencies:
    """Return the list that the merchant set, or else the currencies of the products."""
    return sold_currencies()


@retry_on_version_conflict
def set_currencies(wanted: NewCurrencies) -> SoldCurrencies:
    """Set the list; raise InvalidInput for what is no currency, CurrencyInUse for one that products are sold in."""
    present = sold_currencies()
    codes = new_codes(wanted.codes, present)
    require_unused(products_on_sale_in(code for code in present.codes if code not in codes))
    stored = CurrencyList.of_installation()
    stored.codes = list(codes)
    stored.commit()
    log.info("currencies_changed", currencies=codes, before=present.codes)
    return SoldCurrencies(codes, is_set=True)
