"""Which processes are `multiprocessing`'s own helpers: told by what they run.  Pure.

The difficulty is the fork server: everything that it forks shows its command
line too, and so does everything that those fork.
"""

from __future__ import annotations

from proctui.core.kin import Kin, helper_kind


class Helpers:
    """Labels helpers among `kin`, all processes by token."""

    def __init__(self, kin: dict[int, Kin]) -> None:
        self._kin = kin
        self._own_lines: set[str] = set()
        """Command lines that fork servers of the supervisor have."""
        self._forked: set[str] = set()
        """Workers that those forked."""
        self._others: dict[tuple[int, str], int] = {}
        """Tokens of other fork servers, by the session they live in and their line: the next run
        of a worker leads another session, and its fork server has the same line."""

    def forked(self, worker: str, line: str = "") -> None:
        """The supervisor's fork server, which runs `line` as far as known, forked that worker."""
        self._forked.add(worker)
        if line:
            self._own_lines.add(line)

    def label(self, kin: Kin, supervisor: Kin | None) -> None:
        """Says whether `kin` is a helper; one lives in the session of who started it."""
        kind = helper_kind(kin.command)
        if kin.helper and kin.helper != kind:
            kin.helper = ""
        if not kind or kin.bound is not None or kin.helper or kin.orphan or kin.parent is None:
            return
        parent = self._kin.get(kin.parent)
        if parent is None or kin.sample.sid != parent.sample.sid:
            return
        if kind != "fork server" or self._is_fork_server(kin, parent, supervisor):
            kin.helper = kind

    def _is_fork_server(self, kin: Kin, parent: Kin, supervisor: Kin | None) -> bool:
        """Whether it executed that line itself."""
        line = kin.command
        if parent is supervisor:
            self._own_lines.add(line)
            return True
        unclear = kin.worker is None or kin.worker in self._forked
        if unclear and line in self._own_lines:
            return False
        ancestor: Kin | None = parent
        while ancestor is not None:
            if ancestor.command == line:
                return False
            ancestor = None if ancestor.via is None else self._kin.get(ancestor.via)
        place = kin.sample.sid, line
        if self._others.get(place) not in self._kin:
            self._others[place] = kin.token
        return self._others[place] == kin.token
