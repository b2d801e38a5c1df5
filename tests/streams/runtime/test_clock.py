"""A clock that jumps is not followed until it has proved itself; one that is corrected bit by bit is."""

import pytest

from streams.runtime.clock import JUMP, PROOF, SteadyClock

HOUR = 3_600.0


class Machine:
    """What a machine's clocks show."""

    def __init__(self) -> None:
        self.steady, self.ahead = 1_000.0, 1_700_000_000.0
        self.clock = SteadyClock(lambda: self.steady + self.ahead, lambda: self.steady)

    def wait(self, seconds: float) -> float:
        """Time passes; how far our clock is from that of the wall."""
        self.steady += seconds
        return self.clock.now() - (self.steady + self.ahead)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 24 * HOUR, -24 * HOUR])
def test_a_jump_is_followed_when_it_has_lasted(jump: float) -> None:
    machine = Machine()
    machine.ahead += jump
    assert machine.wait(0) == -jump
    assert machine.wait(PROOF / 2) == -jump
    assert machine.wait(PROOF / 2 - 1) == -jump
    assert machine.wait(1) == 0


def test_one_that_jumps_back_was_never_followed() -> None:
    machine = Machine()
    machine.ahead += HOUR
    assert machine.wait(PROOF / 2) == -HOUR
    machine.ahead -= HOUR
    assert machine.wait(1) == 0
    machine.ahead += HOUR
    assert machine.wait(PROOF - 1) == -HOUR, "proof begins anew"
    assert machine.wait(PROOF) == 0


def test_one_that_keeps_jumping_proves_nothing() -> None:
    machine = Machine()
    gone = 0.0
    for _ in range(20):
        machine.ahead += HOUR
        gone -= HOUR
        assert machine.wait(PROOF - 1) == gone


def test_small_corrections_are_followed_at_once() -> None:
    machine = Machine()
    for _ in range(100):
        machine.ahead += JUMP * 0.9
        assert machine.wait(1) == 0


def test_sleep_of_the_machine_is_no_jump() -> None:
    assert Machine().wait(8 * HOUR) == 0


def test_a_simulation_lives_in_another_time_that_runs_at_the_same_pace() -> None:
    machine = Machine()
    monday = 1_600_000_000.0
    machine.clock.begin_at(monday)
    assert machine.clock.now() == monday
    gone = machine.wait(HOUR)
    assert machine.clock.now() == monday + HOUR
    assert machine.wait(0) == gone


def test_a_jump_is_proved_in_another_time_as_well() -> None:
    machine = Machine()
    machine.clock.begin_at(1_600_000_000.0)
    apart = machine.wait(0)
    machine.ahead += HOUR
    assert machine.wait(0) == apart - HOUR
    assert machine.wait(PROOF) == apart
