"""Reading and setting the currencies that the installation sells in."""

from __future__ import annotations

from services.products.currencies.documents import CurrencyList, products_on_sale_in, sold_currencies
from services.products.currencies.rules import NewCurrencies, SoldCurrencies, new_codes, require_unused
from services.products.errors import CurrencyInUse
from shared.base.preconditions import Precondition
from shared.data.version_conflicts import retry_on_version_conflict
from shared.observe.observability import get_logger

log = get_logger()


def get_currencies() -> SoldCurrencies:
    """Return the list that the merchant set, or else the currencies of the products."""
    return sold_currencies()


@retry_on_version_conflict
def set_currencies(wanted: NewCurrencies, precondition: Precondition) -> SoldCurrencies:
    """Set the list; raise InvalidInput for what is no currency, CurrencyInUse for one that products are sold in."""
    stored = CurrencyList.of_installation()  # read first: its commit refuses whatever was written after it
    present = sold_currencies()
    precondition.require(present.revision)
    codes = new_codes(wanted.codes, present)
    left_out = [code for code in present.codes if code not in codes]
    require_unused(products_on_sale_in(left_out))
    return replace_list(stored, codes, present)


def replace_list(stored: CurrencyList, codes: tuple[str, ...], before: SoldCurrencies) -> SoldCurrencies:
    """
    Store the list; raise CurrencyInUse, with the list as before, when a product on sale came into what it leaves out.

    Such a product was written after the first check, by a request that had read the former list.
    """
    stored.codes = list(codes)
    stored.commit()
    try:
        require_unused(products_on_sale_in(code for code in before.codes if code not in codes))
    except CurrencyInUse:
        stored.codes = list(before.codes) if before.is_set else []
        stored.commit()
        log.warning("currencies_restored", currencies=before.codes, refused=codes)
        raise
    log.info("currencies_changed", currencies=codes, before=before.codes)
    return SoldCurrencies(codes, is_set=True)
