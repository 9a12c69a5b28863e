"""Keys that reach a real terminal in one go, as from a paste or over a slow line."""

from __future__ import annotations

import re

from tests.e2e.commanding import CommandLine, proctui
from tests.e2e.terminal import terminal

__all__ = ["proctui"]

FILE = """
[session]
name = "ahead"

[workers.alpha]
command = ["sleep", "1000"]

[workers.gamma]
command = ["sleep", "1000"]
"""


def test_each_key_is_for_what_those_before_it_have_opened(proctui: CommandLine) -> None:
    proctui.run(FILE)
    with terminal("attach", "ahead", folder=proctui.folder) as shown:
        shown.sees("alpha", "gamma", "1 Workers")
        shown.type("/gamma\rt")
        shown.sees("Terminate gamma", "filter: gamma (1)")
        shown.type("n")  # no: and what follows is for the list again
        shown.until(lambda: "Terminate gamma" not in shown.text, "no question")
        shown.type("/\x15alpha\rnmine:Cleaner\t5\ta=1")
        shown.sees("New worker", "filter: alpha (1)")
        values = ("Target", "mine:Cleaner"), ("Arguments", "5"), ("Keywords", "a=1")
        filled = [re.compile(f"{label} +{value} ") for label, value in values]
        shown.until(lambda: all(each.search(shown.text) for each in filled), "each in its field")
