"""Untrusted text, figures, and what the screen says about a row."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, get_character_cell_size

from proctui.model import Lineage, ProcessSample, Row, State, Worker
from proctui.tui import text, untrusted
from proctui.tui.figures import age, percent, size

NOW = 1_700_000_100.0


@pytest.fixture(autouse=True)
def utf8_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    set_ascii(monkeypatch, on=False)
    yield
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()


def set_ascii(monkeypatch: pytest.MonkeyPatch, *, on: bool) -> None:
    monkeypatch.setenv("PROCTUI_ASCII", "1" if on else "0")
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()


HOSTILE = st.text(
    st.one_of(
        st.characters(),  # lone surrogates too
        st.sampled_from("\x00\x07\x1b\x7f\x9b\n\r\t\u200b\u200d\u202e\u2066\ufeff\ufe0f\u0301"),
        st.sampled_from("中日本語é👍🏽🇩🇪ﬁ\udc80[]/)("),
    ),
    max_size=200,
)


def harmless(shown: str) -> bool:
    return all(
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
        for character in shown
    )


@given(HOSTILE)
def test_nothing_unseen_survives(given_text: str) -> None:
    shown = text.safe(given_text)
    assert harmless(shown)
    shown.encode()  # no lone surrogate


@given(HOSTILE, st.integers(0, 60))
def test_width_is_exact(given_text: str, width: int) -> None:
    shown = text.safe(given_text, width)
    assert cell_len(shown) == width == text.cells(shown)
    assert harmless(shown)
    assert cell_len(text.fit(given_text, width, right=True)) == width


@given(HOSTILE, st.integers(1, 60))
def test_only_what_is_too_long_is_cut(given_text: str, width: int) -> None:
    whole = text.safe(given_text)
    shown = text.safe(given_text, width)
    if cell_len(whole) <= width:
        assert shown == whole + " " * (width - cell_len(whole))
    else:
        assert shown.endswith("…")
        assert whole.startswith(shown[:-1].rstrip(" "))


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"]), max_size=60))
def test_plain_ascii_stays_as_it_is(given_text: str) -> None:
    assert text.safe(given_text) == given_text


@given(HOSTILE, st.integers(1, 40))
def test_wrapped_lines_fit(given_text: str, width: int) -> None:
    for line in text.wrap(given_text, width):
        assert cell_len(line) <= max(width, 2)  # a wide character needs two
        assert harmless(line)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b]52;c;eA==\x07", "^[]52;c;eA==^G"),
        ("a\nb\tc\x00", "a^Jb^Ic^@"),
        ("\x7f\x9b31m", "^?\\x9b31m"),
        ("abc\u202edef", "abc\\u202edef"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("caf\udce9", "caf\\xe9"),  # a byte that was no UTF-8
        ("\ud800", "\\ud800"),
        ("nbsp\u00a0wide\u3000", "nbsp wide "),
        ("e\u0301", "e\u0301"),
        ("\u0301x", "\\u0301x"),  # nothing to stand on
        ("e" + "\u0301" * 4, "e\u0301\u0301\\u0301\\u0301"),
        ("👍🏽", "👍\\U0001f3fd"),
        ("[/foo][bold]", "[/foo][bold]"),  # markup is nothing special
        (") R 1", ") R 1"),
    ],
)
def test_what_becomes_of_hostile_text(given_text: str, shown: str) -> None:
    assert text.safe(given_text) == shown


def test_wide_characters_are_not_halved() -> None:
    assert text.safe("日本語", 4) == "日 …"
    assert text.safe("日本語", 5) == "日本…"
    assert text.safe("日本語", 6) == "日本語"


def test_a_long_text_is_cut_before_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    real = untrusted._visible

    def visible(shown: str) -> str:
        seen.append(len(shown))
        return real(shown)

    monkeypatch.setattr(untrusted, "_visible", visible)
    assert text.safe("x\x1b" * 50_000, 20) == "x^[" * 6 + "x…"
    assert len(text.safe("é" * 1_000_000)) == untrusted.MAX_LENGTH + 1
    assert seen == [61, untrusted.MAX_LENGTH]


def test_content_is_no_markup() -> None:
    assert text.content("[b]x[/b]\x1b").plain == "[b]x[/b]^["


def test_ascii_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    set_ascii(monkeypatch, on=True)
    assert text.safe("中é", 20) == "\\u4e2d\\xe9" + " " * 10
    assert text.safe("abcdef", 4) == "abc~"
    assert text.plain("● ├ orphan → …") == "* | orphan > ~"
    assert text.state_glyph(Row(key="x", state=State.RUNNING)).isascii()


@given(HOSTILE)
def test_ascii_terminal_gets_ascii(given_text: str) -> None:
    assert given_text.translate(untrusted._ascii_table).isascii()


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, False),
        ({"LANG": "en_US.UTF-8"}, False),
        ({"LANG": "en_US.utf8@euro"}, False),
        ({"LC_ALL": "C"}, True),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, True),
        ({"LC_CTYPE": "UTF-8"}, False),
        ({"LC_CTYPE": "C.UTF-8"}, False),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True),  # Python wrote that itself
        ({"LANG": "de_DE.ISO-8859-15"}, True),
        ({"LANG": "de_DE"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "C", "PROCTUI_ASCII": "0"}, False),
        ({"LANG": "en_US.UTF-8", "PROCTUI_ASCII": "1"}, True),
    ],
)
def test_which_terminals_get_ascii(environ: dict[str, str], wanted: bool) -> None:
    assert untrusted.wants_ascii(environ) is wanted


# --------------------------------------------------------------------------------- figures


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "–"),
        (-5, "0:00"),
        (0, "0:00"),
        (7.9, "0:07"),
        (723, "12:03"),
        (3599, "59:59"),
        (3723, "1:02:03"),
        (35_999, "9:59:59"),
        (43_380, "12h03m"),
        (3 * 86_400 + 4 * 3600, "3d04h"),
        (123 * 86_400, "123d"),
    ],
)
def test_ages(seconds: float | None, shown: str) -> None:
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (None, "–"),
        (0, "0"),
        (512, "512B"),
        (1023, "1.0K"),
        (9_500_000, "9.1M"),
        (340 << 20, "340M"),
        (1023 << 20, "1.0G"),
        (10 << 30, "10G"),
        (5 << 40, "5.0T"),
    ],
)
def test_sizes(count: int | None, shown: str) -> None:
    assert size(count) == shown


@given(st.integers(0, 1 << 62), st.floats(0, 1e7), st.floats(0, 1e9))
def test_figures_fit_their_columns(count: int, cpu: float, seconds: float) -> None:
    assert len(size(count)) <= 5
    assert len(percent(cpu)) <= 5
    assert len(age(seconds)) <= 7


# ---------------------------------------------------------------------------- what rows say


def sample(**changes: object) -> ProcessSample:
    known: dict[str, object] = {
        "pid": 5, "ppid": 4, "pgid": 5, "sid": 5, "state": "S", "start_ticks": 1, "comm": "python3",
    }  # fmt: skip
    return ProcessSample(**{**known, **changes})  # type: ignore[arg-type]


def worker(**changes: object) -> Worker:
    known: dict[str, object] = {"id": "w", "name": "w", "pid": 5, "ppid": 4, "alive": True}
    return Worker(**{**known, **changes})  # type: ignore[arg-type]


def row(state: State = State.UNKNOWN, **changes: object) -> Row:
    return Row(key="a", state=state, **changes)  # type: ignore[arg-type]


ADOPTED = Lineage(first_ppid=4, first_parent="factory", adopter_pid=1, adopter="init")
INFERRED = Lineage(adopter_pid=1, adopter="init", worker="factory", certainty="session")


@pytest.mark.parametrize(
    ("shown", "glyph", "said"),
    [
        (row(State.SLEEPING, worker=worker(), sample=sample()), "●", "S sleeping"),
        (row(State.RUNNING, worker=worker(), sample=sample()), "●", "R running"),
        (row(State.WAITING, sample=sample()), "●", "D waiting for I/O"),
        (row(State.IDLE, worker=worker(alive=None, pid=None)), "○", "idle"),
        (row(State.STARTING, worker=worker()), "◌", "starting"),
        (row(State.ZOMBIE, sample=sample(), zombie_since=NOW - 7), "Z", "Z zombie 0:07"),
        (
            row(State.ZOMBIE, sample=sample(), zombie_since=NOW - 7, since_exact=False),
            "Z",
            "Z zombie >0:07",
        ),
        (row(State.SLEEPING, orphan=True, lineage=ADOPTED), "O", "O orphan → init(1)"),
        (row(State.STOPPED, orphan=True, lineage=ADOPTED), "O", "T stopped, orphan → init(1)"),
        (
            row(State.STOPPED, orphan=True, lineage=ADOPTED, worker=worker()),
            "O",
            "T stopped, orphan → init(1)",
        ),
        (
            row(State.SLEEPING, sample=sample(state="Z", threads=2, living="S")),
            "●",
            "S sleeping, leader exited",
        ),
        (row(State.ZOMBIE, orphan=True, lineage=ADOPTED), "Z", "Z zombie, orphan → init(1)"),
        (row(State.SLEEPING, orphan=True, lineage=INFERRED), "O", "O≈ orphan → init(1)"),
        (row(State.ZOMBIE, orphan=True, lineage=INFERRED), "Z", "Z≈ zombie, orphan → init(1)"),
        (row(State.SLEEPING, sample=sample(), lineage=INFERRED), "●", "S≈ sleeping"),
        (row(State.ENDED, worker=worker(joined_at=1.0), exitcode=0), "✓", "ended 0, joined"),
        (row(State.ENDED, worker=worker(), exitcode=3), "✗", "ended 3"),
        (row(State.ENDED, exitcode=-9), "✗", "ended -9 SIGKILL"),
        (row(State.ENDED), "✗", "ended ?"),
        (row(State.FAILED, worker=worker(failure="no \x1b")), "!", "failed: no ^["),
        (row(State.BACKOFF, worker=worker(backoff_until=NOW + 3)), "◌", "starts in 0:03"),
        (row(State.SLEEPING, worker=worker(stopping=True)), "●", "stopping… (S)"),
        (row(State.SLEEPING, worker=worker(joining=1)), "●", "joining… (S)"),
        (row(), "?", "unknown"),
    ],
)
def test_states(shown: Row, glyph: str, said: str) -> None:
    assert text.state_glyph(shown) == glyph
    assert text.state_text(shown, NOW) == said


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (row(State.SLEEPING, worker=worker()), "None"),
        (row(State.IDLE, worker=worker(alive=None)), "–"),
        (row(State.SLEEPING), "–"),
        (row(State.ZOMBIE), "?"),
        (row(State.ZOMBIE, exitcode=-11), "-11 SIGSEGV"),
        (row(State.ENDED, worker=worker(exitcode_lost=True, alive=False)), "?"),
    ],
)
def test_exitcodes(shown: Row, said: str) -> None:
    assert text.exitcode_text(shown) == said


def test_targets_say_what_matters_most() -> None:
    mine = row(State.ZOMBIE, worker=worker(label="lessons:crash(3)"))
    zombie = row(State.ZOMBIE, lineage=Lineage(first_ppid=4, first_parent="factory"))
    orphan = row(orphan=True, command="sleep 9", lineage=ADOPTED)
    inferred = row(orphan=True, command="sleep 9", lineage=INFERRED)
    helper = row(helper="fork server", command="python3 -c x")
    assert text.target_text(mine) == "lessons:crash(3)"
    assert text.target_text(zombie) == "not joined by factory"
    assert text.target_text(orphan) == "first parent: factory · sleep 9"
    assert text.target_text(inferred) == "≈ factory by session only · sleep 9"
    assert text.target_text(helper) == "fork server · python3 -c x"


def test_what_python_believes_of_a_process_that_is_gone_is_in_doubt() -> None:
    row = Row(key="w:a", worker=Worker(id="a", name="a", alive=True))
    assert text.alive_text(row) == "True"
    assert text.alive_text(msgspec.structs.replace(row, gone=True)) == "True?"


def test_what_takes_one_cell_is_known_without_a_table() -> None:
    """The first picture does without that of Rich; both say the same."""
    for point in (*range(128), *untrusted._SIGNS):
        assert untrusted._cell_size(chr(point)) == get_character_cell_size(chr(point)), hex(point)
