"""Reading the small text files that people write, whatever the path may turn out to be."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from proctui.files.mistakes import ConfigError

LARGEST: Final = 1 << 20
"""Bytes; a larger file is no worker file."""
NUL_IN_PATH: Final = "has a path that must not contain a NUL character"
"""What the system calls' ValueError means."""


def read_text(path: Path) -> str:
    """The text of a regular file in UTF-8, without a byte order mark.

    Never blocks on a FIFO or a device and never reads more than `LARGEST` bytes.  Raises
    `ConfigError`, from `OSError` where the kernel refused.
    """
    try:
        data = _read_bytes(path)
    except ValueError:
        raise ConfigError(path, "", NUL_IN_PATH) from None
    except OSError as error:
        raise ConfigError(path, "", f"can't be read: {reason(error)}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()  # without the byte order mark
        bad = error.object[error.start]
        raise ConfigError(path, position(before), f"is not UTF-8: byte 0x{bad:02x}") from error


def _read_bytes(path: Path) -> bytes:
    # open(2): O_NONBLOCK keeps the open of a FIFO without a writer from waiting for one.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise ConfigError(path, "", "is a folder, expected a worker file")
        if not stat.S_ISREG(mode):
            raise ConfigError(path, "", "is not a regular file")
        with open(descriptor, "rb", closefd=False) as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(descriptor)
    if len(data) > LARGEST:
        raise ConfigError(path, "", f"is larger than the {LARGEST} bytes a worker file may have")
    return data


def reason(error: OSError) -> str:
    """What the system says, as the end of a sentence: ``permission denied``."""
    words = error.strerror or str(error) or type(error).__name__
    return words[0].lower() + words[1:]


def position(before: str) -> str:
    """Where the text goes on after `before`: ``line 3, column 7``, both counted from 1."""
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"
