"""Sets of tokens by number, small where most sets have one member.  Pure."""

from __future__ import annotations

from collections.abc import Collection


class Index:
    """Ten thousand workers lead ten thousand sessions: no set is kept for one member."""

    __slots__ = ("_many", "_one")

    def __init__(self) -> None:
        self._one: dict[int, int] = {}
        self._many: dict[int, set[int]] = {}

    def get(self, number: int) -> Collection[int]:
        """Its tokens, none where there are none.  Not to be kept: it may change."""
        many = self._many.get(number)
        if many is not None:
            return many
        one = self._one.get(number)
        return () if one is None else (one,)

    def add(self, number: int, token: int) -> None:
        """Adds a token, once."""
        many = self._many.get(number)
        if many is not None:
            many.add(token)
            return
        one = self._one.setdefault(number, token)
        if one != token:
            del self._one[number]
            self._many[number] = {one, token}

    def discard(self, number: int, token: int) -> None:
        """Takes a token out, if it is in."""
        many = self._many.get(number)
        if many is not None:
            many.discard(token)
            if not many:
                del self._many[number]
        elif self._one.get(number) == token:
            del self._one[number]

    def pop(self, number: int) -> Collection[int]:
        """All its tokens, which are forgotten."""
        found = self.get(number)
        self._many.pop(number, None)
        self._one.pop(number, None)
        return found
