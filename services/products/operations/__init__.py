"""What the products service can do, one function per verb."""

from services.products.operations.catalog import (
    create_product,
    get_product,
    list_all_products,
    list_prices,
    list_products,
    update_product,
)
from services.products.operations.imports import clean_workspace, get_import, run_import, start_import
from services.products.operations.inventory import get_inventory, set_inventory
from services.products.operations.reservations import (
    commit_shipments,
    list_reservations,
    release_stock,
    reserve_stock,
    sweep_reservations,
)

__all__ = [
    "clean_workspace",
    "commit_shipments",
    "create_product",
    "get_import",
    "get_inventory",
    "get_product",
    "list_all_products",
    "list_prices",
    "list_products",
    "list_reservations",
    "release_stock",
    "reserve_stock",
    "run_import",
    "set_inventory",
    "start_import",
    "sweep_reservations",
    "update_product",
]
