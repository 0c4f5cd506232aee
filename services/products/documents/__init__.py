"""Documents of the products service: products, stock, reservations and imports."""

from services.products.documents.imports import ImportStatus, ProductImport
from services.products.documents.product import Product
from services.products.documents.reservation import Reservation, ReservationStatus
from services.products.documents.stock import Stock

__all__ = ["ImportStatus", "Product", "ProductImport", "Reservation", "ReservationStatus", "Stock"]
