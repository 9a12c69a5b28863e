"""A worker's output: whatever its bytes are, lines come out that do no harm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proctui.tui.loglines import LONGEST, LogLines, plain, spans


def fed(*chunks: bytes, limit: int = 100) -> LogLines:
    lines = LogLines(limit)
    for chunk in chunks:
        lines.feed(chunk)
    return lines


def texts(lines: LogLines) -> list[str]:
    return [plain(lines[index]) for index in range(len(lines))]


def test_lines_that_come_in_pieces() -> None:
    assert texts(fed(b"on", b"e\ntw", b"o\n", b"open")) == ["one", "two", "open"]


def test_a_character_that_comes_in_pieces() -> None:
    whole = "zwölf €\n".encode()
    assert texts(fed(*(whole[i : i + 1] for i in range(len(whole))))) == ["zwölf €"]


def test_bytes_that_are_no_text() -> None:
    assert texts(fed(b"\xff\xfe ok\n")) == ["\ufffd\ufffd ok"]


def test_colours_are_kept_and_go_on_in_the_next_line() -> None:
    lines = fed(b"a \x1b[1;31mred\nstill\x1b[0m not\n")
    first, second = spans(lines[0]), spans(lines[1])
    assert [text for text, _ in first] == ["a ", "red"]
    assert first[1][1].bold
    assert first[1][1].color is not None
    assert second[0][0] == "still"
    assert second[0][1] == first[1][1]
    assert second[1] == (" not", second[1][1])
    assert second[1][1].color is None


def test_extended_colours() -> None:
    ((_, indexed), (_, exact)) = spans(fed(b"\x1b[38;5;200ma\x1b[48;2;1;2;3mb\n")[0])
    assert indexed.color is not None
    assert indexed.color.number == 200
    assert exact.bgcolor is not None
    assert exact.bgcolor.triplet == (1, 2, 3)


def test_blinking_and_concealing_are_refused() -> None:
    ((_, style),) = spans(fed(b"\x1b[5;8mhere\n")[0])
    assert not style.blink
    assert not style.conceal


def test_everything_else_that_steers_a_terminal_vanishes() -> None:
    evil = b"\x1b[2J\x1b[10;10Ha\x1b]0;title\x07b\x1b]8;;http://x\x1b\\c\x1bcd\x1b(0e\n"
    assert texts(fed(evil)) == ["abcde"]


def test_a_progress_bar_shows_where_it_stands() -> None:
    assert texts(fed(b" 10%\r 20%\r 30%")) == [" 30%"]
    assert texts(fed(b"dos line\r\n")) == ["dos line"]


def test_memory_is_bounded() -> None:
    lines = fed(b"".join(b"%d\n" % number for number in range(250)), limit=100)
    assert texts(lines) == [str(number) for number in range(150, 250)]
    assert lines.dropped == 150


def test_a_line_without_end_is_cut() -> None:
    lines = LogLines(10)
    for _ in range(50):
        lines.feed(b"x" * 1000)
    assert len(lines) == 1
    assert len(plain(lines[0])) == LONGEST + 1
    assert plain(lines[0]).endswith("…")


def test_clearing_keeps_the_count() -> None:
    lines = fed(b"a\nb\nc")
    lines.clear()
    lines.feed(b"d\n")
    assert texts(lines) == ["d"]
    assert lines.dropped == 2


def test_finding_forwards_backwards_and_round_the_end() -> None:
    lines = fed(b"Alpha\nbeta\nalpha \x1b[1mbeta\x1b[0m\ngamma\n")
    assert lines.find("ALPHA", 0) == 0
    assert lines.find("alpha", 1) == 2
    assert lines.find("alpha", 3) == 0
    assert lines.find("beta", 3, backwards=True) == 2
    assert lines.find("alpha beta", 0) == 2
    assert lines.find("delta", 0) is None
    assert lines.find("", 0) is None


@given(st.lists(st.binary(max_size=80), max_size=20))
def test_any_bytes_in_any_pieces_give_the_same_lines(chunks: list[bytes]) -> None:
    assert texts(fed(*chunks, limit=50)) == texts(fed(b"".join(chunks), limit=50))


@given(st.binary(max_size=300))
def test_no_control_sequence_survives(data: bytes) -> None:
    lines = fed(data.replace(b"\x1b", b"\x1b["))
    for index in range(len(lines)):
        joined = "".join(text for text, _ in spans(lines[index]))
        assert joined == plain(lines[index])
        assert "\n" not in joined
