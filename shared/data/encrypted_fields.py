"""Document fields that are encrypted in MongoDB and plain in Python."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Generic, Literal, Self, TypeVar, overload

import orjson
from mongoengine import Document, StringField
from mongoengine.base import BaseDocument, BaseField

from shared.data.encryption import PERSONAL, FieldContext, cipher_of, is_encrypted

V = TypeVar("V")


class _EncryptedMixin(ABC, Generic[V]):
    """
    Encrypts a value when it is stored and decrypts it when it is loaded; a value stored plain by an older version is
    returned as it is.

    The field can be neither queried nor indexed; `shared.data.blind_index` offers lookups by an encrypted value.
    """

    if TYPE_CHECKING:
        name: str
        db_field: str
        owner_document: type[BaseDocument]

        @overload
        def __get__(self, instance: None, owner: type[BaseDocument]) -> Self: ...
        @overload
        def __get__(self, instance: BaseDocument, owner: type[BaseDocument]) -> V: ...
        def __get__(self, instance: BaseDocument | None, owner: type[BaseDocument]) -> Self | V: ...
        def __set__(self, instance: BaseDocument, value: V) -> None: ...

    def __init__(self, *, purpose: str = PERSONAL, **options: Any) -> None:
        super().__init__(**options)
        self.purpose = purpose

    @cached_property
    def service(self) -> str:
        return str(self.owner_document._meta["db_alias"])

    @cached_property
    def context(self) -> FieldContext:
        return FieldContext(self.purpose, f"{self.owner_document._meta['collection']}.{self.name}")

    def decrypted(self, stored: Any) -> Any:
        """Return the plain value of a stored one."""
        if not is_encrypted(stored):
            return stored
        return self._decoded(cipher_of(self.service).decrypt(stored, self.context))

    def to_python(self, value: Any) -> Any:
        return super().to_python(self.decrypted(value))  # type: ignore[misc]

    def to_mongo(self, value: Any, *args: Any, **options: Any) -> Any:
        return None if value is None else cipher_of(self.service).encrypt(self._encoded(value), self.context)

    def prepare_query_value(self, op: Any, value: Any) -> Any:
        raise LookupError(f"{self.context.name} is encrypted and cannot be queried")

    @abstractmethod
    def _encoded(self, value: Any) -> bytes:
        """Return the value as the bytes that are encrypted."""

    @abstractmethod
    def _decoded(self, value: bytes) -> Any:
        """Return the value of these bytes."""


class EncryptedStringField(_EncryptedMixin[V], StringField):
    """A text; None is possible unless the field is required."""

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: EncryptedStringField[str], *, required: Literal[True], purpose: str = ..., max_length: int = ...
        ) -> None: ...
        @overload
        def __init__(self: EncryptedStringField[str | None], *, purpose: str = ..., max_length: int = ...) -> None: ...
        def __init__(self, **options: Any) -> None: ...

    def _encoded(self, value: Any) -> bytes:
        return str(value).encode("utf-8", "surrogatepass")

    def _decoded(self, value: bytes) -> str:
        return value.decode("utf-8", "surrogatepass")


class EncryptedDictField(_EncryptedMixin[dict[str, Any]], BaseField):
    """A mapping of JSON values; it is replaced, never changed in place."""

    def validate(self, value: Any, clean: bool = True) -> None:
        if not isinstance(value, dict):
            self.error("Only dictionaries may be used in an EncryptedDictField")

    def _encoded(self, value: Any) -> bytes:
        return orjson.dumps(dict(value))

    def _decoded(self, value: bytes) -> Any:
        return orjson.loads(value)


@cache
def encrypted_fields(document: type[Document]) -> tuple[tuple[str, _EncryptedMixin[Any]], ...]:
    """Return (name in MongoDB, field) for each encrypted field of a document class."""
    return tuple((each.db_field, each) for each in document._fields.values() if isinstance(each, _EncryptedMixin))


def decrypted(document: type[Document], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored document with its encrypted fields decrypted, for reads by pymongo."""
    plain = dict(stored)
    for name, field in encrypted_fields(document):
        if name in plain:
            plain[name] = field.decrypted(plain[name])
    return plain


def stored_plain(document: type[Document], stored: Mapping[str, Any]) -> list[str]:
    """Return the encrypted fields that an older version stored plain; the next write encrypts them."""
    return [
        field.name
        for name, field in encrypted_fields(document)
        if stored.get(name) is not None and not is_encrypted(stored[name])
    ]
