"""Documents. An attribute that a document does not declare is an error; its constructor takes any keyword."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from bson import SON
from mongoengine.base import BaseDocument, DocumentMetaclass, TopLevelDocumentMetaclass
from mongoengine.queryset import QuerySetManager
from pymongo.collection import Collection

class EmbeddedDocument(BaseDocument, metaclass=DocumentMetaclass): ...

class Document(BaseDocument, metaclass=TopLevelDocumentMetaclass):
    objects: ClassVar[QuerySetManager]

    def save(
        self,
        force_insert: bool = False,
        validate: bool = True,
        clean: bool = True,
        *,
        save_condition: Mapping[str, Any] | None = None,
    ) -> Self: ...
    def reload(self, *fields: str) -> Self: ...
    def delete(self) -> None: ...
    def to_mongo(self, use_db_field: bool = True, fields: list[str] | None = None) -> SON[str, Any]: ...
    @classmethod
    def drop_collection(cls) -> None: ...
    @classmethod
    def ensure_indexes(cls) -> None: ...
    @classmethod
    def _get_collection(cls) -> Collection[dict[str, Any]]: ...
