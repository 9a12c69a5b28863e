"""Checks of the values that people write.

Worker files, Procfiles and words on the command line go through these.  A check
takes a value as it was read and returns it as it is used, or raises `Wrong`
with what was expected.  Nothing here does I/O.
"""

from __future__ import annotations

import math
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

from proctui.files.mistakes import Wrong, described, dotted, hint, listed, quoted

Check: TypeAlias = Callable[[object], Any]

NAME_RULE: Final = (
    'must be made of letters, digits, "_", "." and "-", not begin with "." or "-", '
    "and have at most 64 characters"
)
LONGEST_TIME: Final = 366 * 24 * 3600
"""Seconds; what is longer than a year is a mistake, and timers overflow."""
DEEPEST: Final = 50
"""How far arrays and tables may be nested in arguments."""
MOST_BITS: Final = 4096
"""Of an integer in arguments: every reader of JSON takes as many digits."""

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SIZE: Final = re.compile(r"(\d{1,12}(?:\.\d{1,6})?) *(|[kmgt]|[kmgt]i)b", re.I | re.A)
_RESERVED: Final = ("PROCTUI_SESSION", "PROCTUI_WORKER")


def boolean(value: object) -> bool:
    """True or false."""
    if isinstance(value, bool):
        return value
    raise Wrong(f"must be true or false, not {described(value)}")


def integer(low: int, high: int) -> Check:
    """Makes a check for whole numbers from `low` to `high`."""

    def check(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        raise Wrong(f"must be a whole number from {low} to {high}, not {described(value)}")

    return check


def seconds(low: float = 0.0, high: float = LONGEST_TIME, *, above: bool = True) -> Check:
    """Makes a check for times: above `low` (from `low` on without `above`), at most `high`."""
    bound = f"above {low:g}" if above else f"from {low:g} on"

    def check(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            enough = value > low if above else value >= low
            if enough and value <= high:
                return float(value)
        most = f"at most {high:.9g}"
        raise Wrong(f"must be a number of seconds {bound} and {most}, not {described(value)}")

    return check


def choice(*options: str) -> Check:
    """Makes a check for one of a few words."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in options:
            return value
        raise Wrong(f"must be {listed(options)}, not {described(value)}{hint(value, options)}")

    return check


def text(value: object) -> str:
    """A string with something in it and without NUL."""
    if not isinstance(value, str):
        raise Wrong(f"must be a string, not {described(value)}")
    if not value.strip():
        raise Wrong("must not be empty")
    return whole(value)


def whole(value: str) -> str:
    """A string that can be passed to the kernel and written as UTF-8."""
    if "\0" in value:
        raise Wrong("must not contain a NUL character")
    if not _is_utf8(value):
        raise Wrong("must be valid UTF-8")
    return value


def name(value: object) -> str:
    """What names a session or a worker; it becomes part of file names."""
    if isinstance(value, str) and is_name(value):
        return value
    raise Wrong(f"{NAME_RULE}, not be {described(value)}")


def is_name(value: str) -> bool:
    """True where `value` keeps `NAME_RULE`."""
    return _NAME.fullmatch(value) is not None


def path(value: object) -> str:
    """A path with a leading ``~`` or ``~user`` replaced; still relative where it was."""
    written = text(value)
    if not written.startswith("~"):
        return written
    try:
        return whole(str(Path(written).expanduser()))
    except RuntimeError:
        raise Wrong(f"is {quoted(written)}, and there is no such home folder") from None


def target(value: object) -> str:
    """``module:callable`` or ``path/to/file.py:callable``; whether it exists shows in the child."""
    written = text(value)
    where, colon, attribute = written.rpartition(":")
    is_file = where.endswith(".py") or "/" in where
    if (
        not colon
        or not _is_dotted_name(attribute)
        or not (where.endswith(".py") if is_file else _is_dotted_name(where))
    ):
        raise Wrong(
            'must be "module:callable" or "path/to/file.py:callable", '
            f"not {quoted(written)}{_target_hint(written)}"
        )
    return f"{path(where)}:{attribute}" if is_file else written


def _target_hint(written: str) -> str:
    module, _, attribute = written.rpartition(".")
    if _is_dotted_name(written) and module:
        return f"; did you mean {quoted(f'{module}:{attribute}')}?"
    return ""


def _is_dotted_name(written: str) -> bool:
    return all(part.isidentifier() for part in written.split("."))


def command(value: object) -> str | tuple[str, ...]:
    """A shell line, or the words of a command."""
    if isinstance(value, str):
        return text(value)
    if not isinstance(value, list | tuple):
        raise Wrong(f"must be a shell line or an array of words, not {described(value)}")
    if not value:
        raise Wrong("must name a program, but the array is empty")
    words = [_word(word, f"[{i}]") for i, word in enumerate(value)]
    if not words[0].strip():
        raise Wrong("must name a program first, not an empty string")
    if words[0].startswith("~"):
        words[0] = path(words[0])
    return tuple(words)


def _word(value: object, at: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f"must be a string, not {described(value)}{_quote_hint(value)}", at)
    try:
        return whole(value)
    except Wrong as wrong:
        raise Wrong(str(wrong), at) from None


def environment(value: object) -> dict[str, str]:
    """A table of strings, each fit to be an environment variable (environ(7))."""
    if not isinstance(value, dict):
        raise Wrong(f"must be a table of strings, not {described(value)}")
    for key, content in value.items():
        at = "." + dotted(key)
        if not key or "=" in key or "\0" in key:
            raise Wrong('is no name of an environment variable: it is empty, or has "=" or NUL', at)
        if key in _RESERVED:
            raise Wrong("is set by proctui itself; give yours another name", at)
        _word(key, at)
        _word(content, at)
    return dict(value)


def _quote_hint(value: object) -> str:
    shown = described(value)
    is_number = isinstance(value, int | float) and " " not in shown
    return f'; write "{shown}"' if is_number else ""


def stop_signal(value: object) -> str:
    """The canonical name of a signal: ``SIGTERM`` also for ``term``."""
    if isinstance(value, str):
        known = signal.Signals.__members__
        upper = value.upper()
        for spelling in (upper, f"SIG{upper}"):
            if spelling in known:
                return known[spelling].name
        near = hint(upper if upper.startswith("SIG") else f"SIG{upper}", known)
        raise Wrong(f'must be the name of a signal such as "SIGTERM", not {quoted(value)}{near}')
    raise Wrong(f'must be the name of a signal such as "SIGTERM", not {described(value)}')


def size(low: int, high: int) -> Check:
    """Makes a check for amounts of bytes: a number, or text such as ``8 MiB`` or ``500 kB``."""

    def check(value: object) -> int:
        amount = _bytes(value)
        if amount is None:
            raise Wrong(
                'must be a number of bytes or a size such as "8 MiB" or "500 kB", '
                f"not {described(value)}"
            )
        if not low <= amount <= high:
            raise Wrong(f"must be from {low} to {high} bytes, not {described(value)}")
        return amount

    return check


def _bytes(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    number, unit = match.groups()
    base = 1024 if unit.lower().endswith("i") else 1000
    power = " kmgt".index(unit[0].lower()) if unit else 0
    factor: int = base**power
    return math.floor(float(number) * factor)


def arguments(value: object) -> tuple[Any, ...]:
    """Positional arguments; tuples within become lists, as they would on the way as JSON."""
    if not isinstance(value, list | tuple):
        raise Wrong(f"must be an array, not {described(value)}")
    return tuple(_passable(item, f"[{i}]", 1) for i, item in enumerate(value))


def keywords(value: object) -> dict[str, Any]:
    """Keyword arguments."""
    if not isinstance(value, dict):
        raise Wrong(f"must be a table, not {described(value)}")
    return _passable_table(value, "", 0)


def _passable(value: object, at: str, depth: int) -> Any:
    """`value` as it survives the way to the worker, which is JSON (RFC 8259)."""
    if depth > DEEPEST:
        raise Wrong(f"is nested more than {DEEPEST} deep", at[:30] + "…")
    match value:
        case None | bool():
            return value
        case str() if not _is_utf8(value):
            raise Wrong("must be valid UTF-8", at)
        case int() if value.bit_length() > MOST_BITS:
            raise Wrong(f"has more than {MOST_BITS} bits", at)
        case float() if not math.isfinite(value):
            raise Wrong(f"must be a finite number, not {described(value)}", at)
        case str() | int() | float():
            return value
        case list() | tuple():
            return [_passable(item, f"{at}[{i}]", depth + 1) for i, item in enumerate(value)]
        case dict():
            return _passable_table(value, at, depth)
        case _:
            raise Wrong(
                "must be made of strings, numbers, true and false, arrays and tables, "
                f"not {described(value)}; pass it as a string",
                at,
            )


def _passable_table(table: dict[Any, object], at: str, depth: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, item in table.items():
        if not isinstance(key, str):
            raise Wrong(f"has the key {described(key)}, but keys must be strings", at)
        inner = f"{at}.{dotted(key)}"
        if not _is_utf8(key):
            raise Wrong("must be valid UTF-8", inner)
        made[key] = _passable(item, inner, depth + 1)
    return made


def _is_utf8(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
