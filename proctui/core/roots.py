"""Processes that are watched although nobody here launched them, and what is known by them.  Pure.

Each stands for its descendants as a worker does for its own: by the parent links, by the sessions
that it and they lead, by its process group (a shell gives each of its jobs one, in the shell's own
session), and by the tag in its environment, where it has one.
"""

from __future__ import annotations

from collections.abc import Collection

from proctui.core.kin import Kin
from proctui.core.naming import person


class Roots:
    """The watched processes; empty where a supervisor launched everything."""

    def __init__(self, pids: Collection[int] = ()) -> None:
        self._waiting = set(pids)
        """Of whom no process was seen yet."""
        self._tokens: dict[str, int] = {}
        self._groups: dict[int, str] = {}
        self._tags: dict[str | None, tuple[str, float]] = {}
        """With the time of their start, by worker tag."""

    def __bool__(self) -> bool:
        return bool(self._tokens or self._waiting)

    def claim(self, kin: Kin) -> bool:
        """True where this is a watched process, seen for the first time.

        One that descends from another is known by that.
        """
        if kin.pid not in self._waiting:
            return False
        self._waiting.discard(kin.pid)
        if kin.worker is not None:
            return False
        kin.root = person(kin.name, kin.pid)
        self._tokens[kin.root] = kin.token
        if kin.sample.pgid == kin.pid:
            self._groups[kin.pid] = kin.root
        if kin.tag_session is not None:
            self._tags.setdefault(kin.tag_worker, (kin.root, kin.started_at))
        return True

    def token(self, root: str | None) -> int | None:
        """Token of the process that this stands for; None where it is a worker's id."""
        return None if root is None else self._tokens.get(root)

    def of_group(self, kin: Kin) -> str:
        """Whose process group it is in, "" for nobody's.  It was watched for that reason alone.

        A number is not given again while anybody is in the group (kernel/pid.c).
        """
        return self._groups.get(kin.sample.pgid, "") if kin.pid != kin.sample.pgid else ""

    def tagged(self, kin: Kin) -> str:
        """Whose tag it carries; who has that of the session alone has all of the session's.

        What is older than the watched process was given its tag by somebody else.
        """
        root, since = self._tags.get(kin.tag_worker) or self._tags.get(None) or ("", 0.0)
        return root if kin.started_at >= since else ""
