"""The question before a product is not stocked any more."""

from __future__ import annotations

from portals.admin.products.client import Inventory
from shared.portal.formatting import plural
from shared.portal.questions import Question


def stocking_question(sku: str, inventory: Inventory, back: str) -> Question:
    reserved = f", {inventory.reserved:,} of them reserved for orders" if inventory.reserved else ""
    return Question(
        f"Stop stocking {sku}?",
        [
            f"The count is forgotten: {plural(inventory.on_hand or 0, 'unit')} on hand{reserved}.",
            "Companies can order any quantity: the product never runs out.",
            "You can put the count back right afterwards.",
        ],
        "Yes, stop stocking it",
        back,
    )
