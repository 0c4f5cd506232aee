"""An order as the platform shows it, cut down to what the replay decides by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# What became of an order; what may be done with it is in its `allowed_actions`.
GONE = frozenset({"cancelled", "refused"})
UNDECIDED = frozenset({"placed", "pending_payment"})


@dataclass(frozen=True, slots=True)
class KnownOrder:
    """Money in minor units; `line_ids` in the order of the invoice's rows."""

    id: str
    company_id: str
    reference: str
    status: str
    status_reason: str | None
    allowed_actions: frozenset[str]
    total: int
    cancelled: int
    captured: int
    line_ids: tuple[str, ...]
    shipments: int
    returns: frozenset[str]
    awaited_refunds: int

    @classmethod
    def from_json(cls, order: dict[str, Any]) -> KnownOrder:
        return cls(
            id=order["id"],
            company_id=order["company_id"],
            reference=order["reference"],
            status=order["status"],
            status_reason=order.get("status_reason"),
            allowed_actions=frozenset(order["allowed_actions"]),
            total=order["total"]["amount"],
            cancelled=order["cancelled_total"]["amount"],
            captured=order["captured_total"]["amount"],
            line_ids=tuple(line["line_id"] for line in order["line_items"]),
            shipments=len(order["shipments"]),
            returns=frozenset(entry["reference"] for entry in order["returns"] if entry["reference"]),
            awaited_refunds=sum(
                entry["total"]["amount"] - entry["refunded_total"]["amount"] for entry in order["returns"]
            ),
        )

    @property
    def is_gone(self) -> bool:
        """Cancelled or refused: its reference is free again."""
        return self.status in GONE

    @property
    def is_undecided(self) -> bool:
        """Neither confirmed nor refused yet; the platform's sweeper decides it if the request did not."""
        return self.status in UNDECIDED

    @property
    def is_shippable(self) -> bool:
        return "ship" in self.allowed_actions

    @property
    def is_shipped(self) -> bool:
        """Whether something was shipped and nothing is left to ship."""
        return self.shipments > 0 and not self.is_shippable

    @property
    def is_captured(self) -> bool:
        """Whether all is captured that will be: the total without what was cancelled."""
        return self.captured >= self.total - self.cancelled

    @property
    def is_settled(self) -> bool:
        return self.is_captured and not self.awaited_refunds
