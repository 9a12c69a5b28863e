"""The whole program before hostile processes, in a real terminal that has to stay untouched."""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proctui.sessions.session import find
from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import Terminal, terminal
from tests.hostile import CONTROLS, ENCODING, MARKUP, SEQUENCES, SHORT, STRUCTURE, UNSEEN, WIDTHS
from tests.support import until

__all__ = ["proctui"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")

ESCAPE = "\x1b"
FAMILY = Path(__file__).parent / "hostile_family.py"
NAMES = [*MARKUP.values(), *SEQUENCES.values(), *CONTROLS.values(), *UNSEEN.values()]
NAMES += [*WIDTHS.values(), *ENCODING.values(), STRUCTURE["a comm that ends itself"]]

OURS = re.compile(
    r"\x1b\[[0-9;:]*m"  # colours
    r"|\x1b\[[0-9;]*[HJKABCD]"  # the cursor, erasing
    r"|\x1b\[\?(?:7|25|1000|1002|1003|1004|1006|1015|1049|2004|2026|2048|2031)[hl]"  # modes
    r"|\x1b\[\?2026\$p|\x1b\[\?2048\$p|\x1b\[>[0-9]*u|\x1b\[<[0-9]*u|\x1b\[\?[0-9]*u"  # questions
    r"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
    r"|[\r\n\t]"
)
"""Everything that the program may send to a terminal besides what is printed."""
BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def foreign(written: bytes) -> list[str]:
    """What was sent that a terminal acts on and that is not ours; raises where it is no UTF-8."""
    rest = OURS.sub("", written.decode())
    found = re.findall(r"\x1b.{0,12}|[\x00-\x1f\x7f-\x9f]", rest, re.DOTALL)
    return found + [f"U+{ord(c):04X}" for c in sorted(BIDI & set(rest))]


def toml(text: str) -> str:
    """`text` as a basic string."""
    return '"' + "".join(f"\\U{ord(c):08X}" for c in text) + '"'


@pytest.fixture
def hostile(proctui: CommandLine) -> Iterator[CommandLine]:
    """A session in which everything that may be named is named badly, and its folder too."""
    proctui.folder = proctui.folder / "\x1b]0;PWNED\x07[bold]\u202e\n"
    proctui.folder.mkdir()
    (proctui.folder / "names.json").write_text(json.dumps(NAMES))
    worst = "".join(SHORT.values()).replace("\0", "")
    worst = worst.encode("utf-8", "ignore").decode()[:4000]
    words = [sys.executable, "-S", str(FAMILY), "names.json", worst]
    lines = [
        "[session]\nname = 'bad'\n",
        f"[workers.family]\ncommand = [{', '.join(map(toml, words))}]\n",
        f"env = {{ BAD = {toml(worst)} }}\n",
        f"[workers.named]\ntarget = 'time:sleep'\nargs = [600]\nname = {toml(worst)}\n",
        f"[workers.argued]\ntarget = 'builtins:print'\nargs = [{toml(worst)}]\n",
        f"[workers.failing]\ncommand = [{toml(worst)}]\n",
        f"[workers.nowhere]\ntarget = 'os:getpid'\ncwd = {toml('/nowhere/' + worst)}\n",
        f"[workers.raising]\ntarget = 'builtins:exit'\nargs = [{toml(worst)}]\n",
    ]
    proctui.run("".join(lines))
    log = find("bad").paths.log_dir / "family.log"
    until(lambda: b"all there" in log.read_bytes())
    yield proctui


PLACES = [
    ("2", "s/cell"), ("3", "machine, own"), ("u", "machine, everyone's"), ("1", "CPU%"),
    ("l", "all there"), ("m", "all there"), ("m", "CPU%"), ("e", "all workers"),
    ("e", "only family"), ("i", "multiprocessing says"),
]  # fmt: skip
"""Keys that show something else, and what then stands there."""
DIALOGS = [
    ("k", r"Kill family \(\d+\)\?"), ("x", r"Stop family \(\d+\)\?"),
    ("O", r"End what family left behind\?"), ("\x1b[20~", "Send which signal to family"),
    ("N", "Ready: family-2"), ("E", "Chrome trace"), ("q", r"Leave bad\?"),
]  # fmt: skip
"""Keys that ask something, and a pattern of what then stands there; Escape takes it back."""


def opened(shown: Terminal, keys: str, there: str) -> None:
    """Asks, and waits until it is there."""
    shown.type(keys)
    shown.until(lambda: re.search(there, shown.text) is not None, there)


def is_gone(shown: Terminal, there: str) -> bool:
    return not re.search(there, shown.text)


def look_around(shown: Terminal) -> None:
    """Goes everywhere and does nothing."""
    for keys, there in PLACES:
        shown.type(keys)
        shown.sees(there)
    for keys, there in DIALOGS:
        opened(shown, keys, there)
        shown.type(ESCAPE)
        shown.until(functools.partial(is_gone, shown, there), f"no more {there}")
    shown.type("/PWNED\r")
    shown.sees("filter: PWNED")
    shown.type("*")
    shown.sees("tagged")
    many = r"Kill \d+ processes\?"
    opened(shown, "k", many)
    shown.type(ESCAPE)
    shown.until(functools.partial(is_gone, shown, many), f"no more {many}")
    shown.type("U")
    shown.until(lambda: "tagged" not in shown.text, "nothing tagged")
    for _ in NAMES[::3]:  # the details of many
        shown.type("\x1b[B")
        shown.read()


@pytest.mark.timeout(300)  # a long visit
def test_nothing_of_theirs_reaches_the_terminal(hostile: CommandLine) -> None:
    with terminal("attach", "bad", folder=hostile.folder) as shown:
        charset = shown.screen.g0_charset
        shown.sees("family", "1 Workers", "[bold")
        look_around(shown)
        shown.type("q")
        shown.sees("Leave bad?")
        shown.type("d")
        assert shown.ended() == 0
        assert shown.is_restored()
        assert sorted(set(foreign(shown.written))) == []
        assert shown.screen.g0_charset == charset
        # pyte takes the shape of the mouse pointer (OSC 22) for a title
        assert re.fullmatch(r"(;[a-z-]*)?", shown.screen.title)
        assert shown.screen.icon_name == ""


@pytest.mark.timeout(300)
def test_no_command_lets_anything_of_theirs_through(hostile: CommandLine) -> None:
    for words in (
        *(["ps"], ["ps", "--json"], ["events"], ["events", "--json"], ["logs", "family"]),
        *(["logs", "*"], ["ls"], ["scan"], ["check", "proctui.toml"], ["reload", "--dry-run"]),
        *(["kill", NAMES[8]], ["attach", NAMES[9]], ["run", NAMES[10]], [NAMES[11]]),
    ):
        done = hostile.on_terminal(*words)
        assert done.out, words
        assert sorted(set(foreign(done.out.encode()))) == [], words
        if "logs" in words:
            assert re.findall(r"\x1b\[[0-9;]*m", done.out)[-1] == "\x1b[0m", "colours end"
            assert not re.search(r"^family +\| \x1b\[0m\r?$", done.out, re.MULTILINE), "a line more"


def test_an_encoding_without_their_characters_is_no_obstacle(hostile: CommandLine) -> None:
    hostile.environment["PYTHONIOENCODING"] = "ascii"
    done = hostile.right("ps")
    assert done.out.isascii()
    assert "\\u65e5\\u672c" in done.out
