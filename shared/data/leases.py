"""A lease in MongoDB: at most one holder at a time; another process acquires it after it expired."""

from __future__ import annotations

from datetime import timedelta

from pymongo.errors import DuplicateKeyError

from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.persistence import database


class Lease:
    """
    A named lease in the database of one service, held for `seconds` since its last renewal.

    The holder renews it by calling `held()` more often. Clocks of hosts may differ by less than a third of `seconds`.
    """

    def __init__(self, service: str, name: str, *, seconds: float = 10.0) -> None:
        self._collection = database(service)["leases"]
        self._name = name
        self._holder = new_id("holder")
        self._length = timedelta(seconds=seconds)
        self._renew_at = now()
        self._is_held = False

    def held(self) -> bool:
        """Return whether this process holds the lease, after acquiring or renewing it when due."""
        moment = now()
        if self._is_held and moment < self._renew_at:
            return True
        free = {"_id": self._name, "$or": [{"holder": self._holder}, {"expires_at": {"$lt": moment}}]}
        claim = {"$set": {"holder": self._holder, "expires_at": moment + self._length}}
        try:
            self._is_held = self._collection.update_one(free, claim, upsert=True).acknowledged
        except DuplicateKeyError:  # another process holds the lease
            self._is_held = False
        self._renew_at = moment + self._length / 3
        return self._is_held

    def release(self) -> None:
        self._collection.delete_one({"_id": self._name, "holder": self._holder})
        self._is_held = False
