"""When a dead process is started again: pure time, no processes."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tools.up.supervised import LONGEST_PAUSE_SECONDS, State, StopStage, Supervised, describe_exit


@dataclass
class FakeRunning:
    pid: int = 2**22 + 1  # above the kernel's largest pid: no signal can hit anybody
    exit_code: int | None = None

    def poll(self) -> int | None:
        return self.exit_code


class Stage:
    """A supervised process whose life the test decides."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.launched: list[FakeRunning] = []
        self.said: list[str] = []
        self.is_ready = True
        self.supervised = Supervised(
            name="orders",
            launch=self._launch,
            is_ready=lambda _: self.is_ready,
            say=self.said.append,
            explain=lambda _: "its last words",
            stage=StopStage.WEB,
            clock=lambda: self.now,
        )
        self.supervised.start()

    def _launch(self) -> FakeRunning:
        self.launched.append(FakeRunning())
        return self.launched[-1]

    def die(self, code: int = 1) -> None:
        self.launched[-1].exit_code = code
        self.supervised.tick()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.supervised.tick()


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestSupervised:
    def test_is_ready_once_its_probe_says_so(self, stage):
        states = []
        for is_ready in (False, True):
            stage.is_ready = is_ready
            stage.pass_time(1)
            states.append(stage.supervised.state)

        assert states == [State.STARTING, State.READY]

    def test_says_how_it_died_and_when_it_starts_again(self, stage):
        stage.die(-9)

        assert stage.said == ["orders died (SIGKILL): its last words; starting it again in 0.5 s"]
        assert stage.supervised.state is State.RESTARTING

    def test_starts_again_after_the_pause_and_not_before(self, stage):
        stage.die()
        stage.pass_time(0.4)
        assert len(stage.launched) == 1

        stage.pass_time(0.2)
        assert len(stage.launched) == 2
        assert stage.supervised.restarts == 1

    def test_doubles_the_pause_up_to_the_longest(self, stage):
        pauses = []
        for _ in range(9):
            stage.die()
            pauses.append(float(stage.said[-1].rsplit(" ", 2)[1]))
            stage.pass_time(pauses[-1])

        assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS]

    def test_begins_with_a_short_pause_after_a_stable_minute(self, stage):
        for _ in range(4):
            stage.die()
            stage.pass_time(30)
        stage.pass_time(60)
        stage.die()

        assert stage.said[-1].endswith("in 0.5 s")

    def test_says_that_it_is_back(self, stage):
        stage.die()
        stage.pass_time(1)
        stage.pass_time(1)

        assert stage.said[-1].startswith("orders is back")

    def test_is_stopped_at_once_while_it_waits_to_be_restarted(self, stage):
        stage.die()
        stage.supervised.ask_to_stop()

        assert stage.supervised.is_gone()
        stage.pass_time(100)
        assert len(stage.launched) == 1


@pytest.mark.parametrize(("code", "words"), [(3, "exit 3"), (-15, "SIGTERM"), (0, "exit 0")])
def test_exit_statuses_read_as_words(code, words):
    assert describe_exit(code) == words
