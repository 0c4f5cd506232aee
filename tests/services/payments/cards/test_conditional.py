"""ETags of payments, If-Match of refunds, and where a refund is."""

from __future__ import annotations


def test_a_refund_says_where_it_is_and_is_refused_to_who_saw_an_older_payment(orders_side, admin):
    path = f"/v1/payments/{orders_side.captured(amount=1000)}"
    money = {"amount": {"amount": 300, "currency": "GBP"}}
    tag = admin.get(path).headers["ETag"]

    first = admin.post(f"{path}/refunds", json=money, headers={"If-Match": tag})
    second = admin.post(f"{path}/refunds", json=money, headers={"If-Match": tag})

    assert (first.status_code, second.status_code) == (201, 412)
    assert admin.get(first.headers["Location"]).json == first.json
    assert admin.get(f"{path}/refunds/txn_none").status_code == 404
    assert admin.get(path, headers={"If-None-Match": admin.get(path).headers["ETag"]}).status_code == 304


def test_a_capture_is_no_refund(orders_side, admin):
    path = f"/v1/payments/{orders_side.captured(amount=1000)}"
    capture = next(each for each in admin.get(path).json["transactions"] if each["kind"] == "capture")

    assert admin.get(f"{path}/refunds/{capture['id']}").status_code == 404
