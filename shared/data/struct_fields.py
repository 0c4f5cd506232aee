"""Typed values in MongoDB: frozen msgspec structs in Python, plain mappings in the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, overload

import msgspec
from mongoengine.base import BaseDocument, BaseField
from mongoengine.errors import InvalidDocumentError

from shared.data.keys import CiphertextInvalid
from shared.observe.metrics import counter
from shared.observe.observability import get_logger

log = get_logger()

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")
R = TypeVar("R")

# Types that pymongo stores and reads itself.
STORED_AS_IS = (datetime, bytes)
# What reading a stored document of a wrong shape raises.
UNREADABLE = (
    msgspec.ValidationError,
    InvalidDocumentError,
    CiphertextInvalid,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)
SKIPPED = counter("stored_documents_unreadable_total", "Stored documents that a list or batch left out as unreadable")


def stored_as(kind: type[S], stored: Mapping[str, Any]) -> S:
    """
    Return a stored mapping as the struct `kind`; keys that `kind` does not declare are ignored.

    A null that `kind` does not take counts as an absent field.

    Raises msgspec.ValidationError when a field is missing or has another type.
    """
    try:
        return msgspec.convert(stored, kind)
    except msgspec.ValidationError:
        if None not in stored.values():
            raise
    return msgspec.convert({name: value for name, value in stored.items() if value is not None}, kind)


def read_each(documents: Iterable[T], read: Callable[[T], R]) -> list[R]:
    """
    Return what `read` makes of each document; one that it cannot read is left out.

    Lists and batches read their documents by it, so that one broken document does not take the others with it.
    """
    found = []
    for each in documents:
        try:
            found.append(read(each))
        except UNREADABLE as fault:
            SKIPPED.inc()
            log.error("stored_document_unreadable", document_id=_id_of(each), reason=type(fault).__name__)
    return found


def _id_of(document: object) -> str:
    name = document.get("_id") if isinstance(document, Mapping) else getattr(document, "id", None)
    return str(name)


def to_stored(value: msgspec.Struct) -> dict[str, Any]:
    """Return a struct as the mapping to store; dates stay dates."""
    stored: dict[str, Any] = msgspec.to_builtins(value, builtin_types=STORED_AS_IS)
    return stored


class StructField(BaseField, Generic[S]):
    """One frozen struct, stored as a plain mapping; None until it is assigned."""

    def __init__(self, kind: type[S], *, required: bool = False) -> None:
        super().__init__(required=required)
        self.kind = kind

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[BaseDocument]) -> Self: ...
        @overload
        def __get__(self, instance: BaseDocument, owner: type[BaseDocument]) -> S: ...
        def __get__(self, instance: BaseDocument | None, owner: type[BaseDocument]) -> Self | S: ...
        def __set__(self, instance: BaseDocument, value: S) -> None: ...

    def to_python(self, value: Any) -> S | None:
        return value if value is None or isinstance(value, self.kind) else stored_as(self.kind, value)

    def to_mongo(self, value: Any) -> dict[str, Any]:
        return to_stored(value)

    def validate(self, value: Any, clean: bool = True) -> None:
        if not isinstance(value, self.kind):
            self.error(f"Only a {self.kind.__name__} may be in this field")

    def lookup_member(self, member_name: str) -> BaseField[Any]:
        """Return the field that mongoengine names in an index: `unit_price.currency` is a path into the struct."""
        return BaseField(db_field=member_name)


class StructListField(BaseField, Generic[S]):
    """
    A list of frozen structs of one kind; absent or null in the store reads as an empty list.

    Replace the list, never change it in place. mongoengine's embedded documents would take most of the time of an
    order with a thousand lines.
    """

    def __init__(self, kind: type[S], **options: Any) -> None:
        super().__init__(default=list, **options)
        self.kind = kind

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: type[BaseDocument]) -> Self: ...
        @overload
        def __get__(self, instance: BaseDocument, owner: type[BaseDocument]) -> list[S]: ...
        def __get__(self, instance: BaseDocument | None, owner: type[BaseDocument]) -> Self | list[S]: ...
        def __set__(self, instance: BaseDocument, value: list[S] | tuple[S, ...]) -> None: ...

    def to_python(self, value: Any) -> list[S]:
        if not value:
            return []
        return list(value) if isinstance(value[0], self.kind) else _reader(self.kind)(value)

    def to_mongo(self, value: Any) -> list[dict[str, Any]]:
        stored: list[dict[str, Any]] = msgspec.to_builtins(list(value), builtin_types=STORED_AS_IS)
        return stored

    def validate(self, value: Any, clean: bool = True) -> None:
        if not all(isinstance(each, self.kind) for each in value):
            self.error(f"Only {self.kind.__name__} values may be in this list")


@cache
def _reader(kind: type[S]) -> Callable[[Any], list[S]]:
    listed: Any = list[kind]  # type: ignore[valid-type]
    return lambda value: msgspec.convert(list(value), listed)
