"""One stored payment that cannot be read takes no list with it."""

from __future__ import annotations

import pytest

from services.payments.payments.documents import Payment


@pytest.mark.parametrize(
    "change",
    [{"transactions": "none"}, {"transactions": [1]}, {"status": "lost"}, {"amount": "1000"}, {"currency": [1]}],
    ids=str,
)
def test_is_left_out_of_the_list(orders_side, admin, change):
    first, broken, last = (orders_side.authorized(f"ord_{number}") for number in range(3))
    Payment.collection().update_one({"_id": broken}, {"$set": change})

    answer = admin.get("/v1/payments")

    assert answer.status_code == 200
    assert [each["id"] for each in answer.json["items"]] == [last, first]
