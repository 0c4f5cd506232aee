"""Which mails an event causes: one per recipient, in whatever order events come."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from services.notifications.documents import Notification
from shared.base.clock import now
from tests.factories.notifications import BOB, cancelled, confirmed, refunded, returned, shipped, text_of


def recipients(notifications):
    return [mail["To"].addresses[0].addr_spec for mail in notifications.mails()]


class TestRecipients:
    def test_is_the_user_who_placed_the_order(self, notifications):
        notifications.deliver(confirmed())
        notifications.run_jobs()

        assert recipients(notifications) == ["ann@acme.example"]

    def test_are_the_companys_contacts_when_a_rep_acted(self, notifications):
        notifications.deliver(confirmed(placed_by="usr_rep", acted_by="usr_rep"))
        notifications.run_jobs()

        assert sorted(recipients(notifications)) == ["ann@acme.example", "bob@acme.example"]

    @pytest.mark.parametrize("who", [{"placed_by": "usr_gone"}, {"acted_by": "usr_rep", "company_id": "cmp_nobody"}])
    def test_may_be_none(self, notifications, who, capsys):
        notifications.deliver(confirmed(**who))
        notifications.run_jobs()

        assert notifications.mails() == []
        assert Notification.collection().count_documents({}) == 0
        assert '"event":"notification_without_recipients"' in capsys.readouterr().out

    def test_of_a_return_are_the_companys_contacts_when_the_event_is_older_than_its_buyer(self, notifications):
        notifications.deliver(returned(placed_by=None))
        notifications.run_jobs()

        assert sorted(recipients(notifications)) == ["ann@acme.example", "bob@acme.example"]

    def test_of_a_refund_are_those_of_the_confirmation(self, notifications):
        notifications.deliver(confirmed())
        notifications.deliver(refunded())
        notifications.run_jobs()

        assert recipients(notifications) == ["ann@acme.example", "ann@acme.example"]
        assert notifications.mails()[1]["Subject"] == "Refunded: £9.99 for order SO-000001"

    def test_of_a_refund_are_the_companys_contacts_when_nothing_was_confirmed(self, notifications):
        notifications.deliver(refunded())
        notifications.run_jobs()

        assert sorted(recipients(notifications)) == ["ann@acme.example", "bob@acme.example"]
        assert notifications.mails()[0]["Subject"] == "Refunded: £9.99 for your order"


class TestOnce:
    def test_sends_one_mail_for_events_delivered_twice_and_shuffled(self, notifications):
        parcels = [shipped(), shipped(shipment_id="shp_2")]
        events = [confirmed(), *parcels, returned(), refunded(), cancelled(order_id="ord_2")] * 2
        events.sort(key=lambda event: event.name != "orders.order_confirmed.v1")
        rest = events[2:]
        random.shuffle(rest)
        for event in events[:2] + rest:
            notifications.deliver(event)
            if random.random() < 0.5:
                notifications.run_jobs()
        notifications.run_jobs()

        assert len(notifications.mails()) == 6
        assert Notification.collection().count_documents({"status": "sent"}) == 6

    def test_sends_a_mail_for_each_of_several_shipments_and_refunds(self, notifications):
        for number in range(2):
            notifications.deliver(shipped(shipment_id=f"shp_{number}", is_complete=number == 1))
        notifications.run_jobs()

        assert [mail["Subject"] for mail in notifications.mails()] == [
            "Partly shipped: order SO-000001",
            "Shipped: order SO-000001",
        ]

    def test_sends_no_mail_for_a_refused_order(self, notifications):
        notifications.deliver(cancelled(was_refused=True))

        assert Notification.collection().count_documents({}) == 0


class TestUsersUnavailable:
    def test_addresses_the_notification_once_users_answers(self, notifications, address_book, hold_clock, buyer):
        address_book.is_away = True
        notifications.deliver(confirmed(acted_by="usr_rep"))
        notifications.deliver(confirmed(acted_by="usr_rep"))
        hold_clock(now() + timedelta(seconds=21))
        notifications.sweep()
        hidden = buyer.get("/v1/notifications").json["items"]
        address_book.is_away = False

        hold_clock(now() + timedelta(minutes=2))
        notifications.sweep()

        assert hidden == []
        assert sorted(recipients(notifications)) == ["ann@acme.example", "bob@acme.example"]
        assert Notification.collection().count_documents({"recipient": {"$exists": False}}) == 0

    def test_sends_one_mail_when_the_event_is_delivered_again_meanwhile(self, notifications, address_book, hold_clock):
        address_book.is_away = True
        notifications.deliver(confirmed())
        address_book.is_away = False
        notifications.deliver(confirmed())
        notifications.run_jobs()

        hold_clock(now() + timedelta(minutes=2))
        notifications.sweep()

        assert recipients(notifications) == ["ann@acme.example"]


def test_mail_of_a_shipment_names_what_is_in_it(notifications):
    notifications.deliver(shipped(is_complete=False))
    notifications.run_jobs()

    (mail,) = notifications.mails()
    assert "Order SO-000001 is partly shipped, the rest will follow." in text_of(mail)
    assert "40 x BOLT.M8" in text_of(mail)
    assert "£500.00" in text_of(mail, "html")


class TestReturn:
    def test_mail_names_the_order_what_came_back_is_worth_and_that_the_refund_follows(self, notifications, buyer):
        notifications.deliver(returned())
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert mail["Subject"] == "Return received: order SO-000001"
        assert str(mail["To"]) == "Ann Acme <ann@acme.example>"
        for kind in ("plain", "html"):
            assert "order SO-000001" in text_of(mail, kind)
            assert "£12.50" in text_of(mail, kind)
            assert "The refund follows" in text_of(mail, kind)
        (shown,) = buyer.get("/v1/notifications?order_id=ord_1").json["items"]
        assert (shown["kind"], shown["status"]) == ("order_returned", "sent")

    @pytest.mark.parametrize("free", [{"amount": 0}, {"payment_id": None}])
    def test_mail_promises_no_refund_of_what_cost_nothing(self, notifications, free):
        notifications.deliver(returned(**free))
        notifications.run_jobs()

        (mail,) = notifications.mails()
        assert "nothing to refund" in text_of(mail)
        assert "The refund follows" not in text_of(mail)

    def test_sends_a_mail_per_return(self, notifications):
        for return_id in ("ret_1", "ret_2", "ret_1"):
            notifications.deliver(returned(return_id=return_id))
        notifications.run_jobs()

        assert len(notifications.mails()) == 2


def test_mail_of_a_cancellation_gives_the_reason(notifications, address_book):
    address_book.users["usr_ann"] = BOB
    notifications.deliver(cancelled(reason="<b>twice</b>"))
    notifications.run_jobs()

    (mail,) = notifications.mails()
    assert "Reason: <b>twice</b>" in text_of(mail)
    assert "&lt;b&gt;twice&lt;/b&gt;" in text_of(mail, "html")
