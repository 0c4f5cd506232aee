"""Sessions, the refresh tokens that continue them, failed attempts to begin one, and where attempts succeeded."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Self

from mongoengine import DateTimeField, Document, IntField, StringField
from pymongo import ReturnDocument

from services.users.sessions.rules import PLACES_PER_ACCOUNT, IssuedSession
from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.blind_index import blind_index
from shared.data.persistence import retry_on_failover
from shared.data.struct_fields import read_each, stored_as
from shared.web.revocations import Revocation

FAILURES_KEPT = timedelta(hours=1)
# No access token may outlive its session, though clocks differ or one is being issued at that moment.
END_MARGIN = timedelta(seconds=60)
REUSE_GRACE = timedelta(seconds=10)
PLACES_KEPT = timedelta(days=90)


class Session(Document):
    """
    One sign-in, also the family of the refresh tokens that came from it; its end is theirs.

    Access tokens issued at `revoked_until` or before are refused. The digests are of the rights in the latest access
    token, and in the latest one for acting as a company.
    """

    id = StringField(primary_key=True)
    user_id = StringField(required=True)
    created_at = DateTimeField(required=True)
    expires_at = DateTimeField(required=True)
    ended_at = DateTimeField()
    issued_at = DateTimeField()
    scope_digest = StringField()
    acting_digest = StringField()
    revoked_at = DateTimeField()
    revoked_until = DateTimeField()

    meta = {
        "collection": "sessions",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": [
            "user_id",
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
            {"fields": ["issued_at"], "sparse": True},
            {"fields": ["revoked_at"], "sparse": True},
        ],
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
    def end(cls, session_id: str) -> Revocation:
        """End the session and with it every token of its family; ending it again changes nothing."""
        condition = {"_id": str(session_id), "ended_at": None}
        until = now() + END_MARGIN
        change = {"$set": {"ended_at": now(), "revoked_at": now(), "revoked_until": until}}
        retry_on_failover(lambda: cls._get_collection().update_one(condition, change))
        return Revocation(str(session_id), int(until.timestamp()))

    @classmethod
    def count_issue(cls, session_id: str, **digests: str) -> None:
        """Store that an access token was issued just now, and digests of what it allows (`revocations.py` compares)."""
        change = {"$set": {"issued_at": now(), **digests}}
        retry_on_failover(lambda: cls._get_collection().update_one({"_id": str(session_id)}, change))

    @classmethod
    def revoke_issued(cls, session: IssuedSession, **digests: str) -> Revocation | None:
        """Revoke the access tokens issued so far; None when another was issued meanwhile, with the present rights."""
        condition = {"_id": session.id, "issued_at": session.issued_at}
        change = {"$set": {"revoked_at": now(), "revoked_until": session.issued_at, **digests}}
        changed = retry_on_failover(lambda: cls._get_collection().update_one(condition, change)).modified_count
        return Revocation(session.id, int(session.issued_at.timestamp())) if changed else None

    @classmethod
    def issued_since(cls, moment: datetime) -> Iterator[IssuedSession]:
        """Return the open sessions with an access token issued since `moment`, without unreadable ones."""
        query = {"issued_at": {"$gte": moment}, "ended_at": None}
        fields = {"user_id": 1, "issued_at": 1, "scope_digest": 1, "acting_digest": 1}
        for stored in cls._get_collection().find(query, fields):
            yield from read_each([stored], lambda each: stored_as(IssuedSession, each))

    @classmethod
    def revoked_since(cls, moment: datetime) -> list[Revocation]:
        """Return what was revoked since `moment`."""
        query = {"revoked_at": {"$gte": moment}, "revoked_until": {"$type": "date"}}
        found = cls._get_collection().find(query, {"revoked_until": 1})
        return [Revocation(each["_id"], int(each["revoked_until"].timestamp())) for each in found]


class RefreshToken(Document):
    """A refresh token, known by its digest only; `used_at` and `used_by` once it was exchanged for the next."""

    id = StringField(primary_key=True)
    session_id = StringField(required=True)
    expires_at = DateTimeField(required=True)
    used_at = DateTimeField()
    used_by = StringField()

    meta = {
        "collection": "refresh_tokens",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": ["session_id", {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }

    @classmethod
    def keep(cls, digest: str, *, session_id: str, expires_at: datetime) -> None:
        """Store the token; one that is stored already stays as it is."""
        change = {"$setOnInsert": {"session_id": session_id, "expires_at": expires_at}}
        retry_on_failover(lambda: cls._get_collection().update_one({"_id": str(digest)}, change, upsert=True))

    @classmethod
    def find(cls, digest: str) -> Self | None:
        return cls.objects(id=str(digest)).first()

    @classmethod
    def use(cls, digest: str, *, client: str) -> bool:
        """Mark the token used, for exactly one caller; return False when it was used before."""
        condition, change = {"_id": str(digest), "used_at": None}, {"$set": {"used_at": now(), "used_by": client}}
        return bool(cls._get_collection().update_one(condition, change).modified_count)

    @classmethod
    def was_just_used(cls, digest: str, *, client: str) -> bool:
        """Return whether the same client used the token within the last ten seconds."""
        condition = {"_id": str(digest), "used_by": client, "used_at": {"$gte": now() - REUSE_GRACE}}
        return cls._get_collection().find_one(condition, {"_id": 1}) is not None


def new_refresh_token() -> str:
    """Return the first refresh token of a session."""
    return f"rt_{secrets.token_urlsafe(32)}"


def new_device_token() -> str:
    """Return a token by which a device is known at later sign-ins; only its digests with accounts are stored."""
    return f"dev_{secrets.token_urlsafe(32)}"


def refresh_token_after(token: str) -> str:
    """Return the successor of a refresh token: always the same one, which no attacker without our key can compute."""
    return f"rt_{blind_index('users', 'refresh_tokens.successor', token)}"


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
        return [(row.get("failures") or 0, row.get("failed_at") or now()) if row else (0, now()) for row in rows]

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
    """
    Where a person has signed in within 90 days: a digest of the account, and of the network or the device.

    `account` (a keyed digest) counts an account's places; it is absent in those of an older version until their next
    use.
    """

    id = StringField(primary_key=True)
    account = StringField()
    seen_at = DateTimeField(required=True)

    meta = {
        "collection": "known_places",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": [
            {"fields": ["seen_at"], "expireAfterSeconds": int(PLACES_KEPT.total_seconds())},
            ("account", "-seen_at"),
        ],
    }

    @classmethod
    def known_of(cls, *keys: str) -> set[str]:
        """Return those of the keys that are known."""
        found = cls._get_collection().find({"_id": {"$in": [str(key) for key in keys]}}, {"_id": 1})
        return {each["_id"] for each in found}

    @classmethod
    def remember(cls, account: str, key: str) -> None:
        """Store that the account was used at this place just now, and drop its oldest places beyond the limit."""
        places, change = cls._get_collection(), {"$set": {"seen_at": now(), "account": str(account)}}
        retry_on_failover(lambda: places.update_one({"_id": str(key)}, change, upsert=True))
        newest_first = places.find({"account": str(account)}, {"_id": 1}).sort("seen_at", -1)
        if dropped := [each["_id"] for each in newest_first.skip(PLACES_PER_ACCOUNT)]:
            retry_on_failover(lambda: places.delete_many({"_id": {"$in": dropped}}))
