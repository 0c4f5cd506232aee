"""Shipments, returns and refunds at the gateway."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.portal.answers import Answer, Price
from shared.portal.gateway import Area, Call, Reply, segment


class ShippedLine(msgspec.Struct, frozen=True):
    line_id: str
    quantity: int


class ReturnedLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """Without `refund_amount` the paid share of the returned units is refunded."""

    line_id: str
    quantity: int
    refund_amount: Price | None = None


class Refund(Answer, frozen=True, kw_only=True):
    """A refund: `reason` is the processor's code when its status is failed."""

    status: str
    reason: str | None


class Fulfillment(Area):
    def ship(self, order_id: str, lines: Sequence[ShippedLine] | None, *, reference: str, key: str) -> None:
        """Ship these lines, everything that is left when `lines` is None."""
        body = {"line_items": list(lines)} if lines is not None else {}
        self._post(f"/orders/{segment(order_id)}/shipments", body | _reference(reference), key)

    def record_return(self, order_id: str, lines: Sequence[ReturnedLine], *, reference: str, key: str) -> None:
        """Record a return; its refund follows."""
        body = {"line_items": list(lines)}
        self._post(f"/orders/{segment(order_id)}/returns", body | _reference(reference), key)

    def refund(self, payment_id: str, amount: Price, *, key: str) -> Refund:
        """Refund an amount without a return."""
        return self._post(f"/payments/{segment(payment_id)}/refunds", {"amount": amount}, key).read(Refund)

    def settle(self, order_id: str, note: str) -> None:
        """Note how the refused captures and refunds of an order were dealt with."""
        self.gateway.send(Call("POST", f"/orders/{segment(order_id)}/settlement", body={"note": note}))

    def _post(self, path: str, body: object, key: str) -> Reply:
        return self.gateway.send(Call("POST", path, body=body, key=key))


def _reference(reference: str) -> dict[str, str]:
    return {"reference": reference} if reference else {}


fulfillment = Fulfillment()
