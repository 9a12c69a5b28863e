import signal

import pytest

from proctui.core.exitcodes import exitcode_text, from_wait_status, signal_text


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (0, 0),
        (2304, 9),
        (3 << 8, 3),
        (255 << 8, 255),
        (9, -9),
        (11, -11),
        (11 | 0x80, -11),  # with a core dump
        (0x137F, None),  # stopped, not ended
        (None, None),
    ],
)
def test_wait_status_as_multiprocessing_counts(status: int | None, code: int | None) -> None:
    assert from_wait_status(status) == code


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "0"),
        (3, "3"),
        (-9, "-9 SIGKILL"),
        (-11, "-11 SIGSEGV"),
        (None, "?"),
    ],
)
def test_text(code: int | None, text: str) -> None:
    assert exitcode_text(code) == text


def test_signals_without_a_name() -> None:
    assert signal_text(int(signal.SIGRTMIN) + 3) == "SIGRTMIN+3"
    assert signal_text(int(signal.SIGRTMIN)) == "SIGRTMIN"
    assert signal_text(200) == "signal 200"
