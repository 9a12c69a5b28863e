from __future__ import annotations

import signal

import pytest

from proctui.linux import signals


@pytest.mark.parametrize("text", ["SIGTERM", "sigterm", "TERM", " term ", "15"])
def test_any_spelling_gives_the_number(text: str) -> None:
    assert signals.signal_number(text) == signal.SIGTERM


def test_real_time_signals_count_from_either_end() -> None:
    assert signals.signal_number("RTMIN+2") == signal.SIGRTMIN + 2
    assert signals.signal_number("SIGRTMAX-1") == signal.SIGRTMAX - 1
    assert signals.signal_name(signal.SIGRTMIN + 2) == "SIGRTMIN+2"
    assert signals.signal_name(signal.SIGRTMAX) == "SIGRTMAX"
    assert "real-time" in signals.describe(signal.SIGRTMIN)


@pytest.mark.parametrize("text", ["", "0", "-9", "99", "SIGNOPE", "RTMIN+99", "1_5", "¹⁵"])
def test_no_such_signal_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="there is no signal"):
        signals.signal_number(text)


def test_a_misspelling_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean SIGTERM"):
        signals.signal_number("SIGTREM")
    with pytest.raises(ValueError, match="did you mean SIGHUP"):
        signals.signal_number("HPU")


@pytest.mark.parametrize("text", ["FOO", "SIGFOO", "SIGNOTHING"])
def test_what_is_near_to_none_names_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"^there is no signal '{text}'$"):
        signals.signal_number(text)


def test_every_signal_goes_there_and_back_and_is_described() -> None:
    every = signals.all_signals()
    assert {signal.SIGHUP, signal.SIGKILL, signal.SIGRTMIN, signal.SIGRTMAX} <= set(every)
    for number in every:
        name = signals.signal_name(number)
        assert signals.signal_number(name) == number
        assert signals.describe(number).startswith(f"{number} {name}: ")
        assert signals.effect(number) != ""
    assert "can't be caught" in signals.effect(signal.SIGKILL)


def test_a_number_without_a_name_stays_a_number() -> None:
    assert signals.signal_name(200) == "signal 200"
