"""Documents of the users service."""

from services.users.documents.audit import AuditEntry, AuditKind
from services.users.documents.people import Company, Role, User, email_index
from services.users.documents.sessions import LoginFailures, RefreshToken, Session

__all__ = [
    "AuditEntry",
    "AuditKind",
    "Company",
    "LoginFailures",
    "RefreshToken",
    "Role",
    "Session",
    "User",
    "email_index",
]
