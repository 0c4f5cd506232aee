"""Changes of what the users service has stored, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pymongo.database import Database

from shared.migrations import Migration


def let_merchant_admins_invite(database: Database[Any]) -> Iterator[None]:
    """Give the permission to the role of installations older than it; a merchant may take it away again."""
    change = {"$addToSet": {"permissions": "users:invite:any"}}
    database["roles"].update_one({"_id": "merchant_admin"}, change)
    yield


MIGRATIONS = (Migration(1, "let_merchant_admins_invite", let_merchant_admins_invite),)
