"""What is said of a parent that has not joined its children: how many, and how they ended.  Pure.

Told of the rows that stand under it, again whenever one of them has gone: a count that was
taken at another moment than the list would contradict it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from proctui.core.exitcodes import exitcode_text
from proctui.model import Cure, Finding, Row

_LISTED = 4
"""Exit codes that are named; there may be more."""


class Neglect(NamedTuple):
    """What is told of a parent besides the number of its dead."""

    user: str
    command: str
    """What runs; untrusted."""
    ways: tuple[Cure, ...]
    """What cures it."""

    def tell(self, row: Row, exitcodes: Sequence[int | None]) -> bool:
        """Says on its row how many it has not joined; False where that stands there already.

        `exitcodes` are those of the zombies under it, None where the kernel tells none.
        """
        count = len(exitcodes)
        codes = _codes(exitcodes)
        found = [one for one in row.findings if one.kind != "note"]
        if count:
            many = "a child that has" if count == 1 else f"{count} children that have"
            found.append(Finding("note", f"It has not joined {many} ended, {codes}.", self.ways))
            summary = f"{count} zombie{'s' * (count != 1)} ({codes.removeprefix('with ')})"
        else:
            found.append(Finding("note", "None of its children is a zombie any more."))
            summary = ""
        command = " · ".join(filter(None, [summary, f"of {self.user}", self.command]))
        findings = tuple(found)
        if (row.command, row.findings) == (command, findings):
            return False
        row.command, row.findings = command, findings
        row.version += 1
        return True


def _codes(exitcodes: Sequence[int | None]) -> str:
    """``with exit codes 0 ×998, 1 ×2``."""
    counted = Counter(map(exitcode_text, exitcodes))
    shown = [
        f"{code} ×{count}" if count > 1 and len(counted) > 1 else code
        for code, count in counted.most_common(_LISTED)
    ]
    more = " …" if len(counted) > _LISTED else ""
    return f"with exit code{'s' * (len(counted) > 1)} {', '.join(shown)}{more}"
