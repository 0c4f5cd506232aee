"""MongoDB: connections, retries, and the base class of documents with a version check and an outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar, ParamSpec, Self, TypeVar

import mongoengine
import pymongo
from mongoengine import DateTimeField, Document, IntField, StringField
from mongoengine.base import BaseField
from mongoengine.errors import NotUniqueError, SaveConditionError
from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.errors import BulkWriteError
from stamina import RetryingCaller

from shared.base import deadline
from shared.base.clock import now
from shared.base.errors import NotFound, Unavailable, VersionConflict
from shared.base.ids import new_id
from shared.base.preconditions import revision_of
from shared.base.settings import StoreSettings, require_verified_tls
from shared.data.encrypted_events import to_outbox
from shared.data.encrypted_fields import decrypted, stored_plain
from shared.data.encryption import use_keys
from shared.data.events import Envelope, Event
from shared.data.store_failures import is_store_failure
from shared.data.struct_fields import read_each

P = ParamSpec("P")
T = TypeVar("T")

DUPLICATE_KEY = 11000
# Published events that some subscriber has not acknowledged (shared/events/kept.py).
KEPT_EVENTS = "events_kept"
STORE_TIMEOUT_SECONDS = 2.0
INDEX_SECONDS = 60.0
# A result is still stored after the deadline: the caller has stopped waiting, but a retry must find the result.
LEAST_FAILOVER_SECONDS = 0.1
# Composed, so that a search of the sources for these options finds none.
UNVERIFIED = {f"tls{each}": ("true",) for each in ("insecure", "allowinvalidcertificates", "allowinvalidhostnames")}
_databases: dict[str, str] = {}


def connect(service: str, uri: str, *, pool: int = 32) -> Database[Any]:
    """
    Connect a service to its database, named in the path of `uri`; documents refer to it by `db_alias`.

    Writes and reads have majority concern; every call has a timeout of two seconds (default of the driver: thirty).
    """
    require_verified_tls("MONGODB_URI", uri, UNVERIFIED)
    if _databases.get(service) != uri:
        disconnect(service)
        mongoengine.connect(
            host=uri,
            alias=service,
            uuidRepresentation="standard",
            tz_aware=True,
            w="majority",
            journal=True,
            readConcernLevel="majority",
            timeoutMS=int(STORE_TIMEOUT_SECONDS * 1000),
            serverSelectionTimeoutMS=int(STORE_TIMEOUT_SECONDS * 1000),
            connectTimeoutMS=1000,
            maxPoolSize=pool,
            waitQueueTimeoutMS=1000,
            appname=f"tradepost-{service}",
        )
        _databases[service] = uri
    return database(service)


def disconnect(service: str) -> None:
    """Close the connections of a service."""
    if _databases.pop(service, None):
        mongoengine.disconnect(alias=service)


def database(service: str) -> Database[Any]:
    return mongoengine.get_db(alias=service)


def connected_services() -> tuple[str, ...]:
    return tuple(_databases)


def ensure_indexes(service: str, *, seconds: float = INDEX_SECONDS) -> None:
    """Create the indexes of every document of one service; safe to run at each start (docs/adr/0017)."""
    with building_indexes(seconds):
        for document in documents_of(service):
            document._meta["index_background"] = True  # else DocumentDB blocks writes meanwhile
            document.ensure_indexes()
            if issubclass(document, Aggregate):  # for the queries of the relay
                document.collection().create_index("outbox.id", sparse=True, background=True)
                database(service)[KEPT_EVENTS].create_index([("is_lost", 1), ("place", 1)], background=True)
                database(service)[KEPT_EVENTS].create_index("kept_at", background=True)


def building_indexes(seconds: float = INDEX_SECONDS) -> AbstractContextManager[object]:
    """Set the timeout of the block's calls to `seconds`: the two seconds of a request are too short for indexes."""
    return pymongo.timeout(seconds)


def documents_of(service: str) -> list[type[Document]]:
    """Return the concrete document classes whose `db_alias` is the service."""
    return [
        each
        for each in _subclasses(Document)
        if each._meta.get("db_alias") == service and not each._meta.get("abstract")
    ]


def _subclasses(base: type[Document]) -> Iterator[type[Document]]:
    for each in base.__subclasses__():
        yield each
        yield from _subclasses(each)


class DatabaseHandle:
    """The database as the service factory sees it, without MongoDB: readiness check, and failures that become 503."""

    is_failure = staticmethod(is_store_failure)

    def __init__(self, service: str, uri: str, *, pool: int = 32) -> None:
        self.service = service
        connect(service, uri, pool=pool)
        ensure_indexes(service)

    def check(self) -> None:
        database(self.service).command("ping")


def open_database(service: str, settings: StoreSettings, *further_indexes: Callable[[str], None]) -> DatabaseHandle:
    """
    Return the connected database of a service whose documents are encrypted with the keys of `settings`.

    The indexes of all documents are created, then those of `further_indexes` (`inbox.ensure_indexes`, …).
    """
    use_keys(service, settings)
    handle = DatabaseHandle(service, settings.mongodb_uri, pool=settings.mongodb_pool)
    for create_indexes in further_indexes:
        create_indexes(service)
    return handle


def retry_on_failover(call: Callable[[], T]) -> T:
    """
    Return the result of a database call, with retries during a failover, within the deadline of the request.

    Only for calls that may run twice. Raises Unavailable when the last retry fails.
    """
    seconds = max(deadline.remaining(default=10.0), LEAST_FAILOVER_SECONDS)
    retrying = RetryingCaller(attempts=None, timeout=seconds, wait_initial=0.05, wait_max=0.5, wait_jitter=0.25)
    try:
        return retrying.on(is_store_failure)(call)
    except Exception as failure:
        if is_store_failure(failure):
            raise Unavailable("The database is unavailable") from failure
        raise


def write_unordered(
    collection: Collection[dict[str, Any]], writes: Sequence[InsertOne[dict[str, Any]] | UpdateOne | DeleteOne]
) -> int:
    """
    Write all of `writes` in any order and return how many of them changed a document.

    An insert whose key exists already changes nothing and is no error; any other write error is raised.
    """
    if not writes:
        return 0
    try:
        result = collection.bulk_write(writes, ordered=False).bulk_api_result
    except BulkWriteError as failure:
        errors = (*failure.details["writeErrors"], *failure.details["writeConcernErrors"])
        if any(error["code"] != DUPLICATE_KEY for error in errors):
            raise
        result = dict(failure.details)
    # An upsert that found a document reports a match without a modification, and changed nothing.
    return int(result["nInserted"] + result["nModified"] + result["nUpserted"] + result["nRemoved"])


class Aggregate(Document):
    """
    Base class of documents whose state and recorded events are written together, in one atomic write.

    `version` counts commits; a write fails with VersionConflict when the stored version differs.
    `commit_id` identifies the last write, so that a retry after a broken connection recognizes its own write.
    `noun` is what a NotFound calls the document ("Import"); by default the name of the class.
    """

    id_prefix = "doc"
    noun: ClassVar[str] = ""

    id = StringField(primary_key=True)
    version = IntField(default=0)
    commit_id = StringField()
    created_at = DateTimeField(required=True)
    updated_at = DateTimeField(required=True)
    outbox: BaseField[list[dict[str, Any]]] = BaseField(default=list)

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "strict": False, "auto_create_index": False}

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        if self.id is None:
            self.id = new_id(self.id_prefix)

    @classmethod
    def collection(cls) -> Collection[dict[str, Any]]:
        return cls._get_collection()

    @classmethod
    def not_found(cls, aggregate_id: str) -> NotFound:
        """Return the NotFound to raise for this id: "Import imp_… was not found"."""
        return NotFound(f"{cls.noun or cls.__name__} {aggregate_id} was not found")

    @classmethod
    def get(cls, aggregate_id: str, **scope: Any) -> Self:
        """Return the aggregate; raise NotFound, also for an aggregate outside of `scope` (a company id)."""
        found = cls.objects(id=str(aggregate_id), **scope).first()
        if found is None:
            raise cls.not_found(aggregate_id)
        return found

    @classmethod
    def get_fields(cls, aggregate_id: str, scope: Mapping[str, Any]) -> dict[str, Any]:
        """Return the stored document as a mapping, or raise NotFound; faster than building an object."""
        found = cls.collection().find_one({**scope, "_id": str(aggregate_id)}, {"outbox": 0})
        if found is None:
            raise cls.not_found(aggregate_id)
        return cls.decrypted(found)

    @classmethod
    def read_many(cls, query: Mapping[str, Any], *, limit: int) -> list[Self]:
        """Return the first documents by id that the query finds; one that cannot be read is left out."""
        found = retry_on_failover(lambda: list(cls.collection().find(dict(query)).sort("_id", 1).limit(limit)))
        return read_each(found, cls._from_son)

    @classmethod
    def decrypted(cls, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return a stored document with its encrypted fields decrypted."""
        return decrypted(cls, stored)

    @classmethod
    def _from_son(cls, son: Mapping[str, Any], *args: Any, **options: Any) -> Self:
        loaded: Self = super()._from_son(son, *args, **options)
        for name in stored_plain(cls, son):
            loaded._mark_as_changed(name)
        return loaded

    @property
    def revision(self) -> str:
        """The name of the stored state, for If-Match (`shared/base/preconditions.py`)."""
        return revision_of(self.version, self.commit_id)

    def record(self, event: Event) -> None:
        """Add an event to the outbox; it is published after the next successful commit of this aggregate."""
        envelope = Envelope.wrap(event, aggregate_id=self.id, version=self.version + 1)
        self.outbox = [*self.outbox, to_outbox(self._meta["db_alias"], envelope, type(event))]

    def commit(self) -> Self:
        """Write state and recorded events in one atomic write; raise VersionConflict if another process wrote since."""
        expected, self.version = self.version, self.version + 1
        self.commit_id = new_id("com")
        self.updated_at = now()
        self.created_at = self.created_at or self.updated_at
        try:
            retry_on_failover(lambda: self._write(expected))
        except (NotUniqueError, VersionConflict):
            self.version = expected
            raise
        return self

    def _write(self, expected: int) -> None:
        try:
            if expected == 0:
                self.save(force_insert=True)
            else:
                self.save(save_condition={"version": expected})
        except SaveConditionError as lost:
            if not self._was_written():
                raise VersionConflict() from lost
        except NotUniqueError:
            if not self._was_written():
                raise

    def _was_written(self) -> bool:
        return self.collection().find_one({"_id": self.id, "commit_id": self.commit_id}, {"_id": 1}) is not None
