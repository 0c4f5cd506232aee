"""Stored documents: an absent, null or empty field reads as its default; a broken document is left out alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mongoengine import Document
from mongoengine.base import BaseField

from services.notifications.documents import Notification, NotificationRecord
from services.orders.comparison.documents import ShownOrder
from services.orders.orders.documents import Order, OrderRecord
from services.payments.payments.documents import Payment
from services.payments.payments.rules import PaymentRecord, SettledOrder
from services.products.catalog.documents import Product, ProductView, StoredProduct
from services.products.catalog.rules import ProductFields
from services.products.imports.documents import ImportRun, ImportSummary, ProductImport, StalledImport
from services.products.inventory.rules import StockedOrStopped
from services.products.reservations.documents import Reservation
from services.products.reservations.rules import OpenReservation, ReservationRecord
from services.products.stock.documents import Stock
from services.products.stock.rules import HeldStock, StockLevel
from services.users.companies.documents import Company, CompanyRecord
from services.users.people.documents import Role, User
from services.users.people.rules import PersonStanding, StoredRole
from services.users.sessions.documents import Session
from services.users.sessions.rules import IssuedSession
from shared.data.struct_fields import StructListField, read_each, stored_as

SERVICES = Path(__file__).parents[2] / "services"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
COMMIT = {"version": 1, "commit_id": "com_1", "created_at": NOW, "updated_at": NOW, "outbox": []}
PRICE = {"amount": "255", "currency": "GBP"}


@dataclass(frozen=True)
class Stored:
    """A document as it is stored with all its fields, and the structs that reads without mongoengine make of it."""

    document: type[Document]
    whole: dict[str, Any]
    records: tuple[type[msgspec.Struct], ...] = ()

    @property
    def name(self) -> str:
        return self.document.__name__


ORDER = {
    "_id": "ord_1",
    **COMMIT,
    "number": "SO-000001",
    "company_id": "cmp_acme",
    "placed_by": "usr_one",
    "ordered_on": "2026-11-28",
    "status": "partially_cancelled",
    "currency": "GBP",
    "total_amount": 2500,
    "line_items": [
        {"line_id": "1", "sku": "A", "name": "A", "quantity": 10, "unit_amount": "250", "total_amount": 2500}
    ],
    "shortages": [{"sku": "A", "requested": 2, "available": 1}],
    "shipments": [
        {
            "id": "shp_1",
            "line_items": [{"line_id": "1", "quantity": 4, "amount": 1000}],
            "amount": 1000,
            "captured_amount": 1000,
            "shipped_at": NOW,
        }
    ],
    "returns": [
        {
            "id": "ret_1",
            "line_items": [{"line_id": "1", "quantity": 1, "refund_amount": 250}],
            "amount": 250,
            "refunded_amount": None,
            "returned_on": "2026-11-28",
            "created_at": NOW,
        }
    ],
    "refunds": [{"id": "txn_1", "amount": 1}],
    "remainder": {"cancelled_at": NOW, "is_repeated": True},
    "failures": [{"kind": "refund", "subject_id": "ret_1", "amount": 250, "reason": "card_closed", "failed_at": NOW}],
    "needs_attention": True,
}
PAYMENT = {
    "_id": "pay_1",
    **COMMIT,
    "order_id": "ord_1",
    "company_id": "cmp_acme",
    "method": "card",
    "status": "captured",
    "amount": 1000,
    "currency": "GBP",
    "captured_amount": 1000,
    "refunded_amount": 0,
    "charge_id": "ch_1",
    "transactions": [
        {
            "id": "txn_1",
            "kind": "authorization",
            "status": "succeeded",
            "amount": 1000,
            "natural_key": "authorization",
            "created_at": NOW,
        }
    ],
}
PRODUCT = {
    "_id": "prod_1",
    **COMMIT,
    "sku": "A",
    "name": "A",
    "description": "Zinc plated",
    "category": "Fasteners",
    "unit_price": PRICE,
    "price_breaks": [{"min_quantity": 12, "unit_price": PRICE}],
    "is_active": True,
    "imported_by": "imp_1:created",
}
STOCK = {
    "_id": "main/A",
    "sku": "A",
    "warehouse": "main",
    "on_hand": 10,
    "reserved": 1,
    "available": 9,
    "ops": [{"id": "ord_1", "token": "try_1", "quantity": 1, "shipments": ["shp_1"]}],
    "updated_at": NOW,
}
RESERVATION = {
    "_id": "ord_1",
    "status": "held",
    "is_open": True,
    "token": "try_1",
    "leased_until": NOW,
    "line_items": [{"sku": "A", "quantity": 1, "is_stocked": True}],
    "shortages": [{"sku": "A", "requested": 2, "available": 1}],
    "reserved_at": NOW,
}
IMPORT = {
    "_id": "imp_1",
    **COMMIT,
    "filename": "products.csv",
    "file_key": "imports/imp_1.csv",
    "sold_currencies": ["GBP"],
    "status": "running",
    "rows_read": 1,
    "columns": ["sku"],
    "errors": [{"row": 2, "field": "sku", "detail": "x"}],
    "notices": [],
    "failed_parts": [0],
    "runner": "run_1",
    "attempts": 1,
    "heartbeat_at": NOW,
}
NOTIFICATION = {
    "_id": "ntf_1",
    **COMMIT,
    "natural_key": "order_confirmed:ord_1:usr_one",
    "kind": "order_confirmed",
    "subject_id": "ord_1",
    "order_id": "ord_1",
    "company_id": "cmp_acme",
    "recipient": "ann@acme.example",
    "subject": "Confirmed",
    "facts": {"number": "SO-000001"},
    "status": "sent",
}
COMPANY = {"_id": "cmp_1", **COMMIT, "name": "Acme", "reference": "C-1"}
USER = {"_id": "usr_1", **COMMIT, "email": "ann@acme.example", "name": "Ann", "roles": ["buyer"], "is_active": True}
ROLE = {"_id": "buyer", "permissions": ["orders:read"]}
SESSION = {
    "_id": "ses_1",
    "user_id": "usr_1",
    "created_at": NOW,
    "expires_at": NOW,
    "issued_at": NOW,
    "scope_digest": "5c0f",
    "acting_digest": "ac71",
}

STORED = (
    Stored(Order, ORDER, (OrderRecord, ShownOrder)),
    Stored(Payment, PAYMENT, (PaymentRecord, SettledOrder)),
    Stored(Product, PRODUCT, (StoredProduct, ProductFields)),
    Stored(Product, {**PRODUCT, "is_stocked": True, "available": 9}, (ProductView,)),
    Stored(Stock, STOCK, (StockLevel, StockedOrStopped, HeldStock)),
    Stored(Reservation, RESERVATION, (ReservationRecord, OpenReservation)),
    Stored(ProductImport, IMPORT, (ImportRun, StalledImport, ImportSummary)),
    Stored(Notification, NOTIFICATION, (NotificationRecord,)),
    Stored(Company, COMPANY, (CompanyRecord,)),
    Stored(User, USER, (PersonStanding,)),
    Stored(Role, ROLE, (StoredRole,)),
    Stored(Session, SESSION, (IssuedSession,)),
)
# The query of the only reader of these asks for documents that have them.
ALWAYS_SET = {
    ("Reservation", "reserved_at"),
    ("Notification", "recipient"),
    ("ProductImport", "runner"),
    ("Session", "issued_at"),
}
# What an emptied field is: a list or mapping that mongoengine unsets, a text that was cleared.
EMPTY: dict[type, Any] = {list: [], dict: {}, str: ""}


def optional_fields(stored: Stored) -> list[tuple[str, BaseField]]:
    fields = stored.document._fields.values()
    return [
        (field.db_field, field)
        for field in fields
        if not field.required and field.db_field in stored.whole and field.db_field not in ("_id", "version", "outbox")
        if (stored.name, field.db_field) not in ALWAYS_SET
    ]


def changes() -> list[Any]:
    """Every document without one field that may be absent, with it null, and with it empty."""
    found = []
    for stored in STORED:
        for name, field in optional_fields(stored):
            rest = {key: value for key, value in stored.whole.items() if key != name}
            variants = {"unset": rest, "null": {**rest, name: None}}
            if type(stored.whole[name]) in (list, dict) and not _is_struct(field):
                variants["empty"] = {**rest, name: EMPTY[type(stored.whole[name])]}
            found += [
                pytest.param(stored, variant, id=f"{stored.name}-{stored.records[0].__name__}-{name}-{what}")
                for what, variant in variants.items()
            ]
    return found


def _is_struct(field: BaseField) -> bool:
    return type(field).__name__ == "StructField"


class TestAbsentFields:
    @pytest.mark.parametrize(("stored", "variant"), changes())
    def test_read_as_their_defaults_by_every_reader(self, stored: Stored, variant: dict[str, Any]):
        for record in stored.records:
            stored_as(record, variant)
        stored.document._from_son(variant)

    @pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored.records[0].__name__)
    def test_a_whole_document_is_read_by_every_reader(self, stored: Stored):
        for record in stored.records:
            assert read_each([stored.whole], partial(stored_as, record))


class TestBrokenDocuments:
    @pytest.mark.parametrize("wrong", ["text", 7, {"a": 1}, [1], True], ids=str)
    @pytest.mark.parametrize("stored", STORED, ids=lambda stored: stored.records[0].__name__)
    def test_never_take_the_others_with_them(self, stored: Stored, wrong: Any):
        """Each field in turn holds a value of another type: the whole documents beside it are still read."""
        for record in stored.records:
            for name in stored.whole:
                documents = [stored.whole, {**stored.whole, name: wrong}, stored.whole]
                found = read_each(documents, partial(stored_as, record))
                assert len(found) in (2, 3)
                assert found[0] == found[-1] == stored_as(record, stored.whole)


class TestTable:
    def test_has_every_struct_that_a_raw_read_makes(self):
        made = {name for path in SERVICES.rglob("*.py") for name in _stored_structs(path)}

        assert made == {record.__name__ for stored in STORED for record in stored.records}

    def test_has_every_document_with_lists_of_structs(self):
        for path in SERVICES.rglob("documents.py"):
            import_module(".".join(path.relative_to(SERVICES.parent).with_suffix("").parts))
        with_lists = {
            document.__name__
            for document in _subclasses(Document)
            if document.__module__.startswith("services.")
            and any(isinstance(field, StructListField) for field in getattr(document, "_fields", {}).values())
        }

        assert with_lists - {stored.name for stored in STORED} == {"Cart"}  # read by mongoengine only


def _stored_structs(path: Path) -> set[str]:
    """Return the names of the structs that a module gives to `stored_as`, called or partially applied."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        arguments = node.args
        if node.func.id == "partial" and arguments and getattr(arguments[0], "id", "") == "stored_as":
            arguments = arguments[1:]
        elif node.func.id != "stored_as":
            continue
        names |= {argument.id for argument in arguments[:1] if isinstance(argument, ast.Name)}
    return names


def _subclasses(kind: type) -> list[type]:
    children: list[type] = kind.__subclasses__()
    return children + [each for child in children for each in _subclasses(child)]
