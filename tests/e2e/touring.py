"""What the tours through the program visit: a session with one of everything, and its guests."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from proctui.tui.actions import ACTIONS
from tests.e2e.terminal import Terminal, terminal
from tests.support import children_of, kernel_state

FILE = """
[session]
name = "tour"

[workers.badly]
command = ["sh", "-c", "exit 3"]

[workers.talker]
command = ["sh", "-c", "for n in 1 2 3 4 5 6 7; do echo word $n; done; exec sleep 1000"]

[workers.factory]
target = "mine.py:factory"

[workers.leaver]
target = "mine.py:leaver"

[workers.twin]
command = ["sleep", "1000"]
count = 3

[workers.later]
command = ["sleep", "1000"]
autostart = false
"""
TARGETS = """
import os, subprocess, time
def factory():
    child = subprocess.Popen(["sh", "-c", "exit 4"])
    time.sleep(1000)
def leaver():
    subprocess.Popen(["sleep", "1001"])
    os._exit(0)
def loop():
    time.sleep(1000)
"""
THERE = (
    "Z badly", "● talker", "● factory", "└ Z sh", "Z leaver", "└ O sleep", "● twin-3", "○ later",
)  # fmt: skip
"""What stands in the list once everything has happened that happens by itself."""

_SEQUENCES = {
    "space": " ", "slash": "/", "minus": "-", "asterisk": "*", "comma": ",", "question_mark": "?",
    "f3": "\x1bOR", "f5": "\x1b[15~", "f6": "\x1b[17~", "f7": "\x1b[18~", "f9": "\x1b[20~",
    "ctrl+p": "\x10",
}  # fmt: skip
"""What a terminal sends for keys that are no letters (xterm's control sequences)."""
ESCAPE, UP, DOWN, RIGHT, LEFT = "\x1b", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, SHIFT_DOWN, SHIFT_RIGHT = "\x1b[H", "\x1b[F", "\x1b[1;2B", "\x1b[1;2C"
SAVE = "\x13"


class Tour:
    """A visitor of the screen who remembers which actions of the table were asked for."""

    def __init__(self, shown: Terminal) -> None:
        self.shown = shown
        self.done: set[str] = set()

    def press(self, action: str) -> None:
        """Presses the key of an action."""
        key = ACTIONS[action].all_keys[0]
        self.shown.type(_SEQUENCES.get(key, key))
        self.done.add(action)

    def missed(self) -> set[str]:
        """The actions that were never asked for."""
        return set(ACTIONS) - self.done

    def sees(self, *parts: str) -> None:
        """Reads until all of this stands on the screen."""
        self.shown.sees(*parts)

    def misses(self, *parts: str) -> None:
        """Reads until nothing of this stands on the screen."""
        shown = self.shown

        def missing() -> bool:
            return not any(part in shown.text for part in parts)

        # half a frame may lack anything: it has gone once nothing more comes
        shown.until(lambda: missing() and not shown.read(0.15), f"no {parts!r}")

    def matches(self, pattern: str) -> re.Match[str]:
        """Reads until a line of the screen holds something like this."""
        shown, found = self.shown, list[re.Match[str]]()
        shown.until(lambda: bool(_into(found, re.search(pattern, shown.text))), pattern)
        return found[-1]

    def gone(self, part: str) -> None:
        """Reads until this has gone, reaping orphans as init would."""
        shown = self.shown

        def over() -> bool:
            as_init(shown)
            return part not in shown.text

        shown.until(over, f"no {part!r}")

    def is_on(self, worker: str) -> None:
        """Reads until the cursor is on a worker: the details name it."""
        self.matches(rf"name +{worker} ")

    def process(self) -> str | None:
        """The pid that the details name, where they name one."""
        found = re.search(r"pid +(\d+) ", self.shown.text)
        return None if found is None else found[1]

    def pid_of(self, name: str) -> int:
        """The pid that stands on a row."""
        return int(self.matches(rf"{name} +(\d+)")[1])


def _into(found: list[re.Match[str]], one: re.Match[str] | None) -> bool:
    if one is not None:
        found.append(one)
    return one is not None


@contextlib.contextmanager
def opened(folder: Path, *words: str, size: tuple[int, int] = (120, 40)) -> Iterator[Tour]:
    """The tour's session on a screen, everything there."""
    (folder / "proctui.toml").write_text(FILE)
    (folder / "mine.py").write_text(TARGETS)
    with terminal(*words, folder=folder, size=size) as shown:
        yield Tour(shown)


def as_init(shown: Terminal) -> None:
    """Reaps what came to this process, a subreaper in tests, where it would have come to init."""
    for pid in children_of(os.getpid()):
        if pid != shown.process.pid and kernel_state(pid) == "Z":
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
