"""The local mailbox: lists, shows, filters, and never lets a mail's HTML act in its own origin."""

from __future__ import annotations

import mailbox
import os
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import html5lib
import pytest
from flask.testing import FlaskClient

from tools.mailbox.app import create_app


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mails"


@pytest.fixture
def browser(folder: Path) -> FlaskClient:
    return create_app(str(folder)).test_client()


def deliver(folder: Path, *, age: int = 0, html: str = "", message_id: str = "<0@example.com>", **headers: str) -> str:
    """Put a mail into the Maildir and return its id; `age` seconds old."""
    message = EmailMessage()
    defaults = {"From": "shop@example.com", "To": "ann@example.com", "Subject": "Hello", "Message-ID": message_id}
    for name, value in (defaults | headers).items():
        message[name] = value
    message.set_content("Plain words: grüße")
    if html:
        message.add_alternative(html, subtype="html")
    box = mailbox.Maildir(folder)
    key = box.add(message)
    path = folder / "new" / key
    os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    return key


def fetch(browser: FlaskClient, url: str, status: int = 200) -> Any:
    """Fetch a page and check that it is valid HTML with one heading of the first rank."""
    response = browser.get(url)
    assert response.status_code == status
    html5lib.HTMLParser(strict=True).parse(response.text)
    assert response.text.count("<h1>") == 1
    return response


class TestList:
    def test_says_so_when_there_is_no_mail_yet(self, browser):
        assert "No mail yet." in fetch(browser, "/").text

    def test_shows_newest_first(self, browser, folder):
        deliver(folder, Subject="older", age=10)
        deliver(folder, Subject="newer", age=5)
        text = fetch(browser, "/").text

        assert text.index("newer") < text.index("older")

    def test_leads_to_the_rest_page_by_page(self, browser, folder):
        for number in range(51):
            deliver(folder, Subject=f"mail {number:02}", age=100 - number)
        first, second = fetch(browser, "/").text, fetch(browser, "/?start=50").text

        assert "mail 00<" not in first
        assert "mail 00<" in second
        assert 'rel="next"' in first
        assert 'rel="prev"' in second

    def test_filters_by_recipient(self, browser, folder):
        deliver(folder, Subject="for ann")
        deliver(folder, Subject="for bob", To="Bob <bob@example.com>")

        text = fetch(browser, "/?to=BOB@").text

        assert "for bob" in text
        assert "for ann" not in text

    def test_escapes_what_strangers_wrote(self, browser, folder):
        deliver(folder, Subject="<script>alert(1)</script>")

        assert "<script>" not in fetch(browser, "/").text


class TestMail:
    def test_shows_text_and_frames_the_html(self, browser, folder):
        mail_id = deliver(folder, html="<p>Rich words</p>")
        page = fetch(browser, f"/messages/{mail_id}")

        assert "Plain words: grüße" in page.text
        assert "Rich words" not in page.text
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.text

    def test_takes_the_origin_away_from_the_html(self, browser, folder):
        mail_id = deliver(folder, html="<script>alert(1)</script>")
        response = browser.get(f"/messages/{mail_id}/html")
        policy = response.headers["Content-Security-Policy"]

        assert "<script>" in response.text
        assert policy.startswith("sandbox ")
        assert "allow-same-origin" not in policy
        assert "allow-scripts" not in policy
        assert "default-src 'none'" in policy

    def test_is_still_there_once_another_reader_has_seen_it(self, browser, folder):
        mail_id = deliver(folder)
        (folder / "new" / mail_id).rename(folder / "cur" / f"{mail_id}:2,S")

        assert "Plain words" in fetch(browser, f"/messages/{mail_id}").text

    @pytest.mark.parametrize("mail_id", ["nothing", "..", "..%2F..%2Fsecret.txt", "*"])
    def test_is_missing_for_anything_that_is_no_mail(self, browser, folder, mail_id):
        deliver(folder)
        (folder / "secret.txt").write_text("secret")

        assert browser.get(f"/messages/{mail_id}").status_code == 404


class TestJsonList:
    def test_gives_headers_and_parts(self, browser, folder):
        mail_id = deliver(folder, html="<p>Rich</p>", message_id="<1@example.com>")

        (item,) = browser.get("/messages.json").json["items"]

        assert item["id"] == mail_id
        assert item["message_id"] == "<1@example.com>"
        assert (item["from"], item["to"], item["subject"]) == ("shop@example.com", "ann@example.com", "Hello")
        assert item["text"].strip() == "Plain words: grüße"
        assert item["html"].strip() == "<p>Rich</p>"

    def test_limits_and_filters(self, browser, folder):
        for number in range(3):
            deliver(folder, Subject=f"bob {number}", To="bob@example.com", age=number)
        deliver(folder)

        listed = browser.get("/messages.json?to=bob@example.com&limit=2").json

        assert [item["subject"] for item in listed["items"]] == ["bob 0", "bob 1"]
        assert listed["total"] == 3


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
def test_is_healthy_before_the_first_mail(browser: FlaskClient, path: str) -> None:
    assert browser.get(path).json == {"status": "ok"}
