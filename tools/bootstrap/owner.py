"""The installation's first person: invited by a mail whose link serves once."""

from __future__ import annotations

from importlib import import_module

from services.notifications.clients import MAILERS
from services.notifications.config import NotificationsSettings
from services.notifications.operations.composing import compose_invitation
from services.users.invitations.operations import issue_token
from services.users.people.documents import User
from services.users.people.rules import OWNER_ROLE, normalized_email
from shared.base.clock import now
from tools.bootstrap.settings import BootstrapSettings


def invite_owner(settings: BootstrapSettings, mail: NotificationsSettings, *, resend: bool = False) -> bool:
    """
    Invite OWNER_EMAIL unless they are in, or were mailed an invitation that still serves; return whether a mail left.

    Killed before the mail was noted as sent, the next run mails another link, and the first stops working.
    """
    person = User.find_by_email(settings.owner_email)
    if person is not None and not (person.is_invited and (resend or _needs_mail(person))):
        return False
    person = person or User(email=normalized_email(settings.owner_email), name="Owner", roles=[OWNER_ROLE])
    token = issue_token(person, invited_by=None)
    mail_id = f"{person.id}-{person.version}"
    link = f"{settings.public_admin_url.rstrip('/')}/invitations/{token}"
    message = compose_invitation(
        mail_id, person.email, link=link, expires_at=person.latest_invitation.expires_at, settings=mail
    )
    import_module(MAILERS[mail.email_backend]).build_mailer(mail).deliver(mail_id, message)
    person.latest_invitation.mailed_at = now()
    person.commit()
    return True


def _needs_mail(person: User) -> bool:
    return person.latest_invitation.mailed_at is None or person.latest_invitation.expires_at <= now()
