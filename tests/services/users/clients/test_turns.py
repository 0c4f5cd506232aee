"""Fair turns: in which order requests of several networks get the one place."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager

import pytest

from services.users.clients.turns import FairTurns
from services.users.errors import SignInBusy
from shared.base import deadline


class Crowd:
    """Threads that each want a turn; `served` and `refused` name them in the order in which it happened."""

    def __init__(self, queue: int) -> None:
        self.turns = FairTurns(queue)
        self.served: list[str] = []
        self.refused: list[str] = []
        self._threads: list[threading.Thread] = []

    def arrive(self, name: str, share: str, *, is_known: bool = False, seconds: float = 60.0) -> None:
        """Start one request with a deadline, and return when the request waits or was refused."""
        before = len(self.refused) + self.turns.waiting()
        thread = threading.Thread(target=self._take, args=(name, share, is_known, seconds))
        self._threads.append(thread)
        thread.start()
        give_up_at = time.monotonic() + 5
        while len(self.refused) + self.turns.waiting() == before and time.monotonic() < give_up_at:
            time.sleep(0.001)

    @contextmanager
    def taken(self):
        """Hold the place while requests arrive, then wait for all of them."""
        with self.turns.turn("earlier request"):
            yield
        for each in self._threads:
            each.join()

    def wait_for_refusals(self, count: int) -> None:
        give_up_at = time.monotonic() + 5
        while len(self.refused) < count and time.monotonic() < give_up_at:
            time.sleep(0.001)

    def _take(self, name: str, share: str, is_known: bool, seconds: float) -> None:
        try:
            with deadline.start(seconds), self.turns.turn(share, is_known=is_known):
                self.served.append(name)
        except SignInBusy:
            self.refused.append(name)


class TestOrder:
    def test_many_of_one_network_wait_for_each_other_only(self):
        crowd = Crowd(queue=8)
        with crowd.taken():
            for number in range(6):
                crowd.arrive(f"stranger{number}", "203.0.113.9")
            crowd.arrive("owner", "198.51.100.7")

        assert crowd.served.index("owner") <= 1
        assert len(crowd.served) == 7

    def test_known_devices_go_first(self):
        crowd = Crowd(queue=8)
        with crowd.taken():
            for number in range(6):
                crowd.arrive(f"stranger{number}", f"203.0.113.{number}")
            crowd.arrive("owner", "198.51.100.7", is_known=True)

        assert crowd.served[0] == "owner"

    def test_networks_take_turns(self):
        crowd = Crowd(queue=8)
        with crowd.taken():
            for name in ("a1", "a2", "a3", "b1", "b2"):
                crowd.arrive(name, name[0])

        assert crowd.served == ["a1", "b1", "a2", "b2", "a3"]

    def test_after_a_quiet_moment_all_are_alike(self):
        turns = FairTurns(2)
        for _ in range(5):
            with turns.turn("a"):
                pass

        assert turns.waiting() == 0
        assert turns._ends == {}


class TestFullQueue:
    def test_the_largest_share_gives_up_a_place(self):
        crowd = Crowd(queue=3)
        with crowd.taken():
            for number in range(4):
                crowd.arrive(f"stranger{number}", "203.0.113.9")
            crowd.arrive("owner", "198.51.100.7")

        assert "owner" in crowd.served
        assert crowd.refused == ["stranger3", "stranger2"]

    def test_equal_shares_keep_their_places(self):
        crowd = Crowd(queue=2)
        with crowd.taken():
            for name in ("a", "b", "late"):
                crowd.arrive(name, name)

        assert crowd.refused == ["late"]

    def test_a_known_device_takes_the_place_of_a_stranger_never_of_a_known_one(self):
        crowd = Crowd(queue=2)
        with crowd.taken():
            crowd.arrive("stranger", "203.0.113.9")
            crowd.arrive("known", "198.51.100.1", is_known=True)
            crowd.arrive("owner", "198.51.100.2", is_known=True)
            crowd.arrive("other", "198.51.100.3", is_known=True)

        assert crowd.served == ["known", "owner"]
        assert crowd.refused == ["stranger", "other"]

    def test_no_queue_serves_one_and_refuses_the_rest(self):
        turns = FairTurns(0)
        with turns.turn("a"), pytest.raises(SignInBusy), turns.turn("b", is_known=True):
            pytest.fail("there is one place")

    def test_many_shares_leave_nothing_behind(self):
        crowd = Crowd(queue=2)
        with crowd.taken():
            for number in range(50):
                crowd.arrive(str(number), f"203.0.113.{number}")

        assert crowd.turns._ends == {}

    def test_a_request_whose_share_was_forgotten_gives_up_its_place_too(self):
        """More than SHARES_KEPT networks came meanwhile, so the past ones were dropped."""
        crowd = Crowd(queue=1)
        with crowd.taken():
            crowd.arrive("stranger", "203.0.113.9")
            crowd.turns._ends.clear()
            crowd.arrive("owner", "198.51.100.7", is_known=True)
            crowd.wait_for_refusals(1)

        assert crowd.served == ["owner"]
        assert crowd.refused == ["stranger"]


class TestDeadline:
    def test_a_request_leaves_the_queue_when_its_deadline_passes(self):
        crowd = Crowd(queue=8)
        with crowd.taken():
            crowd.arrive("late", "203.0.113.9", seconds=0.3)
            started = time.monotonic()
            crowd.wait_for_refusals(1)

            assert crowd.refused == ["late"]
            assert time.monotonic() - started < 0.3
            assert crowd.turns.waiting() == 0

        assert crowd.served == []
        assert crowd.turns._ends == {}

    def test_known_places_that_keep_coming_hold_an_unknown_one_no_longer_than_its_deadline(self):
        crowd = Crowd(queue=8)
        is_over = threading.Event()

        def keep_coming(share):
            while not is_over.is_set():
                with crowd.turns.turn(share, is_known=True):
                    time.sleep(0.01)

        known = [threading.Thread(target=keep_coming, args=(f"198.51.100.{number}",)) for number in range(3)]
        for each in known:
            each.start()
        try:
            with deadline.start(0.3), pytest.raises(SignInBusy), crowd.turns.turn("203.0.113.9"):
                pytest.fail("known places come first")
        finally:
            is_over.set()
            for each in known:
                each.join()

    def test_a_request_that_left_costs_its_network_no_turn(self):
        crowd = Crowd(queue=8)
        with crowd.taken():
            crowd.arrive("a1", "a", seconds=0.3)
            crowd.arrive("a2", "a")
            crowd.arrive("b1", "b")
            crowd.arrive("b2", "b")
            crowd.wait_for_refusals(1)
            crowd.arrive("a3", "a")

        assert crowd.refused == ["a1"]
        assert crowd.served == ["a2", "b1", "b2", "a3"]

    def test_a_free_place_needs_no_time(self):
        turns = FairTurns(8)
        with deadline.start(0.0), turns.turn("a"):
            assert turns.waiting() == 0
