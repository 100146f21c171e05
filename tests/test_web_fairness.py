"""Places and turns: no client starves another, and every place that is taken is given back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfocr_rdf.web.fairness import Line, Places
from pfocr_rdf.web.problems import Refusal


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(name="clock")
def _clock() -> Clock:
    return Clock()


@pytest.fixture(name="line")
def _line(clock: Clock) -> Line[str]:
    return Line(Places(fresh=2, slow=2, waiting=8, heavy_s=60), clock)


def make_heavy(line: Line[str], client: str) -> None:
    assert line.enter(client)
    slow = line.demote(client)
    line.leave(client, slow=slow)
    assert line.is_heavy(client)


def test_a_fresh_place_is_had_at_once_and_only_as_often_as_there_are_places(
    line: Line[str],
) -> None:
    assert [line.enter("ann") for _ in range(3)] == [True, True, False]
    line.leave("ann", slow=False)
    assert line.enter("bob")


def test_nobody_enters_before_those_of_the_same_client_that_wait(line: Line[str]) -> None:
    line.enter("ann"), line.enter("ann")
    line.wait("ann", "first")
    line.leave("ann", slow=False)
    assert not line.enter("ann")
    assert line.next() == "first"


def test_who_was_heavy_once_is_not_kept_in_memory_for_ever(line: Line[str], clock: Clock) -> None:
    for number in range(1001):
        make_heavy(line, f"client {number}")
    clock.now += 61
    make_heavy(line, "the last one")
    assert list(line._heavy_until) == ["the last one"]


def test_clients_take_turns(line: Line[str]) -> None:
    line.enter("eve"), line.enter("eve")
    for number in range(3):
        line.wait("ann", f"ann {number}")
    line.wait("bob", "bob")
    order: list[str | None] = []
    for _ in range(4):
        line.leave("eve" if len(order) < 2 else "ann", slow=False)
        order.append(line.next())
    assert order == ["ann 0", "bob", "ann 1", "ann 2"]


def test_a_slow_query_gives_its_fresh_place_to_another(line: Line[str]) -> None:
    assert line.enter("ann")
    assert line.enter("ann")
    assert line.demote("ann")
    assert line.enter("bob")


def test_with_no_slow_place_left_a_slow_query_keeps_its_fresh_one(line: Line[str]) -> None:
    for client in ("a", "b"):
        line.enter(client)
        assert line.demote(client)
    line.enter("c")
    assert not line.demote("c")
    line.leave("a", slow=True)
    assert line.demote("c")


def test_heavy_clients_leave_one_fresh_place_to_the_others(line: Line[str]) -> None:
    make_heavy(line, "ann")
    make_heavy(line, "bob")
    assert line.enter("ann")
    assert not line.enter("bob")
    assert line.enter("light")


def test_a_heavy_client_has_half_of_all_places_at_most(line: Line[str]) -> None:
    make_heavy(line, "ann")
    for _ in range(2):
        assert line.enter("ann")
        assert line.demote("ann")
    assert not line.enter("ann")
    assert line.enter("bob")


def test_light_clients_come_before_heavy_ones(line: Line[str]) -> None:
    make_heavy(line, "ann")
    line.enter("eve"), line.enter("eve")
    line.wait("ann", "heavy")
    line.wait("bob", "light")
    line.leave("eve", slow=False)
    assert line.next() == "light"


def test_a_heavy_client_is_light_again_after_a_while(line: Line[str], clock: Clock) -> None:
    make_heavy(line, "ann")
    clock.now += 61
    assert [line.enter("ann") for _ in range(2)] == [True, True]


def test_who_was_heavy_and_is_light_counts_as_light(line: Line[str], clock: Clock) -> None:
    make_heavy(line, "ann")
    assert line.enter("ann")
    line.leave("ann", slow=False)
    clock.now += 61
    assert line.enter("ann")
    line.leave("ann", slow=False)
    make_heavy(line, "bob")
    make_heavy(line, "eve")
    assert line.enter("bob")
    assert not line.enter("eve"), "the last place is for who is light"


def test_one_client_fills_half_of_the_queue_at_most(line: Line[str]) -> None:
    for number in range(4):
        line.wait("ann", str(number))
    with pytest.raises(Refusal, match="4 of them yours") as caught:
        line.wait("ann", "one more")
    assert caught.value.kind == "busy"
    assert caught.value.headers["Retry-After"]
    line.wait("bob", "welcome")


def test_a_full_queue_refuses_everybody(line: Line[str]) -> None:
    for number in range(8):
        line.wait(f"client {number}", "")
    with pytest.raises(Refusal, match="8 queries are waiting, none of them yours"):
        line.wait("another", "")


def test_everything_that_waits_can_be_told_to_go(line: Line[str]) -> None:
    for client, ticket in (("ann", "first"), ("bob", "second"), ("ann", "third")):
        line.wait(client, ticket)
    assert sorted(line.tickets()) == ["first", "second", "third"]


def test_what_is_withdrawn_does_not_get_a_turn(line: Line[str]) -> None:
    line.enter("eve"), line.enter("eve")
    line.wait("ann", "gone")
    line.wait("ann", "here")
    line.withdraw("ann", "gone")
    line.withdraw("ann", "never there")
    line.leave("eve", slow=False)
    assert (line.next(), line.next(), line.waiting) == ("here", None, 0)


STEPS = st.lists(
    st.tuples(st.sampled_from(["ask", "demote", "leave"]), st.sampled_from("abc"), st.integers(0))
)


@given(STEPS)
def test_places_are_never_overdrawn_and_all_come_back(steps: list[tuple[str, str, int]]) -> None:
    clock = Clock()
    line: Line[str] = Line(Places(fresh=2, slow=1, waiting=6), clock)
    running: list[tuple[str, bool]] = []

    def start() -> None:
        while (ticket := line.next()) is not None:
            running.append((ticket, False))

    for step, client, number in steps:
        clock.now += 1
        if step == "ask":
            if line.enter(client):
                running.append((client, False))
            elif line.waiting < 6:
                try:
                    line.wait(client, client)
                except Refusal:
                    continue
        elif running:
            index = number % len(running)
            who, slow = running[index]
            if step == "leave":
                running.pop(index)
                line.leave(who, slow=slow)
            elif not slow:
                running[index] = (who, line.demote(who))
        start()
        assert line.fresh == sum(not slow for _, slow in running) <= 2
        assert line.slow == sum(slow for _, slow in running) <= 1
    while running or line.waiting:
        clock.now += 100
        who, slow = running.pop()
        line.leave(who, slow=slow)
        start()
    assert (line.fresh, line.slow, line.waiting) == (0, 0, 0)
    clock.now += 100
    assert line.enter("a")
    assert line.enter("a")
