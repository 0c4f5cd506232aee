"""Values of a reservation: its states, its lines and its record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from services.products.stock.rules import Shortage, SkuQuantity
from shared.base.pages import PageRequest


class ReservationStatus(StrEnum):
    """`reserving` and `held` are open; the others are final."""

    RESERVING = "reserving"
    HELD = "held"
    REFUSED = "refused"
    RELEASED = "released"
    SHIPPED = "shipped"


class ReservedLine(SkuQuantity, frozen=True, omit_defaults=True):
    """The reserved units of one SKU; `is_stocked` is None until the reservation is decided."""

    is_stocked: bool | None = None


class ReservationRecord(msgspec.Struct, frozen=True):
    """A stored reservation; `token` names the attempt at work, or the one that decided."""

    id: str = msgspec.field(name="_id")
    status: ReservationStatus
    is_open: bool
    token: str = ""
    line_items: list[ReservedLine] = []
    shortages: list[Shortage] = []

    @property
    def skus(self) -> list[str]:
        return [line.sku for line in self.line_items]


class OpenReservation(msgspec.Struct, frozen=True):
    """An open reservation in a list."""

    order_id: str = msgspec.field(name="_id")
    reserved_at: datetime


@dataclass(frozen=True)
class ReservationRequest:
    """The units that an order needs, each SKU once; `order_number` proves later that the order existed."""

    line_items: list[SkuQuantity]
    order_number: int | None = None


@dataclass(frozen=True)
class KnownOrders:
    """What orders compares itself with: `unreserved` orders never had a reservation here, `open` ones hold stock."""

    highest_order_number: int | None
    unreserved: list[str]
    open: list[str]


@dataclass(frozen=True)
class ComparedOrders:
    """The orders of a comparison."""

    order_ids: list[str]


@dataclass(frozen=True, kw_only=True)
class ReservationsFilter(PageRequest):
    """Open reservations begun before a moment: which page of them."""

    before: datetime


@dataclass(frozen=True)
class ReservedStock:
    """The decided lines of a reservation, as the API returns them."""

    line_items: list[ReservedLine]
