"""Mails: proper MIME, one per notification, sent by a job or found by the sweeper."""

from __future__ import annotations

from datetime import timedelta

import html5lib
import pytest

from services.notifications.clients.mailbox import MaildirMailer
from services.notifications.clients.users import Contact
from services.notifications.documents import Notification
from services.notifications.operations import send_notification
from shared.base.clock import now
from shared.events.catalog.orders import ShippedQuantity
from tests.factories.notifications import (
    ANN,
    cancelled,
    confirmed,
    refunded,
    remainder_cancelled,
    returned,
    shipped,
    text_of,
)


class TestMail:
    def test_is_proper_mime_with_text_and_html(self, notifications):
        notifications.deliver(confirmed(po_number="PO-7"))
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert mail.get_content_type() == "multipart/alternative"
        assert mail["Subject"] == "Confirmed: order SO-000001"
        assert str(mail["From"]) == "Tradepost <orders@tradepost.example>"
        assert str(mail["To"]) == "Ann Acme <ann@acme.example>"
        assert mail["Date"] is not None
        assert "40 x Bolt <M8> (BOLT-M8): £1,020.00" in text_of(mail)
        assert "PO-7" in text_of(mail)
        assert "Bolt &lt;M8&gt; (BOLT-M8)" in text_of(mail, "html")
        assert "£1,234.50" in text_of(mail, "html")

    def test_leads_to_the_order_in_the_customer_portal(self, notifications):
        notifications.deliver(confirmed())
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert "http://127.0.0.1:8081/orders/ord_1" in text_of(mail)
        assert 'href="http://127.0.0.1:8081/orders/ord_1"' in text_of(mail, "html")

    @pytest.mark.parametrize(
        "event", [confirmed(line_count=30), shipped(), returned(), cancelled(), remainder_cancelled(), refunded()]
    )
    def test_has_valid_html_of_one_heading(self, notifications, event):
        notifications.deliver(event)
        notifications.run_jobs()

        html = text_of(notifications.mails()[0], "html")
        html5lib.HTMLParser(strict=True).parse(html)
        assert html.count("<h1>") == 1

    def test_names_what_will_not_come(self, notifications):
        notifications.deliver(remainder_cancelled())
        notifications.run_jobs()

        text = text_of(notifications.mails()[0])
        assert "6 x BOLT.M8" in text
        assert "£15.00" in text
        assert "out of production" in text

    def test_says_how_many_lines_it_leaves_out(self, notifications):
        notifications.deliver(confirmed(line_count=30))
        notifications.run_jobs()

        assert "and 29 more lines" in text_of(notifications.mails()[0])

    def test_carries_an_id_made_of_the_notifications(self, notifications):
        notifications.deliver(confirmed())
        notifications.run_jobs()

        notification = Notification.objects.get()
        assert notifications.mails()[0]["Message-ID"] == f"<{notification.id}@tradepost.example>"

    def test_takes_no_headers_from_what_others_wrote(self, notifications, address_book):
        address_book.users["usr_ann"] = Contact(ANN.email, "Ann\r\nBcc: eve@evil.example")
        notifications.deliver(confirmed(number="SO-1\r\nBcc: eve@evil.example"))
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert mail["Bcc"] is None
        assert mail["Subject"] == "Confirmed: order SO-1 Bcc: eve@evil.example"

    @pytest.mark.parametrize("email", ["not an address", "a@b@c", "ann@acme.example\r\nBcc: eve@evil.example", ""])
    def test_fails_for_good_when_the_address_is_none(self, notifications, address_book, email):
        address_book.users["usr_ann"] = Contact(email or "@", "Ann")
        notifications.deliver(confirmed())
        notifications.run_jobs()

        assert notifications.mails() == []
        assert Notification.objects.get().status == "failed"

    @pytest.mark.parametrize("email", ["\u00fc-x@acme.example", "a@[192.0.2.1]", "a@localhost"])
    def test_to_an_address_of_before_that_no_mail_reaches_is_tried_once_and_says_so(
        self, notifications, address_book, email, capsys
    ):
        address_book.users["usr_ann"] = Contact(email, "Ann")
        notifications.deliver(confirmed())
        notifications.run_jobs()
        notifications.sweep()

        notification = Notification.objects.get()
        assert (notification.status, notification.reason) == ("failed", "address_not_mailable")
        assert notification.attempt_due_at is None
        told = capsys.readouterr().out
        assert told.count("notification_mail_not_sendable") == 1
        assert email not in told

    def test_to_a_domain_beyond_ascii_is_sent_to_its_ascii_form(self, notifications, address_book):
        address_book.users["usr_ann"] = Contact("ann@b\u00fccher.example", "Ann")
        notifications.deliver(confirmed())
        notifications.run_jobs()

        assert str(notifications.mails()[0]["To"]) == "Ann <ann@xn--bcher-kva.example>"

    def test_names_the_products_of_a_shipment(self, notifications):
        notifications.deliver(shipped(quantities=[ShippedQuantity("BOLT.M8", 4000, "Bolt"), ShippedQuantity("NUT", 1)]))
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert "4,000 x Bolt (BOLT.M8)\n1 x NUT\n" in text_of(mail)
        assert "Bolt (BOLT.M8)" in text_of(mail, "html")


class TestSend:
    def test_sends_once_however_often_its_job_runs(self, notifications, notifications_app):
        notifications.deliver(confirmed())
        notifications.run_jobs()
        notification = Notification.objects.get()
        with notifications_app.app_context():
            send_notification(notification.id)

        assert len(notifications.mails()) == 1

    def test_writes_one_mail_when_the_job_dies_before_it_notes_that(self, notifications, hold_clock):
        notifications.deliver(confirmed())
        notifications.run_jobs()
        Notification.collection().update_many({}, {"$set": {"status": "pending", "attempt_due_at": now()}})

        hold_clock(now() + timedelta(seconds=1))
        notifications.sweep()

        assert len(notifications.mails()) == 1
        assert Notification.objects.get().status == "sent"

    def test_is_found_by_the_sweeper_when_its_job_was_killed(self, notifications, hold_clock):
        notifications.deliver(confirmed())
        notifications.sweep()
        before = notifications.mails()

        hold_clock(now() + timedelta(seconds=21))
        notifications.sweep()

        assert before == []
        assert len(notifications.mails()) == 1

    def test_is_found_by_the_sweeper_although_another_cannot_be_read(self, notifications, hold_clock):
        for order_id in ("ord_unreadable", "ord_sound"):
            notifications.deliver(confirmed(order_id=order_id))
        stored = Notification.collection()
        subject = stored.find({"order_id": "ord_unreadable"})[0]["subject"]
        stored.update_one({"order_id": "ord_unreadable"}, {"$set": {"subject": subject[:-1], "attempt_due_at": now()}})

        hold_clock(now() + timedelta(seconds=21))
        notifications.sweep()

        assert len(notifications.mails()) == 1

    def test_tries_again_when_the_mailbox_cannot_be_written(self, notifications, mailbox_dir, hold_clock):
        mailbox_dir.write_text("a file where a folder should be")
        notifications.deliver(confirmed())
        notifications.run_jobs()
        status = Notification.objects.get().status
        mailbox_dir.unlink()

        hold_clock(now() + timedelta(minutes=1))
        notifications.sweep()

        assert status == "pending"
        assert len(notifications.mails()) == 1

    def test_gives_up_after_the_last_attempt(self, notifications, mailbox_dir):
        mailbox_dir.write_text("a file where a folder should be")
        notifications.deliver(confirmed())
        Notification.collection().update_many({}, {"$set": {"attempts": 11}})
        notifications.run_jobs()

        assert Notification.objects.get().status == "failed"


class TestMaildir:
    def test_writes_each_id_once_even_after_somebody_has_read_it(self, notifications, notifications_app, mailbox_dir):
        notifications.deliver(confirmed())
        notifications.run_jobs()
        (mail,) = notifications.mails()
        (path,) = (mailbox_dir / "new").iterdir()
        path.rename(mailbox_dir / "cur" / f"{path.name}:2,S")

        MaildirMailer(mailbox_dir).deliver(path.name, mail)

        assert list((mailbox_dir / "new").iterdir()) == []
        assert list((mailbox_dir / "tmp").iterdir()) == []
