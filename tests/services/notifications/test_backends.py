"""The contract of mail and text messages, for the mailbox and for SES and SNS alike; what moto took is collected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from services.notifications.clients import MAILERS, TEXTERS, Clients
from services.notifications.clients.mailbox import MaildirMailer
from services.notifications.clients.mailer import Mailer
from services.notifications.clients.texter import Texter
from services.notifications.config import NotificationsSettings
from services.notifications.errors import MailNotDelivered, MailNotSendable
from shared.base import aws as clients
from shared.base.errors import SettingsInvalid
from tests.aws import REGION
from tests.shared.faulty_server import FaultyServer, Reply
from tools.aws.mail_forwarder import MailForwarder
from tools.mailbox.maildir import Mail, MailFolder

SENDER = "orders@tradepost.example"


@pytest.fixture
def settings(settings_of: Callable[..., NotificationsSettings], mailbox_dir: Path) -> NotificationsSettings:
    given = {"mailbox_dir": str(mailbox_dir), "public_customer_url": "http://127.0.0.1:8081"}
    return settings_of(NotificationsSettings, "notifications", **given)


@pytest.fixture
def post(aws: str, mailbox_dir: Path) -> Iterator[Callable[[], list[Mail]]]:
    """Return everything that went out since the test began, the oldest first."""
    forwarder = MailForwarder(MaildirMailer(mailbox_dir), REGION)
    clients.client("sesv2").create_email_identity(EmailIdentity=SENDER)

    def read() -> list[Mail]:
        forwarder.forward()
        return MailFolder(mailbox_dir).page().mails[::-1]

    yield read
    clients.client("sesv2").delete_email_identity(EmailIdentity=SENDER)


@pytest.fixture(params=["mailbox", "ses"])
def mailer(request: pytest.FixtureRequest, settings: NotificationsSettings, post: object) -> Mailer:
    return Clients.build(replace(settings, email_backend=request.param)).mailer


@pytest.fixture(params=["mailbox", "sns"])
def texter(request: pytest.FixtureRequest, settings: NotificationsSettings, post: object) -> Texter:
    return Clients.build(replace(settings, sms_backend=request.param)).texter


def mail(*, sender: str = f"Tradepost <{SENDER}>") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, "Zoë <zoe@acme.example>", "Größe bestätigt"
    message["Message-ID"] = "<ntf_1@tradepost.example>"
    message.set_content("Größe: 40 €\n")
    message.add_alternative("<h1>Größe</h1>", subtype="html")
    return message


class TestMailer:
    def test_carries_the_mail_whole(self, mailer, post):
        mailer.deliver("ntf_1", mail())

        (found,) = post()
        assert (found.sender, found.to) == (f"Tradepost <{SENDER}>", "Zoë <zoe@acme.example>")
        assert (found.subject, found.text.strip()) == ("Größe bestätigt", "Größe: 40 €")
        assert found.html.strip() == "<h1>Größe</h1>"


class TestTexter:
    def test_carries_the_text_to_the_number(self, texter, post):
        texter.send("txt_1", "+441632960123", "Your code is 123 456")

        (found,) = post()
        assert (found.to, found.text.strip()) == ("+441632960123", "Your code is 123 456")

    @pytest.mark.parametrize("number", ["", "0163", "01632960123", "+44 1632", "+441632960123\n", "ann@acme.example"])
    def test_refuses_an_invalid_number(self, texter, post, number):
        with pytest.raises(MailNotSendable, match="phone number"):
            texter.send("txt_1", number, "hello")
        assert post() == []


class TestSes:
    def test_can_be_retried_while_the_identity_is_not_verified(self, settings, post):
        with pytest.raises(MailNotDelivered, match="MessageRejected"):
            Clients.build(replace(settings, email_backend="ses")).mailer.deliver("ntf_1", mail(sender="x@y.example"))

    @pytest.mark.parametrize(
        ("status", "code", "failure"),
        [
            (429, "TooManyRequestsException", MailNotDelivered),
            (400, "SendingPausedException", MailNotDelivered),
            (400, "BadRequestException", MailNotSendable),
        ],
    )
    def test_tries_again_after_some_refusals_only(self, settings, post, monkeypatch, status, code, failure):
        server = FaultyServer()
        server.default = Reply(status, {"message": "no"}, {"x-amzn-ErrorType": code})
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients.client.cache_clear()
        with pytest.raises(failure, match=code):
            Clients.build(replace(settings, email_backend="ses")).mailer.deliver("ntf_1", mail())
        server.close()
        monkeypatch.undo()
        clients.client.cache_clear()

    def test_gets_the_addresses_and_the_options_of_the_mail(self, settings, post, monkeypatch):
        server = FaultyServer()
        server.default = Reply(body={"MessageId": "1"})
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        clients.client.cache_clear()
        chosen = replace(settings, email_backend="ses", email_configuration_set="tradepost-prod")
        Clients.build(chosen).mailer.deliver("ntf_1", mail())
        sent = server.received[0].json()
        server.close()
        monkeypatch.undo()
        clients.client.cache_clear()

        assert sent["ConfigurationSetName"] == "tradepost-prod"
        assert sent["Destination"] == {"ToAddresses": ["zoe@acme.example"]}, "SES refuses a name beyond ASCII here"
        assert sent["FromEmailAddress"] == SENDER
        assert sent["EmailTags"] == [{"Name": "notification", "Value": "ntf_1"}]


class TestChoice:
    def test_every_name_that_settings_accept_has_an_adapter(self):
        known = {each: NotificationsSettings.__dataclass_fields__[each] for each in ("email_backend", "sms_backend")}
        assert tuple(MAILERS) == known["email_backend"].metadata["choices"]
        assert tuple(TEXTERS) == known["sms_backend"].metadata["choices"]

    def test_the_mailbox_needs_a_folder(self, settings):
        with pytest.raises(SettingsInvalid, match="MAILBOX_DIR is missing"):
            Clients.build(replace(settings, mailbox_dir=""))
