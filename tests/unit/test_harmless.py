from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctui.commands.harmless import cells, log_text, plain

HOSTILE = st.lists(
    st.one_of(
        st.text(max_size=5),
        st.sampled_from(
            ["\x1b", "\x1b[", "\x1b]", "\x07", "\x1b\\", "\x9b", "52;c;", "0;title", "2J", "31m",
             "\x1bP", "\x1b_", "\x1b^", "\r", "\n", "\x08", "\x0e", "\u202e", "\u2066", ";", "m"]
        ),
    ),
    max_size=12,
).map("".join)  # fmt: skip

SGR = re.compile(r"\x1b\[[0-9;:]*m")


@given(HOSTILE)
def test_plain_text_holds_nothing_a_terminal_acts_on(text: str) -> None:
    assert plain(text).isprintable()


@given(HOSTILE)
def test_a_log_holds_lines_tabs_colours_and_what_is_printed(text: str) -> None:
    shown = log_text(text.encode("utf-8", "surrogatepass"))
    rest = SGR.sub("", shown)
    assert "\x1b" not in rest
    for character in rest:
        assert character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cs")
        assert not "\u202a" <= character <= "\u202e"


@given(st.binary(max_size=60))
def test_no_bytes_are_too_strange(data: bytes) -> None:
    assert "\x1b" not in SGR.sub("", log_text(data))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"plain text\n\twith a tab\n", "plain text\n\twith a tab\n"),
        ("größer 漢字 👩‍👩‍👧\n".encode(), "größer 漢字 👩‍👩‍👧\n"),
        (b"\x1b[31mred\x1b[0m\n", "\x1b[31mred\x1b[0m\n\x1b[0m"),
        (b"\x1b[1;38:5:9mred\n", "\x1b[1;38:5:9mred\n\x1b[0m"),
        (b"a\x1b[2Jb\x1b[10;5Hc\x1b[Kd\x1b[?1049he\n", "abcde\n"),
        (b"\x1b]0;a title\x07x\x1b]52;c;cm0=\x1b\\y\n", "xy\n"),
        (b"\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\\n", "link\n"),
        (b"\x1bP1$r\x1b\\q\x1b(B\x1bc\n", "q\n"),
        (b"\x1b]0;never ended\n", "^[]0;never ended\n"),
        (b"half\x1b", "half^["),
        (b"one\rtwo\r\nthree\n", "one\ntwo\nthree\n"),
        (b"bell\x07 back\x08 \x7f\x00\n", "bell^G back^H ^?^@\n"),
        (b"\xff\xfe\n", "\\xff\\xfe\n"),
        (b"\xc2\x9b31m\n", "\\x9b31m\n"),
        ("a\u202eb\n".encode(), "a\\u202eb\n"),
    ],
)
def test_logs(data: bytes, shown: str) -> None:
    assert log_text(data) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls -l", "ls -l"),
        ("a\nb\x1b[0m", "a^Jb^[[0m"),
        ("\udcff\x85\u200b\U000e0001", "\\xff\\x85\\u200b\\U000e0001"),
    ],
)
def test_plain(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_cells() -> None:
    assert cells("abc") == 3
    assert cells("漢字") == 4
    assert cells("e\u0301") == 1
