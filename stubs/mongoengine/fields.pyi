"""
Fields. Required ones, primary keys and those with a default are never None on an instance, all others may be.

A required value is None only between the constructor and the first assignment: see docs/adr/0021.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypedDict, TypeVar, overload

from mongoengine.base import BaseDocument, BaseField, EmbeddedDocumentList, V
from mongoengine.document import EmbeddedDocument
from typing_extensions import Unpack

T = TypeVar("T")
E = TypeVar("E", bound=Enum)
D = TypeVar("D", bound=EmbeddedDocument)

class FieldOptions(TypedDict, total=False):
    db_field: str
    unique: bool
    sparse: bool
    choices: Collection[Any]
    validation: Callable[[Any], None]

class TextOptions(FieldOptions, total=False):
    regex: str
    min_length: int
    max_length: int

class NumberOptions(FieldOptions, total=False):
    min_value: float
    max_value: float

class StringField(BaseField[V]):
    @overload
    def __init__(self: StringField[str], *, required: Literal[True], **options: Unpack[TextOptions]) -> None: ...
    @overload
    def __init__(self: StringField[str], *, primary_key: Literal[True], **options: Unpack[TextOptions]) -> None: ...
    @overload
    def __init__(
        self: StringField[str],
        *,
        default: str | Callable[[], str],
        required: bool = False,
        **options: Unpack[TextOptions],
    ) -> None: ...
    @overload
    def __init__(self: StringField[str | None], **options: Unpack[TextOptions]) -> None: ...

class IntField(BaseField[V]):
    @overload
    def __init__(self: IntField[int], *, required: Literal[True], **options: Unpack[NumberOptions]) -> None: ...
    @overload
    def __init__(
        self: IntField[int],
        *,
        default: int | Callable[[], int],
        required: bool = False,
        **options: Unpack[NumberOptions],
    ) -> None: ...
    @overload
    def __init__(self: IntField[int | None], **options: Unpack[NumberOptions]) -> None: ...

class FloatField(BaseField[V]):
    @overload
    def __init__(self: FloatField[float], *, required: Literal[True], **options: Unpack[NumberOptions]) -> None: ...
    @overload
    def __init__(
        self: FloatField[float],
        *,
        default: float | Callable[[], float],
        required: bool = False,
        **options: Unpack[NumberOptions],
    ) -> None: ...
    @overload
    def __init__(self: FloatField[float | None], **options: Unpack[NumberOptions]) -> None: ...

class BooleanField(BaseField[V]):
    @overload
    def __init__(self: BooleanField[bool], *, required: Literal[True], **options: Unpack[FieldOptions]) -> None: ...
    @overload
    def __init__(
        self: BooleanField[bool],
        *,
        default: bool | Callable[[], bool],
        required: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(self: BooleanField[bool | None], **options: Unpack[FieldOptions]) -> None: ...

class DateTimeField(BaseField[V]):
    @overload
    def __init__(
        self: DateTimeField[datetime], *, required: Literal[True], **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: DateTimeField[datetime],
        *,
        default: datetime | Callable[[], datetime],
        required: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(self: DateTimeField[datetime | None], **options: Unpack[FieldOptions]) -> None: ...

class EnumField(BaseField[V]):
    @overload
    def __init__(
        self: EnumField[E], enum: type[E], *, required: Literal[True], **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: EnumField[E],
        enum: type[E],
        *,
        default: E | Callable[[], E],
        required: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(self: EnumField[E | None], enum: type[E], **options: Unpack[FieldOptions]) -> None: ...

class EmbeddedDocumentField(BaseField[V]):
    @overload
    def __init__(
        self: EmbeddedDocumentField[D],
        document_type: type[D],
        *,
        required: Literal[True],
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: EmbeddedDocumentField[D],
        document_type: type[D],
        *,
        default: D | Callable[[], D],
        required: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: EmbeddedDocumentField[D | None], document_type: type[D], **options: Unpack[FieldOptions]
    ) -> None: ...

class ListField(BaseField[V]):
    """A list, empty by default; the values of the inner field are never None."""

    @overload
    def __init__(
        self: ListField[list[T]], field: BaseField[T | None], *, required: bool = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(
        self: ListField[list[T]], field: BaseField[T], *, required: bool = False, **options: Unpack[FieldOptions]
    ) -> None: ...
    @overload
    def __init__(self: ListField[list[Any]], *, required: bool = False, **options: Unpack[FieldOptions]) -> None: ...

class EmbeddedDocumentListField(BaseField[EmbeddedDocumentList[D]]):
    """A list of embedded documents, empty by default; any list of them may be assigned."""

    def __init__(self, document_type: type[D], *, required: bool = False, **options: Unpack[FieldOptions]) -> None: ...
    def __set__(self, instance: BaseDocument, value: list[D]) -> None: ...

class DictField(BaseField[V]):
    """A mapping, empty by default."""

    @overload
    def __init__(
        self: DictField[dict[str, T]],
        field: BaseField[T | None],
        *,
        required: bool = False,
        **options: Unpack[FieldOptions],
    ) -> None: ...
    @overload
    def __init__(
        self: DictField[dict[str, Any]], *, required: bool = False, **options: Unpack[FieldOptions]
    ) -> None: ...
