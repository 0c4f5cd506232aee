"""The audit log: who signed in, who acted for whom and why; written once, never changed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from mongoengine import DateTimeField, Document, StringField

from shared.base.clock import now
from shared.base.ids import new_id
from shared.data.encrypted_fields import EncryptedStringField
from shared.data.persistence import retry_on_failover
from shared.observe.observability import current_request_id

REFUSALS_KEPT = timedelta(days=90)


class AuditKind(StrEnum):
    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 (a name)
    SESSION_ENDED = "session_ended"
    RIGHTS_CHANGED = "rights_changed"
    INVITED = "invited"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_WITHDRAWN = "invitation_withdrawn"
    ACTING_TOKEN_ISSUED = "acting_token_issued"  # noqa: S105 (a name)


class AuditEntry(Document):
    """
    One entry. For an acting token `actor_id` is the member of staff and `company_id` for whom they act.

    `expires_at` is set on refusals only: an attacker can cause those without signing in.
    """

    id = StringField(primary_key=True)
    kind = StringField(required=True)
    at = DateTimeField(required=True)
    user_id = StringField()
    actor_id = StringField()
    company_id = StringField()
    session_id = StringField()
    address = EncryptedStringField()
    reason = EncryptedStringField()
    request_id = StringField()
    expires_at = DateTimeField()

    meta = {
        "collection": "audit_log",
        "db_alias": "users",
        "auto_create_index": False,
        "strict": False,
        "indexes": [
            ("user_id", "-at"),
            ("company_id", "-at"),
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
        ],
    }

    @classmethod
    def write(cls, kind: AuditKind, **values: str | None) -> None:
        entry = cls(id=new_id("aud"), kind=kind.value, at=now(), request_id=current_request_id(), **values)
        if kind is AuditKind.SIGN_IN_REFUSED:
            entry.expires_at = entry.at + REFUSALS_KEPT
        retry_on_failover(entry.save)
