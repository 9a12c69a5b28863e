"""How a mistake in what the user wrote is told: one clear sentence, safe to print."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable
from os import PathLike
from typing import Final

MOST_TOLD: Final = 20
"""Mistakes that are told of one file at a time."""

_BARE_KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_SHOWN: Final = 60
_LARGEST_SHOWN: Final = 10**20


class ConfigError(Exception):
    """A mistake in what the user wrote, found before anything is launched.

    `file` is where it stands, `key` what is wrong in it (``workers.web.count``, ``line 3``;
    empty where it is the file as a whole), and `message` goes on from there with what was
    expected.  `str()` makes one sentence of the three, without a full stop.  `others` are
    further mistakes found in the same file.
    """

    def __init__(
        self,
        file: PathLike[str] | str,
        key: str,
        message: str,
        others: Iterable[ConfigError] = (),
    ) -> None:
        super().__init__(str(file), key, message)
        self.file = str(file)
        self.key = key
        self.message = message
        self.others = tuple(others)

    def __str__(self) -> str:
        where = visible(self.file)
        return f"{where}: {self.key} {self.message}" if self.key else f"{where} {self.message}"

    @property
    def sentences(self) -> list[str]:
        """This mistake and the others, one sentence each."""
        return [str(error) for error in (self, *self.others)]


class Wrong(ValueError):
    """A value that can't stand.

    The text goes on from the name of its key; `at` leads further into the value (``[2].x``).
    """

    def __init__(self, message: str, at: str = "") -> None:
        super().__init__(message)
        self.at = at


class Mistakes:
    """Collects the mistakes of one file so that they are told together."""

    def __init__(self, file: PathLike[str] | str) -> None:
        self.file = file
        self.count = 0
        """All that were found, also those that are not told."""
        self._found: list[ConfigError] = []

    def add(self, key: str, message: str) -> None:
        """Notes one; past `MOST_TOLD` they are only counted."""
        self.count += 1
        if self.count <= MOST_TOLD:
            self._found.append(ConfigError(self.file, key, message))

    def tell(self) -> None:
        """Raises the first found, with the others in it; does nothing where there is none."""
        if self._found:
            first, *others = self._found
            raise ConfigError(first.file, first.key, first.message, others)


def visible(text: str) -> str:
    """`text` with everything that isn't printable escaped, so that no terminal acts on it."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def shortened(text: str) -> str:
    """`text` made visible and cut to a length that fits into a sentence."""
    cut = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return visible(cut)


def quoted(text: str) -> str:
    """`text` between double quotes, visible and short, as a sentence shows it."""
    return '"' + shortened(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def dotted(*parts: str) -> str:
    """The name of a key as it is written in TOML: ``workers.web``, ``workers."my web"``."""
    return ".".join(part if _BARE_KEY.fullmatch(part) else quoted(part) for part in parts)


def described(value: object) -> str:
    """What stands there instead of what was expected, in a few words."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return quoted(value)
        case int():
            return str(value) if abs(value) < _LARGEST_SHOWN else "so large a number"
        case float():
            return repr(value)
        case list() | tuple():
            return "an array"
        case dict():
            return "a table"
        case datetime.date():  # a datetime too
            return "a date"
        case datetime.time():
            return "a time of day"
        case None:
            return "nothing"
        case _:
            return f"a {type(value).__name__}"


def hint(word: object, known: Iterable[str]) -> str:
    """``; did you mean "count"?`` where one of `known` is near to `word`, else nothing."""
    if not isinstance(word, str) or len(word) > _LONGEST_SHOWN:
        return ""
    import difflib  # only a mistake pays for it

    folded = {option.lower(): option for option in known}
    near = difflib.get_close_matches(word.lower(), folded, n=1)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def listed(words: Iterable[str], last: str = "or") -> str:
    """``"a", "b" or "c"``."""
    quotes = [f'"{word}"' for word in words]
    return f" {last} ".join(filter(None, [", ".join(quotes[:-1]), quotes[-1]]))
