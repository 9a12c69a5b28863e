"""The corpus and its like through everything that makes untrusted text fit for a terminal."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyte.screens import wcwidth
from rich.cells import cell_len

from proctui.commands import harmless
from proctui.commands.output import complain, print_object, print_table, say
from proctui.tui import text, untrusted
from proctui.tui.log_taking import clipboard_text
from proctui.tui.loglines import LONGEST, LogLines, plain, spans
from tests.hostile import BYTES, TEXTS, any_bytes, any_text, unsafe

T = TypeVar("T")

SGR = re.compile(r"\x1b\[[0-9;:]*m")


def each(corpus: dict[str, T], check: Callable[[T], None]) -> None:
    """Checks all of them, and says which it was that failed.  One test: they are many."""
    for name, one in corpus.items():
        try:
            check(one)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}") from error


@pytest.fixture(autouse=True)
def utf8_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PROCTUI_ASCII", "0")
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()
    yield
    untrusted.ascii_only.cache_clear()
    untrusted._fit.cache_clear()


def check_screen_text(given_text: str) -> None:
    shown = text.safe(given_text)
    assert not unsafe(shown)
    assert wide(shown) == text.cells(shown)
    for width in (0, 1, 2, 7, 40):
        fitted = text.safe(given_text, width)
        assert not unsafe(fitted)
        assert text.cells(fitted) == cell_len(fitted) == wide(fitted) == width
        assert wide(text.fit(given_text, width, right=True)) == width
    for line in text.wrap(given_text[:2000], 30):
        assert not unsafe(line)
        assert wide(line) <= 30
    assert text.content(given_text).plain == shown
    editable = text.signs(given_text)
    assert not unsafe(editable)
    assert len(editable) == len(given_text)
    assert wide(editable) == cell_len(editable)


def test_every_character_that_is_shown_is_as_wide_as_terminals_have_it() -> None:
    ideographs = {*range(0x4E00, 0xA000), *range(0xAC00, 0xD7A4), *range(0x17000, 0x18D00)}
    for point in filter(lambda point: chr(point).isprintable(), range(0x20, 0x20000)):
        if point in ideographs:
            continue
        shown = harmless.plain("a" + chr(point))
        assert harmless.cells(shown) == wide(shown), f"U+{point:04X}"


def wide(shown: str) -> int:
    """Cells as another table than ours counts them: that of a terminal emulator."""
    return sum(max(0, wcwidth(c)) for c in shown)


def test_the_screen_shows_the_corpus_harmless_and_aligned() -> None:
    each(TEXTS, check_screen_text)


@given(any_text)
def test_the_screen_shows_any_text_harmless_and_aligned(given_text: str) -> None:
    check_screen_text(given_text)


def check_plain_text(given_text: str) -> None:
    shown = harmless.plain(given_text)
    assert not unsafe(shown)
    shown.encode()
    assert wide(shown) == harmless.cells(shown)


def test_sentences_hold_the_corpus_harmless() -> None:
    each(TEXTS, check_plain_text)


@given(any_text)
def test_sentences_hold_any_text_harmless(given_text: str) -> None:
    check_plain_text(given_text)


@given(st.lists(st.tuples(any_text, any_text), min_size=1, max_size=4))
@settings(deadline=None)
def test_columns_of_tables_stay_aligned(rows: list[tuple[str, str]]) -> None:
    marked = [(first, "|" + second, "|") for first, second in rows]
    with contextlib.redirect_stdout(io.StringIO()) as out:
        print_table(("NAME", "COMMAND", "END"), marked)
    heading, *lines = out.getvalue().split("\n")[:-1]
    assert len(lines) == len(rows)
    for line in lines:
        assert not unsafe(line)
        assert wide(line[: line.rindex("|")]) == heading.index("END")


def test_what_a_command_says_is_one_harmless_line(capsys: pytest.CaptureFixture[str]) -> None:
    def check(given_text: str) -> None:
        say(given_text)
        complain(given_text)
        print_object({"name": given_text})
        out, err = capsys.readouterr()
        assert (out.count("\n"), err.count("\n")) == (2, 1)
        assert not unsafe((out + err).replace("\n", ""))

    each(TEXTS, check)


def check_log_text(data: bytes) -> None:
    shown = harmless.log_text(data)
    rest = SGR.sub("", shown).replace("\n", "").replace("\t", "")
    assert not set(unsafe(rest)) & set(map(chr, [*range(32), *range(0x7F, 0xA0)]))
    for sgr in SGR.findall(shown):
        assert "8" not in re.split("[;:]", sgr[2:-1]) or "38" in sgr or "48" in sgr, "concealed"
    if "\x1b" in shown:
        assert shown.endswith(harmless.RESET)
    shown.encode()


def test_the_logs_of_the_corpus_are_printed_harmless() -> None:
    each(BYTES, check_log_text)
    each(BYTES, lambda data: check_log_text(b"before" + data + b"after\n" + data))


@given(any_bytes)
def test_any_log_is_printed_harmless(data: bytes) -> None:
    check_log_text(data)


@given(any_bytes, st.integers(1, 40))
def test_a_log_in_pieces_is_printed_harmless(data: bytes, size: int) -> None:
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    together = "".join(map(harmless.log_text, pieces))
    rest = SGR.sub("", together).replace("\n", "").replace("\t", "")
    assert not {c for c in rest if c < " " or "\x7f" <= c <= "\x9f"}


def check_log_lines(data: bytes, size: int) -> None:
    lines = LogLines(50)
    for at in range(0, len(data), size):
        lines.feed(data[at : at + size])
    for index in range(len(lines)):
        line = lines[index]
        assert len(line.text) <= LONGEST + 1
        for piece, style in spans(line):
            assert not unsafe(text.safe(piece.expandtabs(8)))
            assert not (style.conceal or style.blink or style.link)
    copied = clipboard_text(lines).text
    assert not {c for c in copied if c < " " or "\x7f" <= c <= "\x9f"} - {"\n", "\t"}
    copied.encode()


def test_the_logs_of_the_corpus_are_shown_and_copied_harmless() -> None:
    each(BYTES, lambda data: check_log_lines(data, 1000))
    each(BYTES, lambda data: check_log_lines(b"a\n" + data + b"\r\nb\n" + data, 65536))


@given(any_bytes, st.integers(1, 40))
def test_any_log_is_shown_and_copied_harmless(data: bytes, size: int) -> None:
    check_log_lines(data, size)


@given(any_text.filter(lambda made: not {"\n", "\r", "\x1b"} & set(made)))
def test_what_has_no_sequences_is_copied_as_it_was_written(given_text: str) -> None:
    """Wide, combining, invisible and bidi characters included."""
    written = "".join(c for c in given_text if c == "\t" or not (c < " " or "\x7f" <= c <= "\x9f"))
    data = written.encode("utf-8", "replace")
    lines = LogLines()
    lines.feed(data + b"\n")
    assert clipboard_text(lines).text == data.decode() + "\n"


def test_a_bar_without_end_shows_its_newest_state() -> None:
    """A progress bar that redraws itself with returns and never ends its line."""
    lines = LogLines()
    for number in range(3000):
        lines.feed(b"\rprogress %5d of 3000" % number)
        assert plain(lines[0]) == f"progress {number:5d} of 3000"


def test_one_line_without_end_is_kept_short() -> None:
    lines = LogLines()
    for _ in range(300):
        lines.feed(b"x" * 100_000)
    assert len(lines) == 1
    assert lines[0].text == "x" * LONGEST + "…"
    lines.feed(b"\nnext\n")
    assert plain(lines[1]) == "next"
