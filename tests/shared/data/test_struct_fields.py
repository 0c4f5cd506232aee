"""Typed values in MongoDB: stored form, loaded form, and documents of older versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from mongoengine.errors import ValidationError

from shared.data import persistence
from shared.data.persistence import Aggregate
from shared.data.struct_fields import StructField, StructListField, stored_as, to_stored


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    weight: int
    packed_at: datetime | None = None
    tracking: str | None = None


class Depot(Aggregate):
    parcels = StructListField(Parcel)

    meta = {"collection": "depots", "db_alias": "toys", "auto_create_index": False}


class Locker(Aggregate):
    parcel = StructField(Parcel, required=True)

    meta = {"collection": "lockers", "db_alias": "toys", "auto_create_index": False}


class DepotRecord(msgspec.Struct, frozen=True, kw_only=True):
    id: str = msgspec.field(name="_id")
    parcels: list[Parcel] = []


MOMENT = datetime(2026, 1, 5, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _connected(mongodb_url):
    persistence.connect("toys", mongodb_url("toys"))


def depot_of(*parcels: Parcel) -> Depot:
    depot = Depot(parcels=list(parcels))
    return depot.commit()


def raw(depot: Depot) -> dict[str, Any]:
    stored = Depot.collection().find_one({"_id": depot.id})
    assert stored is not None
    return stored


class TestStructListField:
    def test_stores_plain_mappings_and_reads_structs(self):
        depot = depot_of(Parcel(id="p1", weight=3, packed_at=MOMENT))

        stored = raw(depot)
        assert stored["parcels"] == [{"id": "p1", "weight": 3, "packed_at": MOMENT, "tracking": None}]
        assert Depot.get(depot.id).parcels == [Parcel(id="p1", weight=3, packed_at=MOMENT)]

    def test_reads_what_an_older_version_stored(self):
        depot = depot_of()
        Depot.collection().update_one({"_id": depot.id}, {"$set": {"parcels": [{"id": "p1", "weight": 3, "old": 1}]}})

        assert Depot.get(depot.id).parcels == [Parcel(id="p1", weight=3)]

    @pytest.mark.parametrize("update", [{"$unset": {"parcels": 1}}, {"$set": {"parcels": None}}])
    def test_reads_an_absent_list_as_empty(self, update):
        depot = depot_of(Parcel(id="p1", weight=3))
        Depot.collection().update_one({"_id": depot.id}, update)

        assert Depot.get(depot.id).parcels == []

    def test_writes_a_list_that_was_replaced(self):
        depot = Depot.get(depot_of(Parcel(id="p1", weight=3)).id)
        depot.parcels = [*depot.parcels, Parcel(id="p2", weight=4)]
        depot.commit()

        assert [each.id for each in Depot.get(depot.id).parcels] == ["p1", "p2"]

    def test_refuses_another_kind_of_value(self):
        with pytest.raises(ValidationError, match="Only Parcel values"):
            Depot(parcels=[])._fields["parcels"].validate([to_stored(Parcel(id="p1", weight=3))])


class TestStructField:
    def test_stores_a_plain_mapping_and_reads_a_struct(self):
        locker = Locker(parcel=Parcel(id="par_1", weight=5)).commit()

        assert Locker.get(locker.id).parcel == Parcel(id="par_1", weight=5)
        stored = Locker.collection().find_one({"_id": locker.id})
        assert stored is not None
        assert stored["parcel"]["weight"] == 5

    def test_requires_a_value(self):
        with pytest.raises(ValidationError):
            Locker().commit()

    def test_refuses_another_kind_of_value(self):
        locker = Locker()
        locker.parcel = "par_1"  # type: ignore[assignment]
        with pytest.raises(ValidationError):
            locker.commit()


class TestStoredAs:
    def test_reads_a_null_as_absent_where_the_struct_takes_none(self):
        assert stored_as(DepotRecord, {"_id": "dep_1", "parcels": None}) == DepotRecord(id="dep_1")

    def test_reads_a_whole_document(self):
        depot = depot_of(Parcel(id="p1", weight=3))

        record = stored_as(DepotRecord, raw(depot))

        assert record == DepotRecord(id=depot.id, parcels=[Parcel(id="p1", weight=3)])

    def test_names_a_missing_field(self):
        with pytest.raises(msgspec.ValidationError, match="weight"):
            stored_as(Parcel, {"id": "p1"})

    def test_is_the_reverse_of_to_stored(self):
        parcel = Parcel(id="p1", weight=3, packed_at=MOMENT)

        assert stored_as(Parcel, to_stored(parcel)) == parcel
