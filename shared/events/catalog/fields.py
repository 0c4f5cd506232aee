"""Types of fields that several events share. Their descriptions and examples are the text of docs/events.md."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta


def described(text: str, *examples: Any) -> Meta:
    """Return the description of a field, with examples of its value; lists and values of structs need none."""
    return Meta(description=text, examples=list(examples) or None)


OrderId = Annotated[str, described("Id of the order.", "ord_01m8jh6964hs8gc4w7z4qsjqc5")]
OrderNumber = Annotated[str, described("Number of the order, as people write it.", "SO-000001")]
CompanyId = Annotated[str, described("Company that the order belongs to.", "cmp_01m8jh5av13yp23x50z81naeff")]
PlacedBy = Annotated[str, described("Person in whose name the order was placed.", "usr_01m8jh5b6ygfh07a3e3ggqypt1")]
ActedBy = Annotated[
    str, described("Member of the merchant's staff who placed it for the company.", "usr_01m8jh5b1w9e1a5q3y6rk2n0vd")
]
PaymentId = Annotated[str, described("Id of the order's payment.", "pay_01m8jh697cyyhmmpcqkpb57y32")]
ShipmentId = Annotated[str, described("Id of the shipment.", "shp_01m8jh69zjqn1z956w1d2gnr74")]
ReturnId = Annotated[str, described("Id of the return.", "ret_01m8jh7q2x8mz3v5c9w0t4k1ea")]
RefundId = Annotated[str, described("Id of the refund.", "txn_01m8jh7s0c4n6d8f2g5j9p3rhb")]
Currency = Annotated[str, described("ISO 4217 code of the currency of all amounts.", "GBP")]
Sku = Annotated[str, described("Stock keeping unit: the key of a product.", "BOLT-M8")]
ProductName = Annotated[str, described("Name of the product.", "Hex bolt M8 x 40")]
