"""People and the roles that say what they may do, as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self

from mongoengine import (
    BooleanField,
    DateTimeField,
    Document,
    EmbeddedDocument,
    EmbeddedDocumentField,
    ListField,
    StringField,
)
from pymongo import UpdateOne

from services.users.people.rules import (
    DEFAULT_ROLES,
    NewPerson,
    PeopleFound,
    PersonStanding,
    StoredRole,
    normalized_email,
)
from shared.base.clock import now
from shared.base.errors import VersionConflict
from shared.data.blind_index import blind_index
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.persistence import Aggregate, retry_on_failover
from shared.data.struct_fields import read_each, stored_as


class Invitation(EmbeddedDocument):
    """
    What admits a person for the first time: the digest of a token that only the mailed link holds.

    `invited_by` is None for the installation's first person; `mailed_at` is None while no link was mailed.
    """

    token_digest = StringField(required=True)
    expires_at = DateTimeField(required=True)
    invited_by = StringField()
    mailed_at = DateTimeField()
    accepted_at = DateTimeField()

    meta = {"strict": False}


class User(Aggregate):
    """
    A person who signs in; `company_id` is None for the merchant's own people.

    Name and address are encrypted; `email_index` is a keyed digest of the address, for look-ups and uniqueness.
    An invited person is stored too, inactive and without a password: accepting an invitation is one write, so it
    happens once or not at all.
    """

    id_prefix = "usr"

    email = EncryptedStringField(required=True, max_length=254)
    email_index = StringField()
    name = EncryptedStringField(required=True, max_length=200)
    company_id = StringField()
    roles = ListField(StringField())
    password_hash = StringField()
    is_active = BooleanField(default=True)
    invitation = EmbeddedDocumentField(Invitation)

    meta = {
        "collection": "users",
        "db_alias": "users",
        "indexes": [
            {
                "fields": ["email_index"],
                "unique": True,
                "partialFilterExpression": {"email_index": {"$exists": True}},
            },
            "company_id",
            {"fields": ["is_active", "id"], "partialFilterExpression": {"is_active": False}},
            {
                "fields": ["invitation.token_digest"],
                "unique": True,
                "partialFilterExpression": {"invitation.token_digest": {"$exists": True}},
            },
        ],
    }

    @classmethod
    def create(cls, person: NewPerson, *, password_hash: str) -> Self:
        """Store an active person; raise NotUniqueError when the address is taken, in whatever spelling."""
        return cls(
            email=normalized_email(person.email),
            name=person.name,
            company_id=person.company_id,
            roles=list(person.roles),
            password_hash=password_hash,
        ).commit()

    @classmethod
    def find_active(cls, user_id: str) -> Self | None:
        return cls.objects(id=str(user_id), is_active=True).first()

    @classmethod
    def find_standing(cls, user_ids: Iterable[str]) -> PeopleFound:
        """Return who of these people is active and in which roles, and whose document cannot be read for it."""
        wanted = {"_id": {"$in": [str(each) for each in user_ids]}}
        stored = retry_on_failover(lambda: list(cls.collection().find(wanted, {"roles": 1, "is_active": 1})))
        readable = {each.id: each for each in read_each(stored, lambda each: stored_as(PersonStanding, each))}
        return PeopleFound(readable, {each["_id"] for each in stored} - readable.keys())

    @property
    def is_invited(self) -> bool:
        """Return whether this person was invited and has not accepted yet."""
        return self.invitation is not None and self.invitation.accepted_at is None

    @property
    def latest_invitation(self) -> Invitation:
        """Return the invitation, accepted or not; raise LookupError for a person who was never invited."""
        if self.invitation is None:
            raise LookupError(f"User {self.id} was never invited")
        return self.invitation

    def invite(self, token_digest: str, *, expires_at: datetime, invited_by: str | None) -> None:
        """Store the digest of a new invitation token; an earlier token stops working."""
        self.is_active = False
        self.invitation = Invitation(token_digest=token_digest, expires_at=expires_at, invited_by=invited_by)

    def accept_invitation(self, *, name: str, password_hash: str) -> None:
        self.name, self.password_hash, self.is_active = name, password_hash, True
        self.latest_invitation.accepted_at = now()

    def withdraw_invitation(self) -> bool:
        """
        Delete a person who has not accepted; return False when the invitation was accepted before.

        Raises VersionConflict when it was changed since it was read.
        """
        open_one = {"_id": self.id, "is_active": False, "invitation.accepted_at": None}
        unchanged = {**open_one, "version": self.version}
        if retry_on_failover(lambda: self.collection().delete_one(unchanged)).deleted_count:
            return True
        if self.collection().find_one(open_one, {"_id": 1}) is not None:
            raise VersionConflict()
        return False

    @classmethod
    def find_invited(cls, token_digest: str) -> Self | None:
        """Return the person invited by this token, accepted or not."""
        return cls.objects(__raw__={"invitation.token_digest": str(token_digest)}).first()

    @classmethod
    def find_by_email(cls, email: str) -> Self | None:
        """Return the person with this address; older versions stored a domain beyond ASCII as it was typed."""
        as_typed = blind_index("users", "users.email", str(email).strip().casefold())
        return cls.objects(email_index__in=list({email_index(email), as_typed})).first()

    def commit(self) -> Self:
        """Write as every aggregate does, with the index of the present address."""
        self.email_index = email_index(self.email)
        return super().commit()


def email_index(email: str) -> str:
    """Return the keyed digest by which an address is found, whatever its spelling."""
    return blind_index("users", "users.email", normalized_email(str(email)))


class Role(Document):
    """A named set of permissions, editable by the merchant; the id is its name."""

    id = StringField(primary_key=True)
    permissions = ListField(StringField())

    meta = {
        "collection": "roles",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
    }

    @classmethod
    def ensure_defaults(cls) -> None:
        """Create the roles that are missing; what a merchant edited stays."""
        changes = [
            UpdateOne({"_id": name}, {"$setOnInsert": {"permissions": list(permissions)}}, upsert=True)
            for name, permissions in DEFAULT_ROLES.items()
        ]
        retry_on_failover(lambda: cls._get_collection().bulk_write(changes, ordered=False))

    @classmethod
    def find_all(cls, names: Iterable[str]) -> dict[str, list[str] | None]:
        """Return each role's permissions, None for one that does not exist."""
        wanted = [str(name) for name in names]
        found = {each.id: each.allowed() for each in cls._stored(wanted)}
        return {name: found.get(name) for name in wanted}

    @classmethod
    def permissions_of(cls, names: Iterable[str]) -> set[str]:
        """Return what these roles together allow; a role that no longer exists allows nothing."""
        return {permission for role in cls._stored(str(name) for name in names) for permission in role.allowed()}

    @classmethod
    def _stored(cls, names: Iterable[str]) -> list[StoredRole]:
        return [stored_as(StoredRole, each) for each in cls._get_collection().find({"_id": {"$in": list(names)}})]
