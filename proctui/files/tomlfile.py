"""TOML text → plain tables, with the place of every mistake in the writing."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from proctui.files.mistakes import ConfigError, shortened, visible
from proctui.files.textfile import position

_PLACE: Final = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_LONG_NUMBER: Final = re.compile(r"[0-9_]{1000,}")
_LONG_KEY: Final = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){100}""", re.ASCII
)
"""Keys of so many parts cost `tomllib` the square of their number: minutes for a file of 1 MiB."""
_OVERWRITES: Final = "Cannot overwrite a value"
_NOT_CLOSED: Final = "the string is not closed"
_CLEARER: Final = {
    "Expected '=' after a key in a key/value pair": (
        'expected "=" after a key, as in key = "value"'
    ),
    "Invalid value": (
        'expected a value (text needs quotes, as in "text"; true and false are written small)'
    ),
    "Unterminated string": _NOT_CLOSED,
    'Expected "\'"': _NOT_CLOSED,
    "Expected \"'''\"": _NOT_CLOSED,
    "Found invalid character '\\n'": _NOT_CLOSED,
    "Illegal character '\\n'": _NOT_CLOSED,
}


def parse(text: str, path: Path) -> dict[str, Any]:
    """The tables of a document.  Raises `ConfigError` with line and column (toml.io, v1.0)."""
    key = _LONG_KEY.search(text)
    if key is not None:
        raise ConfigError(path, position(text[: key.start()]), "has a key of too many parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _decode_error(error, text, path) from error
    except RecursionError:
        raise ConfigError(path, "", "nests arrays or tables too deep") from None
    except ValueError as error:
        # int() refuses numbers of very many digits before tomllib could say where they stand.
        number = _LONG_NUMBER.search(text)
        place = position(text[: number.start()]) if number else ""
        raise ConfigError(path, place, "has a number of too many digits") from error


def _decode_error(error: tomllib.TOMLDecodeError, text: str, path: Path) -> ConfigError:
    found = _PLACE.fullmatch(str(error))
    if found is None:
        return ConfigError(path, "", f"is no valid TOML: {shortened(str(error))}")
    said, line, column = found.groups()
    # Where the document is over too early, the last thing in it is what needs mending.
    place = f"line {line}, column {column}" if line else position(text.rstrip())
    if said == _OVERWRITES:
        return ConfigError(path, place, "sets a key that has a value already")
    if said.startswith("Cannot declare") and line:
        header = shortened(text.split("\n")[int(line) - 1].strip())
        return ConfigError(path, place, f"declares {header} a second time")
    clause = _CLEARER.get(said) or visible(said[:1].lower() + said[1:120])
    ends = "" if line else ", and the file ends there"
    return ConfigError(path, place, f"is no valid TOML: {clause}{ends}")
