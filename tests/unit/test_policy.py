from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.spec import WorkerSpec
from proctui.supervisor.policy import (
    GiveUp,
    History,
    Pause,
    after_run,
    judge,
    restarted,
    wants_restart,
)


def spec(**changes: object) -> WorkerSpec:
    return WorkerSpec(id="w", target="m:f", **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("policy", "exitcode", "expected"),
    [
        ("never", 1, False),
        ("never", -9, False),
        ("on-failure", 0, False),
        ("on-failure", 1, True),
        ("on-failure", -15, True),
        ("on-failure", None, True),
        ("always", 0, True),
        ("always", 3, True),
    ],
)
def test_the_policy_decides_by_exit_code(policy: str, exitcode: int | None, expected: bool) -> None:
    assert wants_restart(spec(restart=policy), exitcode) is expected


def pauses(one: WorkerSpec, lasted: float, count: int) -> list[float | str]:
    """What a worker gets that ends again and again, `lasted` seconds after each start."""
    history, now, seen = History(), 1000.0, list[float | str]()
    for _ in range(count):
        history = after_run(history, one, lasted)
        verdict = judge(history, one, now)
        if isinstance(verdict, GiveUp):
            return [*seen, verdict.reason]
        seen.append(verdict.seconds)
        history = restarted(history, one, now + verdict.seconds)
        now += verdict.seconds + lasted
    return seen


def test_the_pause_doubles_up_to_its_cap() -> None:
    one = spec(restart="always", max_restarts=100, backoff=0.5, backoff_max=3.0)
    assert pauses(one, 0.1, 6) == [0.5, 1.0, 2.0, 3.0, 3.0, 3.0]


def test_restarts_are_given_up_past_their_number() -> None:
    one = spec(restart="always")
    assert pauses(one, 0.1, 9) == [
        0.5,
        1.0,
        2.0,
        4.0,
        8.0,
        "restarted 5 times in 60 s, then given up",
    ]


def test_once_is_said_in_words() -> None:
    one = spec(restart="always", max_restarts=1, restart_window=2.5)
    assert pauses(one, 0.1, 3) == [0.5, "restarted once in 2.5 s, then given up"]


def test_restarts_spread_wider_than_the_window_are_never_given_up() -> None:
    one = spec(restart="always", max_restarts=2, restart_window=10.0, backoff=6.0, backoff_max=6.0)
    assert pauses(one, 0.1, 20) == [6.0] * 20


def test_a_stable_run_starts_the_pause_over() -> None:
    one = spec(restart="always", restart_window=60.0, max_restarts=100)
    history = History((1.0, 2.0, 3.0), streak=3)
    assert judge(after_run(history, one, 59.9), one, 4.0) == Pause(4.0)
    assert judge(after_run(history, one, 60.0), one, 4.0) == Pause(0.5)


def test_no_restarts_at_all_may_be_allowed() -> None:
    assert judge(History(), spec(max_restarts=0), 1.0) == GiveUp(
        "restarted 0 times in 60 s, then given up"
    )


@given(
    lasted=st.lists(st.floats(0, 200), max_size=60),
    backoff=st.floats(0, 10),
    cap=st.floats(0, 100),
    most=st.integers(0, 8),
    window=st.floats(0.1, 120),
)
def test_whatever_happens_the_limits_hold(
    lasted: list[float], backoff: float, cap: float, most: int, window: float
) -> None:
    one = spec(backoff=backoff, backoff_max=cap, max_restarts=most, restart_window=window)
    history, now, moments = History(), 1000.0, list[float]()
    for seconds in lasted:
        now += seconds
        history = after_run(history, one, seconds)
        verdict = judge(history, one, now)
        if isinstance(verdict, GiveUp):
            assert sum(moment > now - window for moment in moments) >= most
            break
        assert 0 <= verdict.seconds <= cap
        now += verdict.seconds
        history = restarted(history, one, now)
        moments.append(now)
        assert sum(moment > now - window for moment in moments) <= max(most, 1)
        assert len(history.moments) <= max(most, 1)


def test_a_very_long_streak_stays_at_the_cap() -> None:
    assert judge(History(streak=10_000), spec(max_restarts=1), 1.0) == Pause(30.0)
