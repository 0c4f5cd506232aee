"""The products API: public under /v1, for other services under /internal/v1."""

from services.products.routes.catalog import inventory_blp, products_blp
from services.products.routes.internal import internal_blp

BLUEPRINTS = (products_blp, inventory_blp, internal_blp)
