"""The table of states, allowed actions, and retries that come later and later."""

from __future__ import annotations

import pytest

from services.orders.orders.rules import (
    ACTIONS_OF_PEOPLE,
    STATES,
    UNDECIDED,
    WITHDRAWN,
    OrderAction,
    OrderStatus,
    allowed_actions,
    next_status,
    retry_seconds,
)


class TestStates:
    def test_every_state_has_a_row(self):
        assert set(STATES) == set(OrderStatus)

    def test_every_action_is_possible_in_some_state(self):
        assert {action for row in STATES.values() for action in row} == set(OrderAction)

    def test_every_state_is_reached_from_the_first(self):
        reached, left = set(), [OrderStatus.PLACED]
        while left:
            status = left.pop()
            reached.add(status)
            left += [following for following in STATES[status].values() if following not in reached]

        assert reached == set(OrderStatus)

    def test_the_checkout_decides_what_is_placed_and_nothing_else(self):
        assert {OrderStatus.PLACED, OrderStatus.PENDING_PAYMENT} == UNDECIDED

    def test_nothing_happens_to_a_withdrawn_order(self):
        assert [STATES[status] for status in sorted(WITHDRAWN)] == [{}, {}]

    def test_names_the_next_state_or_none(self):
        assert next_status(OrderStatus.CONFIRMED, OrderAction.COMPLETE) == OrderStatus.SHIPPED
        assert next_status(OrderStatus.SHIPPED, OrderAction.CANCEL) is None


class TestAllowedActions:
    @pytest.mark.parametrize(
        ("status", "actions"),
        [
            ("placed", ["cancel"]),
            ("pending_payment", ["cancel"]),
            ("confirmed", ["cancel", "ship"]),
            ("partially_shipped", ["ship", "cancel_remainder", "return"]),
            ("shipped", ["return"]),
            ("partially_cancelled", ["return"]),
            ("cancelled", []),
            ("refused", []),
        ],
    )
    def test_follow_the_state(self, status, actions):
        assert allowed_actions(OrderStatus(status), has_returnable=True) == actions

    def test_leave_out_a_return_of_nothing(self):
        assert allowed_actions(OrderStatus.PARTIALLY_SHIPPED, has_returnable=False) == ["ship", "cancel_remainder"]

    @pytest.mark.parametrize("status", ["shipped", "partially_shipped", "partially_cancelled"])
    def test_offer_a_settlement_of_what_was_refused_only(self, status):
        refused = allowed_actions(OrderStatus(status), has_returnable=False, needs_attention=True)
        settled = allowed_actions(OrderStatus(status), has_returnable=False, needs_attention=False)

        assert ("settle" in refused, "settle" in settled) == (True, False)

    def test_are_never_those_of_the_checkout(self):
        offered = {
            action
            for status in OrderStatus
            for action in allowed_actions(status, has_returnable=True, needs_attention=True)
        }

        assert offered == set(ACTIONS_OF_PEOPLE)


class TestRetrySeconds:
    def test_grow_up_to_ten_minutes(self):
        waits = [retry_seconds(attempts) for attempts in range(20)]

        assert waits == sorted(waits)
        assert (waits[0], waits[-1]) == (3, 600)
