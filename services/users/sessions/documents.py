"""Sessions, the refresh tokens that continue them, failed attempts to begin one, and where attempts succeeded."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Self

from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo import ReturnDocument

from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.persistence import retry_on_failover

FAILURES_KEPT = timedelta(hours=1)
PLACES_KEPT = timedelta(days=90)


class Session(Document):
    """One sign-in, also the family of the refresh tokens that came from it; its end is theirs."""

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    ended_at = DateTimeField()

    meta = {
        "collection": "sessions",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": ["user_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    @classmethod
    def begin(cls, user_id: str, *, days: int) -> Self:
        session = cls(id=new_id("ses"), user_id=user_id, created_at=now(), expires_at=now() + timedelta(days=days))
        retry_on_failover(session.save)
        return session

    @classmethod
    def find_open(cls, session_id: str) -> Self | None:
        return cls.objects(id=str(session_id), ended_at=None, expires_at__gt=now()).first()

    @classmethod
    def end(cls, session_id: str) -> None:
        """End the session and with it every token of its family; ending it again changes nothing."""
        condition, change = {"_id": str(session_id), "ended_at": None}, {"$set": {"ended_at": now()}}
        retry_on_failover(lambda: cls._get_collection().update_one(condition, change))


class RefreshToken(Document):
    """A refresh token, known by its digest only; `used_at` once it was exchanged for the next."""

    id = StringField(primary_key=True)
    session_id = StringField(required=True)
    expires_at = DateTimeField(required=True)
    used_at = DateTimeField()

    meta = {
        "collection": "refresh_tokens",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": ["session_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    @classmethod
    def keep(cls, digest: str, *, session_id: str, expires_at: datetime) -> None:
        retry_on_failover(cls(id=digest, session_id=session_id, expires_at=expires_at).save)

    @classmethod
    def find(cls, digest: str) -> Self | None:
        return cls.objects(id=str(digest)).first()

    @classmethod
    def use(cls, digest: str) -> bool:
        """Mark the token used, for exactly one caller; return False when it was used before."""
        condition, change = {"_id": str(digest), "used_at": None}, {"$set": {"used_at": now()}}
        return bool(cls._get_collection().update_one(condition, change).modified_count)


class LoginFailures(Document):
    """Failed sign-ins in a row under one key (a digest of account, or of account and address)."""

    id = StringField(primary_key=True)
    failures = IntField(default=0)
    failed_at = DateTimeField()

    meta = {
        "collection": "login_failures",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": [{"fields": ["failed_at"], "expireAfterSeconds": int(FAILURES_KEPT.total_seconds())}],
    }

    @classmethod
    def read(cls, *keys: str) -> list[tuple[int, datetime]]:
        """Return, for each key, the failures in a row and the time of the last."""
        found = {each["_id"]: each for each in cls._get_collection().find({"_id": {"$in": [str(key) for key in keys]}})}
        rows = [found.get(str(key)) for key in keys]
        return [(row["failures"], row["failed_at"]) if row else (0, now()) for row in rows]

    @classmethod
    def add(cls, key: str) -> int:
        """Count one more failure and return how many there are."""
        change = {"$inc": {"failures": 1}, "$set": {"failed_at": now()}}
        counted = cls._get_collection().find_one_and_update(
            {"_id": str(key)}, change, upsert=True, return_document=ReturnDocument.AFTER
        )
        return int(counted["failures"]) if counted else 1

    @classmethod
    def clear(cls, *keys: str) -> None:
        retry_on_failover(lambda: cls._get_collection().delete_many({"_id": {"$in": [str(key) for key in keys]}}))


class KnownPlace(Document):
    """Where a person has signed in within 90 days; the id is a digest of the account and the place."""

    id = StringField(primary_key=True)
    seen_at = DateTimeField(required=True)

    meta = {
        "collection": "known_places",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": [{"fields": ["seen_at"], "expireAfterSeconds": int(PLACES_KEPT.total_seconds())}],
    }

    @classmethod
    def is_known(cls, key: str) -> bool:
        return cls._get_collection().find_one({"_id": str(key)}, {"_id": 1}) is not None

    @classmethod
    def remember(cls, key: str) -> None:
        condition, change = {"_id": str(key)}, {"$set": {"seen_at": now()}}
        retry_on_failover(lambda: cls._get_collection().update_one(condition, change, upsert=True))
